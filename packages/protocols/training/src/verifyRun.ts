import { canonicalJson, canonicalJsonBytes } from "@base/bytes/canonicalJson.ts";
import { sha256Hex } from "@base/bytes/hash.ts";
import { BaseError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { firstMismatch, type Recipe, type RunCommitment, train, validateRecipe } from "@machines/engine";
import { findSalt } from "@records/assets/salts.ts";
import { samplesOf } from "@records/assets/samples.ts";
import { parseStatement, type RunStatement } from "@records/assets/statements.ts";
import type { Finding } from "@records/assets/verifyAsset.ts";
import { type Data, readData } from "@records/assets/data.ts";

/**
 * Checks a training run by training again: the recipe's hash, the data's roots, each committed checkpoint in order and
 * the model's bytes. Names the first step that differs. Where the data is not at hand it says so. SPEC T8.
 */
export async function* verifyRun(context: Context, value: unknown): AsyncIterable<Finding> {
  const statement = parseStatement("assay/run/1", value);
  const claimed = statement.commitment as unknown as RunCommitment;
  const recipe = validateRecipe(statement.recipe);
  const recipeHash = sha256Hex(canonicalJsonBytes(recipe));
  yield { name: "recipe", ok: recipeHash === claimed.recipe, detail: recipeHash };
  const data = await dataOf(context, statement);
  if (!("table" in data)) return yield data;
  const roots = data.parents.every((parent, index) => parent.root === statement.data[index]?.root);
  yield { name: "data", ok: roots, detail: data.parents.map(({ asset, root }) => `asset ${asset} ${root}`).join(", ") };
  yield* verifySamples(context, statement, data, recipe);
  const started = performance.now();
  const again = await train(data.table, recipe, {
    signal: context.signal,
    onProgress: ({ step, total }) => context.progress({ label: "training again", done: step, total, unit: "steps" }),
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const differs = firstMismatch(claimed, again.run);
  if (differs) {
    const at = differs.step === undefined ? differs.what : `${differs.what} at step ${differs.step}`;
    yield { name: "trained again", ok: false, detail: `${at} is ${differs.found}, the run claims ${differs.claimed}` };
  } else {
    const { steps, checkpoints } = again.run;
    yield {
      name: "trained again",
      ok: true,
      detail: `${steps} steps, ${checkpoints.length} checkpoints the same, in ${seconds} s`,
    };
  }
  const same = again.modelRoot === statement.model;
  yield {
    name: "model bytes",
    ok: same,
    detail: same ? again.modelRoot : `training gives ${again.modelRoot}, the run claims ${statement.model}`,
  };
  const [found, said] = [again.metrics, statement.metrics].map((metrics) => sha256Hex(canonicalJsonBytes(metrics)));
  yield {
    name: "metrics",
    ok: found === said,
    detail: `rmse ${again.metrics.rmse} against ${again.metrics.baselineRmse} of the plain rival`,
  };
}

/** The rows that are said to have trained and tested, found again from the data. SPEC T12. */
async function* verifySamples(
  context: Context,
  { samples }: RunStatement,
  { table }: Data,
  recipe: Recipe,
): AsyncIterable<Finding> {
  if (samples === undefined) return;
  const name = "rows of each part";
  const hidden = Object.values(samples).find(({ salted }) => salted);
  const salt = hidden === undefined ? null : await findSalt(context, hidden.root);
  if (salt === undefined)
    return yield { name, ok: true, skipped: true, detail: "their hashes are salted, and the salt is not at hand" };
  const found = canonicalJson(samplesOf(table, recipe, salt));
  const detail = Object.entries(samples).map(([part, { rows }]) => `${part} ${rows}`);
  yield { name, ok: found === canonicalJson(samples), detail: detail.join(", ") };
}

async function dataOf(context: Context, statement: RunStatement): Promise<Data | Finding> {
  try {
    return await readData(
      context,
      statement.data.map((parent) => parent.asset),
    );
  } catch (error) {
    if (!(error instanceof BaseError) || (error.name !== "NotFoundError" && error.kind !== "retryable")) throw error;
    return { name: "trained again", ok: true, skipped: true, detail: `the data is not at hand: ${error.shortMessage}` };
  }
}
