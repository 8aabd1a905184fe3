import { BaseError } from "@base/errors";
import { type Context, NotYetError } from "@kernel/capability";
import { listAnchors } from "@machines/log/anchor.ts";
import { anchor } from "./anchor.ts";
import { anchorScope } from "./chain.ts";

/** Milliseconds between looks at the log. */
const LOOK = 30_000;

/**
 * Anchors the log when it has grown and its time has come; a job that comes again for as long as the node runs.
 *
 * Always ends with NotYetError, which names when it is due again. SPEC L6.
 */
export async function tend(context: Context): Promise<void> {
  const every = context.records?.anchorEvery ?? 0;
  if (context.records && every > 0 && context.duties.keeper !== undefined) {
    try {
      const scope = anchorScope(context);
      const newest = (await listAnchors(scope, await scope.chain.head())).at(-1);
      const last = newest ? await timeOf(context, newest.blockNumber) : 0;
      const grown = context.records.log.size > (newest?.size ?? 0);
      if (grown && context.clock() - last >= every) await anchor(context, {});
    } catch (error) {
      const reason = error instanceof BaseError ? error.shortMessage : String(error);
      context.log.warn("the log could not be anchored", { reason });
    }
  }
  throw new NotYetError("The log is looked at again.", context.clock() + Math.min(LOOK, every || LOOK));
}

/** When this node saw a block, in milliseconds since 1970; a devnet's own clock may be months ahead. */
async function timeOf({ chain, clock }: Context, block: bigint): Promise<number> {
  const { timestamp } = await chain.client.getBlock({ blockNumber: block });
  return Math.min(Number(timestamp) * 1000, clock());
}
