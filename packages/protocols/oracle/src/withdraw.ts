import type { Context } from "@kernel/capability";
import type { z } from "zod";
import type { withdrawInput, withdrawOutput } from "./schemas.ts";

/** Takes free ledger balance out of the oracle, to the identity's own account. Base units in the output. */
export async function withdraw(
  context: Context,
  given: z.output<typeof withdrawInput>,
): Promise<z.input<typeof withdrawOutput>> {
  const who = context.identities.get(given.as);
  const oracle = context.contracts.get("Oracle");
  const [before] = (await context.chain.read(oracle, "account", [who.address])) as [bigint, bigint];
  const value = given.amount ?? before;
  const receipt = await context.chain.write(who.account, oracle, "withdraw", [value]);
  const [free, locked] = (await context.chain.read(oracle, "account", [who.address])) as [bigint, bigint];
  return { amount: value, free, locked, tx: receipt.transactionHash };
}
