import { BaseError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { readModel, readTable } from "@records/assets/execute.ts";
import { tensorRoot } from "@machines/engine/commit/roots.ts";
import type { Hash } from "@machines/store";
import { z } from "zod";
import { givenOf, modelAnswerOf } from "./answerRun.ts";
import { rowOf } from "./answerInput.ts";
import { Replay, type Run } from "./replay.ts";

const hash = z.string().regex(/^0x[0-9a-f]{64}$/) as unknown as z.ZodType<Hash>;
const id = z.string().regex(/^\d{1,78}$/);

/** What a manifest says that its job is, in terms of assets: a label, which the chain does not know. */
export const aboutSchema = z.object({
  kind: z.literal("answer"),
  model: id,
  root: hash,
  output: z.string().max(1_000).optional(),
  rows: z.object({ data: id, root: hash, row: z.int().nonnegative() }).optional(),
});
export type About = z.output<typeof aboutSchema>;

/** A label in words. */
export function spokenAbout({ model, output, rows }: About): string {
  const which = output === undefined ? "" : ` ("${output}")`;
  return `answer of model ${model}${which}${rows === undefined ? "" : ` for row ${rows.row} of asset ${rows.data}`}`;
}

/**
 * Whether the assets that a label names give this very job; undefined while that cannot be known. A label that does not
 * hold makes no claim wrong: who relies on one derives the job as this does. Rule D24.
 */
export async function aboutHolds(
  context: Pick<Context, "store" | "chain" | "contracts">,
  about: About,
  run: Run,
  job: Hash,
): Promise<boolean | undefined> {
  try {
    const model = await readModel(context, BigInt(about.model));
    if (model.root !== about.root) return false;
    if (new Replay(modelAnswerOf(model, givenOf(run), about.output)).jobHash !== job) return false;
    if (about.rows === undefined) return true;
    const data = await readTable(context, BigInt(about.rows.data));
    if (data.root !== about.rows.root) return false;
    const given = rowOf(model, data.table, about.rows.row);
    return (
      given.length === run.data.length &&
      givenOf(run).every(({ name, values }) => {
        const one = given.find((input) => input.name === name);
        return one !== undefined && tensorRoot(one.values) === tensorRoot(values);
      })
    );
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    return error.kind === "user" && error.name !== "NotFoundError" ? false : undefined;
  }
}
