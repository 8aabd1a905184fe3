import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { sql } from "kysely";
import type { z } from "zod";
import { poolOf } from "./read.ts";
import type { listInput, listOutput } from "./shapes.ts";
import { policyLine, policyStates, riskLine, riskStates } from "./state.ts";

/** Risks that one list shows besides its policies, newest first. */
const RISKS = 100;

/** Policies, newest first and a page at a time, with the newest risks and the pool. Throws InvalidInputError for a cursor that is none. */
export async function list(context: Context, given: z.output<typeof listInput>): Promise<z.output<typeof listOutput>> {
  const db = context.db.kysely;
  const before = parseCursor(given.cursor);
  const holder = sql<string>`(select o.owner from ix_cover_owners o where o.policy_id = p.policy_id order by o.block desc, o.log_index desc limit 1)`;
  const { rows } = await sql<Record<string, string>>`
    select p.* from ix_cover_policies p
    where ${before === undefined ? sql`1 = 1` : sql`(p.block < ${before[0]} or (p.block = ${before[0]} and p.log_index < ${before[1]}))`}
      ${given.holder === undefined ? sql`` : sql`and ${holder} = ${given.holder.toLowerCase()}`}
      ${given.risk === undefined ? sql`` : sql`and p.risk_id = ${given.risk.toString()}`}
    order by p.block desc, p.log_index desc limit ${given.limit + 1}`.execute(db);
  const page = rows.slice(0, given.limit);
  const last = page.at(-1);
  const risks = await db
    .selectFrom("ix_cover_risks")
    .select("risk_id")
    .orderBy("block", "desc")
    .orderBy("log_index", "desc")
    .limit(RISKS)
    .execute();
  return {
    policies: (await policyStates(context, page)).map(policyLine),
    risks: (
      await riskStates(
        context,
        risks.map((row) => String(row["risk_id"])),
      )
    ).map(riskLine),
    pool: await poolState(context),
    next: rows.length > given.limit && last ? `${last["block"]}-${last["log_index"]}` : null,
  };
}

/** The pool as the chain has it now, and all that ever went through it. */
async function poolState(context: Context) {
  const db = context.db.kysely;
  const pool = await poolOf(context);
  const read = async (name: string) => (await context.chain.read(pool, name)) as bigint;
  const [assets, locked, free, shares, unearned, claims] = await Promise.all([
    read("totalAssets"),
    read("lockedCapital"),
    read("freeCapital"),
    read("totalSupply"),
    read("unearnedPremium"),
    read("claims"),
  ]);
  const premiums = await db.selectFrom("ix_cover_policies").select("premium").execute();
  const payouts = await db.selectFrom("ix_cover_payouts").select("amount").where("kind", "=", "paid").execute();
  const total = (values: readonly unknown[]) => values.reduce<bigint>((sum, value) => sum + BigInt(String(value)), 0n);
  return {
    address: pool.address,
    assets,
    locked,
    free,
    shares,
    unearned,
    claims,
    premiums: total(premiums.map((row) => row["premium"])),
    payouts: total(payouts.map((row) => row["amount"])),
  };
}

function parseCursor(cursor: string | undefined): [number, number] | undefined {
  if (cursor === undefined) return undefined;
  const parts = /^(\d{1,15})-(\d{1,9})$/.exec(cursor);
  if (!parts) throw new InvalidInputError("cursor: use the `next` of the page before", { data: { field: "cursor" } });
  return [Number(parts[1]), Number(parts[2])];
}
