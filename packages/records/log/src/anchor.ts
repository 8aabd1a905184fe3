import type { Context } from "@kernel/capability";
import { anchor as anchorHead, listAnchors } from "@machines/log/anchor.ts";
import { anchorScope } from "./chain.ts";
import { keeperOf } from "./keeper.ts";

/** Anchors the newest head of the log on chain: one transaction for any number of records. SPEC L6. */
export async function anchor(context: Context, { as }: { readonly as?: string | undefined }) {
  const keeper = keeperOf(context);
  const scope = anchorScope(context, as);
  await keeper.publish();
  const { size, root } = (await keeper.reader()).checkpoint;
  const before = (await listAnchors(scope, await scope.chain.head())).find((one) => one.size === size);
  const made = before?.root === root ? before : await anchorHead(scope, { size, root });
  await context.indexed(made.blockNumber);
  return {
    origin: keeper.log.origin,
    size,
    root,
    signer: scope.chain.signer,
    block: made.blockNumber,
    accumulator: made.accumulator,
    existing: before !== undefined,
  };
}
