import type { Context } from "@kernel/capability";
import type { z } from "zod";
import type { listInput, listOutput } from "./schemas.ts";
import { requestState } from "./state.ts";

/** The newest decisions, newest first. */
export async function list(context: Context, given: z.output<typeof listInput>): Promise<z.input<typeof listOutput>> {
  const rows = await context.db.kysely
    .selectFrom("ix_oracle_requests")
    .select("request_id")
    .orderBy("block", "desc")
    .orderBy("log_index", "desc")
    .limit(given.limit)
    .execute();
  const decisions = await Promise.all(
    rows.map(async (row) => {
      const state = await requestState(context, String(row["request_id"]));
      const answer = state.answer?.answer;
      return {
        id: state.id,
        status: state.status,
        model: state.request.modelId,
        requester: state.request.requester,
        askedAt: state.askedAt,
        output: answer?.output ?? null,
        value: answer ? Number(answer.output) / 1e18 : null,
        deadline: state.answer?.deadline ?? null,
        challenged: state.challenges.length > 0,
      };
    }),
  );
  return { decisions };
}
