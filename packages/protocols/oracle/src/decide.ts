import { InvalidInputError, UnavailableError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { execute, readModel, readTable, resultHash } from "@records/assets/execute.ts";
import { type Input, putInput, type Selection } from "@records/assets/input.ts";
import type { z } from "zod";
import { request } from "./request.ts";
import type { decideInput, decideOutput } from "./schemas.ts";
import { readWhy } from "./show.ts";
import { type RequestState, requestState } from "./state.ts";

/** Asks a model about rows of a published table and waits for the final, explained answer. */
export async function decide(
  context: Context,
  given: z.output<typeof decideInput>,
): Promise<z.input<typeof decideOutput>> {
  const model = await readModel(context, given.model);
  const data = given.data ?? BigInt(model.statement.parents[0]?.asset ?? 0);
  const { root, statementHash } = await readTable(context, data);
  const committed: Input = {
    type: "assay/input/1",
    data: { asset: data.toString(), root, statement: statementHash },
    select: selection(given),
  };
  const hash = await putInput(context, committed);
  // Nobody could answer a question that does not fit the model: find out before a fee is paid.
  await execute(context, given.model, hash);
  context.progress({ label: "asking" });
  const asked = await request(context, {
    model: given.model,
    input: hash,
    fee: given.fee,
    value: 0n,
    expiresIn: 86_400,
    as: given.as,
    policy: given.policy,
  });
  return follow(context, asked.id as `0x${string}`, given.wait);
}

/** Waits until a decision is final or `seconds` have passed, and tells what is known of it. */
export async function follow(
  context: Context,
  id: `0x${string}`,
  seconds: number,
): Promise<z.input<typeof decideOutput>> {
  const until = context.clock() + seconds * 1000;
  for (;;) {
    const state = await requestState(context, id);
    if (state.status === "void")
      throw new UnavailableError(`Decision ${id} is void: nobody answered in time; the fee went back.`);
    const final = state.status === "final" || state.status === "undelivered";
    if (final || context.clock() >= until) {
      const why = state.answer && (await readWhy(context, state.answer.answer.whyHash));
      return {
        id,
        status: state.status,
        final,
        ...(state.answer && {
          output: state.answer.answer.output,
          value: Number(state.answer.answer.output) / 1e18,
          confidenceBps: state.answer.answer.confidenceBps,
          signers: [...state.answer.signers],
        }),
        ...(why && { base: why.base, reasons: [...why.contributions] }),
      };
    }
    context.progress({
      label: state.status === "open" ? "waiting for the operators" : `${state.status}: waiting out the window`,
    });
    if (state.status === "answered" && state.answer && context.chain.dev) {
      const { timestamp } = await context.chain.head();
      const left = Number(state.answer.deadline - timestamp);
      if (left >= 0 && (await agreed(context, state))) await context.chain.dev.advance(left + 1);
    }
    context.signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

/** Whether a watcher of this node has re-executed what stands and agreed: a devnet's clock must not outrun it. */
async function agreed(context: Context, state: RequestState): Promise<boolean> {
  if (context.duties.watchers.length === 0) return true;
  if (!state.answer) return false;
  const { modelId, inputHash } = state.request;
  const row = await context.db.kysely
    .selectFrom("oracle_checks")
    .select("agrees")
    .where("request_id", "=", state.id)
    .where("answer", "=", resultHash({ modelId, inputHash, ...state.answer.answer }))
    .executeTakeFirst();
  return Number(row?.["agrees"]) === 1;
}

function selection(given: z.output<typeof decideInput>): Selection {
  if (given.from !== undefined && given.to !== undefined) return { by: given.column, from: given.from, to: given.to };
  if (given.row !== undefined) return { first: given.row, count: 1 };
  throw new InvalidInputError("Say which rows to decide on.", {
    hints: ["For a model of time windows: --from 2015-04-01 --to 2015-06-29. For a model of single rows: --row 0."],
  });
}
