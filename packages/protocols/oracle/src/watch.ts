import type { Context } from "@kernel/capability";
import { resultHash } from "@records/assets/execute.ts";
import type { Hex } from "viem";
import { challengeAnswer } from "./challenge.ts";
import { freeBond } from "./operators.ts";
import { requestState } from "./state.ts";
import { answerFrom, reexecute } from "./submit.ts";

/**
 * Job: re-executes what stands for answer and challenges it when the bytes differ. The outcome of every check is
 * kept, so that "nobody looked" and "somebody looked and agreed" can be told apart.
 */
export async function watch(context: Context, payload: { id: Hex }): Promise<void> {
  const names = context.duties.watchers;
  if (names.length === 0) return;
  const state = await requestState(context, payload.id);
  const head = await context.chain.head();
  if (state.status !== "answered" || !state.answer || head.timestamp > state.answer.deadline) return;
  const result = await reexecute(context, state);
  const own = resultHash(result);
  const { request } = state;
  const theirs = resultHash({ modelId: request.modelId, inputHash: request.inputHash, ...state.answer.answer });
  const agrees = own === theirs;
  await context.db.kysely
    .insertInto("oracle_checks")
    .values({
      request_id: state.id,
      answer: theirs,
      own,
      agrees: agrees ? 1 : 0,
      watcher: names[0] ?? "",
      checked_at: context.clock(),
    })
    .onConflict((c) => c.columns(["request_id", "answer"]).doNothing())
    .execute();
  if (agrees) return;
  const stake = BigInt(state.policy.threshold) * state.policy.bond;
  for (const name of names) {
    const watcher = context.identities.get(name);
    if ((await freeBond(context, watcher.address)) < stake) continue;
    await challengeAnswer(context, state, answerFrom(result, state, head.timestamp), watcher);
    context.log.info("challenged", { id: state.id, theirs, own, watcher: name });
    return;
  }
  context.log.error("a wrong answer stands and no watcher has the bond to challenge it", {
    id: state.id,
    needed: stake.toString(),
  });
}
