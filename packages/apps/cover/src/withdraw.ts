import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { parseEventLogs } from "viem";
import type { z } from "zod";
import { coverPoolAbi } from "./abi.ts";
import { shut } from "./invest.ts";
import { poolOf } from "./read.ts";
import type { withdrawInput, withdrawOutput } from "./shapes.ts";

/**
 * Takes capital out of the pool: at most one's own, and at most what no policy holds. Throws InvalidInputError when the
 * pool is shut or less is free. SPEC C9, C10.
 */
export async function withdraw(
  context: Context,
  given: z.output<typeof withdrawInput>,
): Promise<z.output<typeof withdrawOutput>> {
  const investor = context.identities.get(given.as);
  const pool = await poolOf(context);
  const of = [investor.address];
  const [most, open] = (await Promise.all([
    context.chain.read(pool, "maxWithdraw", of),
    context.chain.read(pool, "maxDeposit", of),
  ])) as [bigint, bigint];
  if (open === 0n) throw shut();
  if (most === 0n || (given.amount ?? 0n) > most) {
    throw new InvalidInputError(`${investor.name} can withdraw ${most} units now`, {
      hints: ["Capital behind policies is locked until their season is decided."],
      data: { most: most.toString() },
    });
  }
  const receipt =
    given.amount === undefined
      ? await context.chain.write(investor.account, pool, "redeem", [
          await context.chain.read(pool, "maxRedeem", of),
          investor.address,
          investor.address,
        ])
      : await context.chain.write(investor.account, pool, "withdraw", [
          given.amount,
          investor.address,
          investor.address,
        ]);
  const [event] = parseEventLogs({ abi: coverPoolAbi, logs: receipt.logs, eventName: "Withdraw" });
  return {
    assets: event?.args.assets ?? given.amount ?? most,
    shares: event?.args.shares ?? 0n,
    holds: (await context.chain.read(pool, "balanceOf", of)) as bigint,
    tx: receipt.transactionHash,
    gasUsed: receipt.gasUsed,
  };
}
