import { canonicalJsonBytes } from "@base/bytes/canonicalJson.ts";
import { sha256Hex } from "@base/bytes/hash.ts";
import type { EventObserver, IndexedEvent, WrittenRow } from "@kernel/capability";
import { toWire } from "@kernel/capability/wire.ts";
import { bare, makeStatement, type Resource } from "@machines/statements";
import { canonicalJson } from "@base/bytes/canonicalJson.ts";
import { EVENT_TYPE } from "./kinds.ts";

/** The name of an event of a chain, once and for all: `<chain>/<transaction>/<place in its block>` without the chain. */
export const eventKey = ({ transactionHash, logIndex }: Pick<IndexedEvent, "transactionHash" | "logIndex">): string =>
  `${transactionHash.toLowerCase()}:${logIndex}`;

/**
 * Puts every event of every room down for the log: as a row that a fork takes back, and as a job for when its block is
 * settled. Anchors are left out, or each would ask for the next. SPEC L3.
 */
export const observe: EventObserver = (event, writer, rows) => {
  if (event.contract === "Anchor") return;
  writer.insert("ix_log_events", { key: eventKey(event), statement: canonicalJson(statementOf(event, rows)) });
  writer.onSettled("log.record", event.block.toString(), { block: event.block.toString() });
  writer.onSettled("log.tend", "tend", {});
};

/** What is logged about an event: itself, what it says, and the part of the lineage that its room made of it. */
function statementOf(event: IndexedEvent, rows: readonly WrittenRow[]) {
  const args = toWire(event.args);
  const facts = {
    name: `${event.contract}.${event.name}`,
    address: event.address.toLowerCase(),
    block: event.block.toString(),
    blockHash: event.blockHash.toLowerCase(),
    transaction: event.transactionHash.toLowerCase(),
    logIndex: event.logIndex,
    time: new Date(Number(event.timestamp) * 1000).toISOString(),
  };
  const itself: Resource = {
    name: `event:${eventKey(event)}`,
    digest: { sha256: bare(sha256Hex(canonicalJsonBytes({ ...facts, args }))) },
  };
  const nodes = rows.flatMap(({ table, row }): Resource[] => {
    if (table !== "ix_nodes") return [];
    const hash =
      row["statement"] ?? (row["facts"] ? sha256Hex(canonicalJsonBytes(JSON.parse(String(row["facts"])))) : undefined);
    return hash ? [{ name: `${row["kind"]}:${row["id"]}`, digest: { sha256: bare(String(hash)) } }] : [];
  });
  const lineage = rows.flatMap(({ table, row }) =>
    table === "ix_edges"
      ? [{ from: `${row["from_kind"]}:${row["from_id"]}`, role: row["role"], to: `${row["to_kind"]}:${row["to_id"]}` }]
      : [],
  );
  return makeStatement([itself, ...nodes], EVENT_TYPE, { event: facts, args, ...(lineage.length ? { lineage } : {}) });
}
