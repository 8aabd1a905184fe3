import { InvalidInputError } from "@base/errors";
import type { Context, Identity } from "@kernel/capability";
import type { Receipt } from "@machines/chain";
import { resultHash } from "@records/assets/execute.ts";
import type { z } from "zod";
import type { challengeInput, challengeOutput } from "./schemas.ts";
import { type RequestState, requestState } from "./state.ts";
import { answerFrom, reexecute } from "./submit.ts";
import { courtFee, paysToChallenge } from "./terms.ts";
import type { Answer } from "./types.ts";

/**
 * Holds a claim against what stands for answer; the court's fee comes out of the challenger's ledger balance.
 *
 * @throws InvalidInputError where the fee is at least what a winner gets: a court could take all there is. Rule O13.
 */
export async function challengeAnswer(
  context: Pick<Context, "chain" | "contracts">,
  state: RequestState,
  claim: Answer,
  challenger: Identity,
): Promise<Receipt> {
  if (!state.answer) throw new InvalidInputError(`Decision ${state.id} has no answer to challenge.`);
  const fee = await courtFee(context, state.policy.arbiter);
  if (!paysToChallenge(state, fee)) {
    throw new InvalidInputError(
      `Challenging decision ${state.id} costs a court fee of ${fee}, more than winning pays.`,
    );
  }
  return context.chain.write(challenger.account, context.contracts.get("Oracle"), "challenge", [
    state.request,
    state.answer.answer,
    state.answer.signers,
    claim,
    fee,
  ]);
}

/** Re-executes a decision and, if its bytes differ, challenges it; an answer that is right is left alone. */
export async function challenge(
  context: Context,
  given: z.output<typeof challengeInput>,
): Promise<z.input<typeof challengeOutput>> {
  const state = await requestState(context, given.id);
  if (!state.answer)
    throw new InvalidInputError(`Decision ${state.id} has no answer to challenge: it is ${state.status}.`);
  const result = await reexecute(context, state);
  const own = resultHash(result);
  const { request } = state;
  const standing = resultHash({ modelId: request.modelId, inputHash: request.inputHash, ...state.answer.answer });
  if (own === standing) return { id: state.id, disputed: false, own, standing };
  const head = await context.chain.head();
  const by = context.identities.get(given.as ?? context.duties.watchers[0]);
  const receipt = await challengeAnswer(context, state, answerFrom(result, state, head.timestamp), by);
  await context.indexed(receipt.blockNumber);
  return { id: state.id, disputed: true, own, standing, tx: receipt.transactionHash, gas: receipt.gasUsed };
}
