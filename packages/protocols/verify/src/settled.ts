import { type Context, NotYetError } from "@kernel/capability";
import type { Hex } from "viem";

/** Milliseconds between two looks at something that is not ready. */
export const PAUSE = 1_000;

/** A block of a public chain, in milliseconds: nothing settles sooner. */
const BLOCK = 12_000;

/** Has the job come again in a moment. */
export function again(context: Pick<Context, "chain" | "clock">, why: string, cause?: unknown): NotYetError {
  return new NotYetError(why, context.clock() + (context.chain.dev ? PAUSE : BLOCK), { cause });
}

/**
 * Returns when a block can vanish no more, else has the job come again: what a player did counts only then, and is done again
 * when it vanished. Rule D25.
 */
export async function untilSettled(context: Pick<Context, "chain" | "clock">, block: bigint): Promise<void> {
  if (block > (await context.chain.settled())) throw again(context, `Block ${block} is not settled yet.`);
}

/** Has the job come again while a transaction of the account is on its way: it may be the very one that was to be sent. Rule D25. */
export async function nothingOnItsWay(context: Pick<Context, "chain" | "clock">, address: Hex): Promise<void> {
  const { client } = context.chain;
  const [sent, mined] = await Promise.all([
    client.getTransactionCount({ address, blockTag: "pending" }),
    client.getTransactionCount({ address, blockTag: "latest" }),
  ]);
  if (sent > mined) throw again(context, `Transactions of ${address} are on their way.`);
}
