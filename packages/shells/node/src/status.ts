import type { Context } from "@kernel/capability";
import { erc20Abi, type Hex } from "viem";
import type { z } from "zod";
import { sentTransactions } from "./ledger.ts";
import { Story } from "./loop/story.ts";

/** Contracts a node may know of; those that are not deployed are left out. */
const names = [
  "Currency",
  "Assets",
  "Panel",
  "Oracle",
  "CoverRules",
  "Cover",
  "CoverPool",
  "Anchor",
  "Disputes",
  "Court",
  "AnswerCourt",
];

/** What a node tells about itself: balances are base units of ether and of the currency. */
export async function status(context: Context) {
  const { chain, contracts, duties } = context;
  const head = await chain.head();
  const deployed = names.flatMap((name) => {
    try {
      const { address, block } = contracts.get(name);
      return [{ name, address, block }];
    } catch {
      return [];
    }
  });
  const token = { address: (await chain.read(contracts.get("Assets"), "token")) as Hex, abi: erc20Abi };
  const identities = await Promise.all(
    context.identities.list().map(async ({ name, address }) => ({
      name,
      address,
      wei: await chain.client.getBalance({ address }),
      currency: (await chain.read(token, "balanceOf", [address])) as bigint,
    })),
  );
  const rows = await context.db.kysely
    .selectFrom("jobs")
    .select((e) => ["state", e.fn.countAll().as("count")])
    .groupBy("state")
    .execute();
  return {
    chain: {
      kind: chain.kind,
      id: chain.chainId,
      url: chain.url ?? null,
      head: head.number,
      settled: await chain.settled(),
      timestamp: head.timestamp,
    },
    contracts: deployed,
    identities,
    duties: {
      operators: [...duties.operators],
      watchers: [...duties.watchers],
      panelists: [...duties.panelists],
      keeper: duties.keeper ?? null,
      peers: [...duties.peers],
    },
    database: context.db.kind,
    jobs: Object.fromEntries(rows.map((row) => [String(row["state"]), Number(row["count"])])),
  };
}

/** The steps of the loop that this node has run, in order. */
export async function story(context: Context) {
  const steps = await Story.read(context.db);
  return { steps: steps.map((step) => ({ ...step, result: step.result as z.core.util.JSONType })) };
}

/** The newest transactions this node has sent. */
export async function transactions(context: Context, given: { limit: number }) {
  const rows = await sentTransactions(context.db, given.limit);
  return {
    transactions: rows.map(({ sent_at, ...row }) => ({
      ...row,
      sender: row.sender as Hex,
      tx: row.tx as Hex,
      sentAt: sent_at,
    })),
  };
}
