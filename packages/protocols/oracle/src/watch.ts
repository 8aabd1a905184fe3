import { BaseError, UnavailableError } from "@base/errors";
import { type Context, NotYetError } from "@kernel/capability";
import { resultHash } from "@records/assets/execute.ts";
import type { Hex } from "viem";
import { challengeAnswer } from "./challenge.ts";
import { freeBond } from "./operators.ts";
import { type RequestState, requestState } from "./state.ts";
import { answerFrom, reexecute } from "./submit.ts";
import { courtFee, paysToChallenge, unfitTerms } from "./terms.ts";

/** Milliseconds between two looks at an answer that could not be checked or challenged: the shortest, the longest. */
const PAUSE = { least: 1_000, most: 60_000 };

/**
 * Job: re-executes what stands for answer and challenges it when the bytes differ. The outcome of every check is
 * kept, so that "nobody looked" and "somebody looked and agreed" can be told apart. Whatever is in the way (bytes that
 * are away, a court that is full, a bond that is out), the watcher comes back for as long as the window is open.
 */
export async function watch(context: Context, payload: { id: Hex }): Promise<void> {
  if (context.duties.watchers.length === 0) return;
  const state = await requestState(context, payload.id);
  const { timestamp: now } = await context.chain.head();
  if (state.status !== "answered" || !state.answer || now > state.answer.deadline) return;
  try {
    await check(context, state, state.answer, now);
  } catch (error) {
    const reason = error instanceof BaseError ? error.shortMessage : String(error);
    context.log.warn("an answer is not checked yet", { id: state.id, reason });
    // A development chain's clock can jump at any moment; elsewhere some twenty looks fit into what is left.
    const left = context.chain.dev ? 0 : Number(state.answer.deadline - now) * 50;
    const pause = Math.min(PAUSE.most, Math.max(PAUSE.least, left));
    throw new NotYetError(reason, context.clock() + pause, { cause: error });
  }
}

async function check(
  context: Context,
  state: RequestState,
  standing: NonNullable<RequestState["answer"]>,
  now: bigint,
): Promise<void> {
  const unfit = await unfitTerms(context, state);
  if (unfit) return context.log.warn("not watched: the policy is not one to stake under", { id: state.id, unfit });
  const names = context.duties.watchers;
  const result = await reexecute(context, state);
  const own = resultHash(result);
  const { request } = state;
  const theirs = resultHash({ modelId: request.modelId, inputHash: request.inputHash, ...standing.answer });
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
  const fee = await courtFee(context, state.policy.arbiter);
  if (!paysToChallenge(state, fee)) {
    return context.log.error("a wrong answer stands, and the court costs more than winning pays", { id: state.id });
  }
  const needed = BigInt(state.policy.threshold) * state.policy.bond + fee;
  for (const name of names) {
    const watcher = context.identities.get(name);
    if ((await freeBond(context, watcher.address)) < needed) continue;
    await challengeAnswer(context, state, answerFrom(result, state, now), watcher);
    context.log.info("challenged", { id: state.id, theirs, own, watcher: name });
    return;
  }
  context.log.error("a wrong answer stands and no watcher has the bond to challenge it", {
    id: state.id,
    needed: needed.toString(),
  });
  throw new UnavailableError(`No watcher has ${needed} free to challenge decision ${state.id}.`);
}
