import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { parseEventLogs } from "viem";
import type { z } from "zod";
import { coverPoolAbi } from "./abi.ts";
import { allowPool } from "./pay.ts";
import { poolOf } from "./read.ts";
import type { investInput, investOutput } from "./shapes.ts";

/**
 * Puts capital behind the product's policies for pool shares (ERC-4626). Throws InvalidInputError when the money does not
 * reach or the pool is shut because a decision is awaited. SPEC C8, C9.
 */
export async function invest(
  context: Context,
  given: z.output<typeof investInput>,
): Promise<z.output<typeof investOutput>> {
  const investor = context.identities.get(given.as);
  const pool = await poolOf(context);
  if (((await context.chain.read(pool, "maxDeposit", [investor.address])) as bigint) === 0n) throw shut();
  await allowPool(context, investor, given.amount);
  const receipt = await context.chain.write(investor.account, pool, "deposit", [given.amount, investor.address]);
  const [event] = parseEventLogs({ abi: coverPoolAbi, logs: receipt.logs, eventName: "Deposit" });
  return {
    assets: event?.args.assets ?? given.amount,
    shares: event?.args.shares ?? 0n,
    holds: (await context.chain.read(pool, "balanceOf", [investor.address])) as bigint,
    tx: receipt.transactionHash,
    gasUsed: receipt.gasUsed,
  };
}

/** Nobody enters or leaves while a season that is over has no decision yet: the price of a share is not known. */
export function shut(): InvalidInputError {
  return new InvalidInputError("the pool is shut: a season is over and its decision is awaited", {
    hints: ["Try again once it is decided; `assay cover list` shows which risk it is."],
  });
}
