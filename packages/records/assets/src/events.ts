import type { EventHandler, IndexedEvent } from "@kernel/capability";
import { addEdge, addNode } from "./lineage.ts";

/** Names of IAssets.Kind by number. */
export const kinds = ["none", "data", "derived", "model", "service"] as const;
/** Names of IAssets.State by number. */
export const states = ["active", "closed", "retired"] as const;

/** What the job that follows a publication gets: where the event stands and what it names. */
export interface PublishedPayload {
  readonly id: string;
  readonly kind: string;
  readonly statement: string;
  readonly publisher: string;
  readonly uri: string;
  readonly block: string;
  readonly logIndex: number;
  readonly tx: string;
}

/** The payload of the job `assets.describe` from a Published event. */
export function publishedPayload(event: IndexedEvent): PublishedPayload {
  return {
    id: text(event, "id"),
    kind: named(kinds, event, "kind"),
    statement: text(event, "statement").toLowerCase(),
    publisher: text(event, "publisher").toLowerCase(),
    uri: text(event, "uri"),
    block: event.block.toString(),
    logIndex: event.logIndex,
    tx: event.transactionHash,
  };
}

/** Contract events to index rows, by event name. */
export const events: Readonly<Record<string, EventHandler>> = {
  "Assets.Published"(event, writer) {
    const payload = publishedPayload(event);
    const parents = (event.args["parents"] as readonly bigint[]).map(String);
    writer.insert("ix_assets", {
      id: payload.id,
      kind: payload.kind,
      publisher: payload.publisher,
      root: text(event, "root").toLowerCase(),
      statement: payload.statement,
      price: text(event, "price"),
      royalty_bps: Number(event.args["royaltyBps"]),
      parents: JSON.stringify(parents),
      uri: payload.uri,
      at: event.timestamp,
    });
    const asset = { kind: "asset", id: payload.id };
    addNode(writer, asset, { statement: payload.statement });
    for (const parent of parents)
      addEdge(writer, asset, payload.kind === "model" ? "learnt from" : "made from", { kind: "asset", id: parent });
    writer.onSettled("assets.describe", payload.id, payload);
  },
  "Assets.Transfer"(event, writer) {
    writer.insert("ix_asset_owners", { id: text(event, "tokenId"), owner: text(event, "to").toLowerCase() });
  },
  "Assets.Repriced"(event, writer) {
    writer.insert("ix_asset_prices", { id: text(event, "id"), price: text(event, "price") });
  },
  "Assets.StateChanged"(event, writer) {
    writer.insert("ix_asset_states", { id: text(event, "id"), state: named(states, event, "state") });
  },
  "Assets.Bought"(event, writer) {
    writer.insert("ix_asset_sales", {
      id: text(event, "id"),
      buyer: text(event, "buyer").toLowerCase(),
      recipient: text(event, "to").toLowerCase(),
      price: text(event, "price"),
      at: event.timestamp,
    });
  },
  "Assets.Credited"(event, writer) {
    writer.insert("ix_asset_credits", {
      id: text(event, "id"),
      payee: text(event, "payee"),
      owner: text(event, "owner").toLowerCase(),
      amount: text(event, "amount"),
    });
  },
  "Assets.Withdrawn"(event, writer) {
    writer.insert("ix_asset_withdrawals", { owner: text(event, "owner").toLowerCase(), amount: text(event, "amount") });
  },
};

function text(event: IndexedEvent, field: string): string {
  return String(event.args[field]);
}

function named(names: readonly string[], event: IndexedEvent, field: string): string {
  return names[Number(event.args[field])] ?? `unknown-${String(event.args[field])}`;
}
