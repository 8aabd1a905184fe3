import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { readModel, readTable } from "@records/assets/execute.ts";
import { tableFor } from "@records/assets/rowSource.ts";
import type { z } from "zod";
import { type About, spokenAbout } from "./about.ts";
import { numbersOf, rowOf } from "./answerInput.ts";
import { type Given, modelAnswerOf } from "./answerRun.ts";
import { noteCheck, post } from "./claims.ts";
import { putRun } from "./manifest.ts";
import { Replay } from "./replay.ts";
import type { answerInput, answerOutput } from "./schemas.ts";

type Asked = z.output<typeof answerInput>;
type Model = Awaited<ReturnType<typeof readModel>>;

/** Numbers of an answer that are told. */
const TOLD = 1_000;

/** Stands with a bond for "this model gives this answer on this input". Rule D23. */
export async function answer(context: Context, asked: Asked): Promise<z.input<typeof answerOutput>> {
  const who = context.identities.get(asked.as);
  const model = await readModel(context, asked.model);
  const { given, about } = await inputOf(context, model, asked);
  context.progress({ label: "running the model" });
  const run = modelAnswerOf(model, given, about.output);
  const replay = new Replay(run);
  const own = replay.result;
  const manifest = await putRun(context.store, run, about);
  const result = asked.result ?? own;
  const posted = await post(context, who, { stand: asked.stand, job: replay.jobHash, result, manifest });
  await noteCheck(context, posted, { own, agrees: own === result, about, aboutHolds: true });
  const values = replay.valuesOf(1)[replay.outputIndex()] as Float32Array;
  return {
    ...posted,
    job: replay.jobHash,
    result,
    manifest,
    about: spokenAbout(about),
    answer: Array.from(values.subarray(0, TOLD), (value) => (Number.isFinite(value) ? value : null)),
  };
}

/** What the model is given: a row of a table, or numbers. */
async function inputOf(
  context: Context,
  model: Model,
  asked: Asked,
): Promise<{ readonly given: readonly Given[]; readonly about: About }> {
  const { statement, root } = model;
  const reading = statement.type === "assay/program/1" ? statement.reading : undefined;
  const output = asked.output ?? reading?.output;
  const about: About = {
    kind: "answer",
    model: asked.model.toString(),
    root,
    ...(output === undefined || statement.type === "assay/model/1" ? {} : { output }),
  };
  const table = await tableFor(context, asked);
  if ((table === undefined) === (asked.input === undefined))
    throw new InvalidInputError("Say what the model is asked: one row (--data, --csv or --content), or --input.");
  if (table === undefined) return { given: numbersOf(asked.input), about };
  const row = asked.row ?? table.rows - 1;
  const given = rowOf(model, table, row);
  if (asked.data === undefined) return { given, about };
  const data = await readTable(context, BigInt(asked.data));
  return { given, about: { ...about, rows: { data: asked.data, root: data.root, row } } };
}
