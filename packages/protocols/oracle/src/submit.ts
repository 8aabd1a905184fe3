import { BaseError } from "@base/errors";
import type { Context, Identity } from "@kernel/capability";
import type { Receipt } from "@machines/chain";
import { execute, type Result } from "@records/assets/execute.ts";
import { concat, type Hex } from "viem";
import { signEnvelope } from "./envelope.ts";
import { same } from "./operators.ts";
import type { RequestState } from "./state.ts";
import type { Answer } from "./types.ts";

/** Not enough operators agreed and signed: tried again later. */
export class TooFewSignaturesError extends BaseError {
  override name = "TooFewSignaturesError";
}

/** How long an answer is meant to be acted upon, in seconds, beyond the end of its window. */
export const VALIDITY = 30n * 86_400n;

/** Re-executes a request's model on its input. Reasons and evidence are kept where anyone can fetch them by hash. */
export async function reexecute(
  context: Pick<Context, "store" | "chain" | "contracts">,
  state: Pick<RequestState, "request">,
): Promise<Result> {
  const result = await execute(context, state.request.modelId, state.request.inputHash);
  await context.store.putJson(result.why);
  await context.store.putJson(result.evidence);
  return result;
}

/** The answer that follows from a result: `now` is the newest block's time, in Unix seconds. */
export function answerFrom(result: Result, state: Pick<RequestState, "policy">, now: bigint): Answer {
  return {
    output: result.output,
    confidenceBps: result.confidenceBps,
    whyHash: result.whyHash,
    evidenceRoot: result.evidenceRoot,
    producedAt: now,
    validUntil: now + BigInt(state.policy.window) + VALIDITY,
  };
}

/**
 * Sends an answer with the signatures its policy asks for: the sender is one signer, further ones are taken from
 * `others` (own identities) and `gathered` (of other nodes), in ascending order of address.
 *
 * @throws TooFewSignaturesError (retryable) when they do not reach the threshold; ContractRevertError.
 */
export async function submitAnswer(
  context: Pick<Context, "chain" | "contracts">,
  state: RequestState,
  answer: Answer,
  sender: Identity,
  others: readonly Identity[] = [],
  gathered: readonly { signer: Hex; signature: Hex }[] = [],
): Promise<Receipt> {
  const needed = state.policy.threshold - 1;
  const asked = { requestId: state.id, modelId: state.request.modelId, inputHash: state.request.inputHash };
  const signatures = new Map<string, { signer: Hex; signature: Hex }>();
  for (const found of gathered) {
    if (signatures.size < needed && !same(found.signer, sender.address))
      signatures.set(found.signer.toLowerCase(), found);
  }
  for (const identity of others) {
    const key = identity.address.toLowerCase();
    if (signatures.size >= needed || signatures.has(key) || same(identity.address, sender.address)) continue;
    signatures.set(key, { signer: identity.address, signature: await signEnvelope(context, identity, asked, answer) });
  }
  if (signatures.size < needed) {
    throw new TooFewSignaturesError(
      `Decision ${state.id} needs ${needed + 1} signers; ${signatures.size + 1} agreed so far.`,
      {
        kind: "retryable",
        hints: ["Are the other operators running, bonded, and listed as peers?"],
      },
    );
  }
  const ascending = [...signatures].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, found]) => found.signature);
  return context.chain.write(sender.account, context.contracts.get("Oracle"), "submit", [
    state.request,
    answer,
    ascending.length === 0 ? "0x" : concat(ascending),
  ]);
}
