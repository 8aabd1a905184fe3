import { permutation } from "../random/philox.ts";
import type { Split } from "../recipe/split.ts";
import { type FoldScores, foldScores } from "../metrics/report.ts";
import { stratifiedFolds } from "../trees/folds.ts";
import { columnOf, type Table } from "../table/table.ts";
import { type Prepared, resplit } from "./prepare.ts";
import type { TrainOptions } from "./run.ts";

/** Words that deal groups out to folds; beside the streams of `STREAM`. */
const GROUP_STREAM = 21;

/**
 * Measures a recipe on parts of its training samples (the test stays unseen), each part by a model that `predict` trains
 * on the others; undefined when the recipe does not ask for it. Columns are read as the whole training side taught:
 * categories and fills are not learnt again in each fold.
 */
export async function crossValidate(
  prepared: Prepared,
  table: Table,
  options: TrainOptions,
  predict: (fold: Prepared) => Promise<Float32Array>,
): Promise<FoldScores | undefined> {
  const { recipe, split } = prepared;
  if (recipe.crossValidation === undefined) return undefined;
  const sides = dealFolds(prepared, table, recipe.crossValidation.folds);
  const scores: Float32Array[] = [];
  for (const side of sides) {
    const fold = resplit(prepared, { ...side, ...(split.valid === undefined ? {} : { valid: split.valid }) });
    scores.push(await predict(fold));
    options.onProgress?.({ step: scores.length, total: sides.length, loss: Number.NaN, fold: scores.length });
  }
  return foldScores(prepared, sides, scores);
}

/** Train and test sides of each fold: classes spread evenly, groups kept whole. */
function dealFolds({ recipe, split, samples }: Prepared, table: Table, folds: number): Split[] {
  const { train } = split;
  const parts = recipe.split.by === "group" ? groupFolds(recipe.split.column) : evenFolds();
  return Array.from({ length: folds }, (_, fold) => ({
    train: train.filter((_sample, index) => parts[index] !== fold),
    test: train.filter((_sample, index) => parts[index] === fold),
  }));

  function evenFolds(): ArrayLike<number> {
    const classes = train.map((sample) => (recipe.task === "regression" ? 0 : (samples.y[sample] as number)));
    return stratifiedFolds(classes, folds, recipe.seed);
  }

  function groupFolds(name: string): ArrayLike<number> {
    const { values } = columnOf(table, name);
    const keys = train.map((sample) => JSON.stringify(values[samples.spans[sample]?.[1] as number]));
    const groups = [...new Set(keys)].sort();
    const order = permutation(groups.length, recipe.seed, GROUP_STREAM, 0);
    const foldOf = new Map(groups.map((group, index) => [group, (order[index] as number) % folds]));
    return keys.map((key) => foldOf.get(key) as number);
  }
}
