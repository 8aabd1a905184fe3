import type { Context } from "@kernel/capability";
import type { z } from "zod";
import { poolOf } from "./read.ts";
import type { collectInput, collectOutput } from "./shapes.ts";

/** Fetches payouts that the currency refused to deliver; nothing is sent when nothing is owed. SPEC C11. */
export async function collect(
  context: Context,
  given: z.output<typeof collectInput>,
): Promise<z.output<typeof collectOutput>> {
  const who = context.identities.get(given.as);
  const pool = await poolOf(context);
  const amount = (await context.chain.read(pool, "owed", [who.address])) as bigint;
  if (amount === 0n) return { amount, tx: null };
  const receipt = await context.chain.write(who.account, pool, "withdrawOwed", [given.to ?? who.address]);
  return { amount, tx: receipt.transactionHash };
}
