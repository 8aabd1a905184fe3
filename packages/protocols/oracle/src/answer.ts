import type { Context } from "@kernel/capability";
import { resultHash } from "@records/assets/execute.ts";
import type { Hex } from "viem";
import { gather } from "./attest.ts";
import { ableOperators, placeOf } from "./operators.ts";
import { requestState } from "./state.ts";
import { answerFrom, reexecute, submitAnswer } from "./submit.ts";

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
  const listed = state.policy.operators.length > 0 ? state.policy.operators : able.map((i) => i.address);
  const inTurn = [...able].sort((a, b) => placeOf(state.id, listed, a.address) - placeOf(state.id, listed, b.address));
  const [sender, ...others] = inTurn;
  if (!sender) return;
  const place = placeOf(state.id, listed, sender.address);
  if (place > 0 && !payload.turn) {
    await context.enqueue(
      "oracle.answer",
      `${state.id}:turn:${place}`,
      { id: state.id, turn: true },
      context.clock() + place * TURN,
    );
    return;
  }
  const result = await reexecute(context, state);
  const given = answerFrom(result, state, head.timestamp);
  const missing = state.policy.threshold - able.length;
  const gathered = missing > 0 ? await gather(context, state, given, resultHash(result)) : [];
  await submitAnswer(context, state, given, sender, others, gathered);
  context.log.info("answered", { id: state.id, output: given.output.toString(), sender: sender.name });
}
