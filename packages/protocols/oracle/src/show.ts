import { NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { Hash } from "@machines/store";
import type { Why } from "@records/assets/execute.ts";
import { getInput } from "@records/assets/input.ts";
import type { z } from "zod";
import type { showInput, showOutput } from "./schemas.ts";
import { requestState } from "./state.ts";
import type { answerSchema } from "./types.ts";

/** Everything known of one decision: who asked what, the answer with its reasons, disputes, and who was paid. */
export async function show(context: Context, given: z.output<typeof showInput>): Promise<z.input<typeof showOutput>> {
  const state = await requestState(context, given.id);
  const explain = async (answer: z.output<typeof answerSchema>) => ({
    ...answer,
    value: Number(answer.output) / 1e18,
    why: reasons(await readWhy(context, answer.whyHash)),
  });
  const checks = await context.db.kysely
    .selectFrom("oracle_checks")
    .selectAll()
    .where("request_id", "=", given.id)
    .execute();
  const resolved = state.challenges.flatMap((c) => (c.resolution ? [c.resolution.tx] : []));
  const slashes = resolved.length
    ? await context.db.kysely.selectFrom("ix_oracle_slashes").selectAll().where("tx", "in", resolved).execute()
    : [];
  return {
    id: state.id,
    status: state.status,
    request: state.request,
    policy: state.policy,
    askedAt: state.askedAt,
    askedTx: state.askedTx,
    now: (await context.chain.head()).timestamp,
    input: await getInput(context, state.request.inputHash as Hash).catch(absent),
    answer: state.answer
      ? {
          ...(await explain(state.answer.answer)),
          signers: [...state.answer.signers],
          deadline: state.answer.deadline,
          tx: state.answer.tx,
        }
      : null,
    answers: await Promise.all(
      state.answers.map(async ({ answer, signers, ...rest }) => ({
        ...(await explain(answer)),
        ...rest,
        signers: [...signers],
      })),
    ),
    challenges: await Promise.all(
      state.challenges.map(async ({ resolution, claim, ...rest }) => ({
        ...rest,
        claim: await explain(claim),
        ruling: resolution?.ruling ?? null,
        resolvedTx: resolution?.tx ?? null,
      })),
    ),
    checks: checks.map((row) => ({
      watcher: String(row["watcher"]),
      answer: String(row["answer"]),
      own: String(row["own"]),
      agrees: Number(row["agrees"]) === 1,
      at: Number(row["checked_at"]),
    })),
    final: state.final ?? null,
    royalties: [...state.royalties],
    slashes: slashes.map((row) => ({
      account: String(row["account"]),
      amount: String(row["amount"]),
      burned: String(row["burned"]),
      tx: String(row["tx"]),
    })),
  };
}

function reasons(why: Why | null) {
  return why && { base: why.base, contributions: [...why.contributions] };
}

/** The reasons behind an answer, or null where this node has no copy. */
export async function readWhy(context: Pick<Context, "store">, hashOfWhy: string): Promise<Why | null> {
  return (await context.store.getJson(hashOfWhy as Hash).catch(absent)) as Why | null;
}

/** Null for what is not there; other errors go on. */
function absent(error: unknown): null {
  if (error instanceof NotFoundError) return null;
  throw error;
}
