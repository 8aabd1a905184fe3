import { BaseError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { formatVerifier } from "@machines/log";
import { listAnchors } from "@machines/log/anchor.ts";
import { anchorScope } from "./chain.ts";
import { keeperOf } from "./keeper.ts";

/** Anchors shown, the newest ones. */
const SHOWN = 20;

/** The newest head of the log: size, root, signed note, keys, what witnesses said, anchors on chain. */
export async function head(context: Context) {
  const keeper = keeperOf(context);
  await keeper.publish();
  const reader = await keeper.reader();
  const { origin, size, root, note } = reader.checkpoint;
  const { cosigned = [], refused = [] } = keeper.newest ?? {};
  return {
    origin,
    size,
    root,
    note,
    keys: keeper.trust.keys.map(formatVerifier),
    witnesses: keeper.witnesses.map(({ name }) => {
      const failure = refused.find((one) => one.name === name)?.error;
      return {
        name,
        signed: cosigned.includes(name),
        problem: failure === undefined ? null : failure instanceof BaseError ? failure.shortMessage : String(failure),
      };
    }),
    witness: keeper.witness ? formatVerifier(keeper.witness.verifier) : null,
    anchors: await anchors(context),
  };
}

async function anchors(context: Context) {
  try {
    const scope = anchorScope(context);
    const [all, settled] = [await listAnchors(scope, await scope.chain.head()), await scope.chain.settled()];
    return {
      contract: context.contracts.get("Anchor").address,
      signer: scope.chain.signer,
      chainId: context.chain.chainId,
      count: all.length,
      newest: all
        .slice(-SHOWN)
        .reverse()
        .map(({ size, root, accumulator, blockNumber }) => ({
          size,
          root,
          accumulator,
          block: blockNumber,
          settled: blockNumber <= settled,
        })),
    };
  } catch (error) {
    if (error instanceof BaseError && error.kind === "user") return null;
    throw error;
  }
}
