import { BaseError, UnavailableError } from "@base/errors";
import type { Context, Identity } from "@kernel/capability";
import { resultHash } from "@records/assets/execute.ts";
import type { Hex } from "viem";
import { gather } from "./attest.ts";
import { ableOperators, placeOf } from "./operators.ts";
import { type RequestState, requestState } from "./state.ts";
import { answerFrom, reexecute, submitAnswer } from "./submit.ts";
import { unfitTerms } from "./terms.ts";

/** Milliseconds an operator leaves to each one before it in the order of turns. */
const TURN = 4_000;

/**
 * Job: this node's operators answer an open request. The first in turn answers at once; the others step in later,
 * should it stay silent.
 */
export async function answer(context: Context, payload: { id: Hex; turn?: boolean }): Promise<void> {
  const state = await requestState(context, payload.id);
  const head = await context.chain.head();
  if (state.status !== "open" || head.timestamp > state.request.expiry) return;
  const able = await ableOperators(context, context.duties.operators, state.policy);
  if (able.length === 0) return;
  const unfit = await unfitTerms(context, state);
  if (unfit) return context.log.warn("not answered: the policy is not one to stake under", { id: state.id, unfit });
  const listed = state.policy.operators.length > 0 ? state.policy.operators : able.map((i) => i.address);
  const inTurn = [...able].sort((a, b) => placeOf(state.id, listed, a.address) - placeOf(state.id, listed, b.address));
  const [sender, ...others] = inTurn;
  if (!sender) return;
  const place = placeOf(state.id, listed, sender.address);
  if (place > 0 && !payload.turn) {
    await context.enqueue(
      "oracle.answer",
      // A request that was opened again has its turns again.
      `${state.id}:turn:${place}:${state.challenges.length}`,
      { id: state.id, turn: true },
      context.clock() + place * TURN,
    );
    return;
  }
  try {
    await give(context, state, [sender, ...others], head.timestamp);
  } catch (error) {
    // Bytes may come, a bond may be free again, another may have answered: a request waits until its expiry.
    if (!(error instanceof BaseError) || error.kind !== "user") throw error;
    throw new UnavailableError(error.shortMessage, { cause: error });
  }
}

async function give(
  context: Context,
  state: RequestState,
  [sender, ...others]: readonly [Identity, ...Identity[]],
  now: bigint,
): Promise<void> {
  const result = await reexecute(context, state);
  const given = answerFrom(result, state, now);
  const missing = state.policy.threshold - 1 - others.length;
  const gathered = missing > 0 ? await gather(context, state, given, resultHash(result)) : [];
  await submitAnswer(context, state, given, sender, others, gathered);
  context.log.info("answered", { id: state.id, output: given.output.toString(), sender: sender.name });
}
