import { type Hash, sha256Hex } from "@base/bytes/hash.ts";
import { IntegrityError } from "@base/errors";
import { bitsOf } from "../bits.ts";
import { checkDaily, dayNumbers, type Feature, openSamples } from "../recipe/features.ts";
import { likeliest } from "../metrics/classes.ts";
import { featureName } from "../recipe/names.ts";
import { previousRows, rowsOfSample, sampleRows } from "../recipe/reader.ts";
import { DEFAULT_TOLERANCE, type Recipe } from "../recipe/recipe.ts";
import { sliceTable, type Table, TableError } from "../table/table.ts";
import type { RunCommitment } from "../train/run.ts";
import { type Bundle, decodeBundle } from "./bundle.ts";
import { layoutContributions } from "./layoutContributions.ts";
import { clampWhen, type Metrics } from "./evaluate.ts";
import { networkAnswerer, treesAnswerer } from "./answerer.ts";

/** How much one input moved the answer away from the base, in units of the answer. */
export interface Contribution {
  readonly name: string;
  readonly value: number;
  readonly column: string;
  readonly aggregate?: string;
  /** 0-based bin of the window. */
  readonly bin?: number;
  /** First and last day of the bin, YYYY-MM-DD. */
  readonly from?: string;
  readonly to?: string;
  /** What the sample has here, and the mean of the training samples; absent for categories and empty cells. */
  readonly input?: number;
  readonly typical?: number;
}

/** A model's answer with its reasons. */
export interface Decision {
  /** The raw binary32 answer; for several classes the number of the likeliest one, counted from 0. */
  readonly output: number;
  /** floor(output * 10^18), exact; within [0, 10^18] when the recipe clamps. */
  readonly outputWad: bigint;
  /** Share of the 100 test samples nearest in prediction whose |error| is within the tolerance, in 1/10000. */
  readonly confidenceBps: number;
  /** Signed; base + sum of all values = output (for several classes: the probability of the likeliest) within rounding. */
  readonly contributions: readonly Contribution[];
  /** The answer for the mean training sample; for trees the one that goes with the mean score of the training samples. */
  readonly base: number;
  /** Several classes: name and probability of each, in the order of their numbers; `label` is the likeliest one. */
  readonly label?: string;
  readonly probabilities?: readonly ClassProbability[];
}

/** A class and how likely it is, binary32. */
export interface ClassProbability {
  readonly label: string;
  readonly probability: number;
}

/** A model ready to answer. */
export interface Model {
  /** SHA-256 of the bundle. */
  readonly root: Hash;
  readonly recipe: Recipe;
  readonly features: readonly Feature[];
  readonly commitment: RunCommitment;
  readonly metrics: Metrics;
  /** Answers for the one sample that `table` holds: exactly the window's rows, or one row. Throws TableError. */
  run(table: Table): Decision;
  /** Answers for every sample of a longer table, clamped when the recipe clamps, without reasons. Throws TableError. */
  predict(table: Table): Prediction[];
}

/** The answer for the sample whose last row is `row` (0-based). */
export interface Prediction {
  readonly row: number;
  /** The answer; for several classes the number of the likeliest one. */
  readonly output: number;
  readonly label?: string;
  readonly probabilities?: readonly ClassProbability[];
}

const NEAREST = 100;

/** Opens a model bundle; throws BundleError or RecipeError when the bytes are none. */
export function loadModel(bytes: Uint8Array): Model {
  const bundle = decodeBundle(bytes);
  const { recipe, features, run: commitment, metrics, tensors } = bundle;
  const valuesOf = (name: string) => (tensors.get(name) as { values: Float32Array }).values;
  const mean = valuesOf("mean");
  const predictions = valuesOf("calibration.prediction");
  const errors = valuesOf("calibration.error");
  const { classes } = bundle;
  const reader = (table: Table) => readerOf(bundle, table);
  const { answer, explain } = bundle.trees === undefined ? networkAnswerer(bundle) : treesAnswerer(bundle.trees);
  return {
    root: sha256Hex(bytes),
    recipe,
    features,
    commitment,
    metrics,
    run: (table) => {
      checkSample(recipe, table);
      const x = reader(table)(table.rows - 1);
      const { output, base, values } = explain(x);
      const said = classes === undefined ? { output } : classAnswer(classes, answer(x));
      return {
        ...said,
        outputWad: toWad(said.output, recipe.clamp === true),
        confidenceBps: confidence(
          predictions,
          errors,
          clampWhen(recipe.clamp, output),
          recipe.tolerance ?? DEFAULT_TOLERANCE,
        ),
        contributions:
          recipe.layout === undefined
            ? nameContributions(recipe, features, table, x, mean, values)
            : layoutContributions(bundle, table, values),
        base,
      };
    },
    predict: (table) => {
      const rows = samplesIn(recipe, table);
      const read = reader(table);
      return rows.map((row) => {
        const answers = answer(read(row));
        if (classes !== undefined) return { row, ...classAnswer(classes, answers) };
        return { row, output: clampWhen(recipe.clamp, answers[0] as number) };
      });
    },
  };
}

function readerOf({ recipe, features, categories, tensors }: Bundle, table: Table): (last: number) => Float32Array {
  const fills = tensors.get("fills")?.values;
  return openSamples(recipe, features, { categories, ...(fills === undefined ? {} : { fills }) }, table);
}

/** What the model reads of a table for the sample whose last row is `row` (0-based). Throws TableError. */
export function sampleOf(bundle: Bundle, table: Table, row: number): Float32Array {
  const { recipe } = bundle;
  if (row < 0 || row >= table.rows)
    throw new TableError("size", `Row ${row}: the table has the rows 0 to ${table.rows - 1}.`);
  if (recipe.window === undefined) return readerOf(bundle, table)(row);
  const window = sliceTable(table, Math.max(0, row + 1 - recipe.window.days), row + 1);
  checkSample(recipe, window);
  return readerOf(bundle, window)(window.rows - 1);
}

function classAnswer(
  classes: readonly string[],
  answers: Float32Array,
): { output: number; label: string; probabilities: ClassProbability[] } {
  const output = likeliest(answers);
  const probabilities = classes.map((label, k) => ({ label, probability: answers[k] as number }));
  return { output, label: classes[output] as string, probabilities };
}

/** Last rows of all samples in a table. */
function samplesIn(recipe: Recipe, table: Table): number[] {
  const length = sampleRows(recipe);
  const previous = previousRows(recipe, table);
  if (recipe.window !== undefined) checkDaily(recipe, dayNumbers(recipe, table), 0, table.rows - 1);
  const rows = Array.from({ length: table.rows }, (_, row) => row);
  return rows.filter((row) => rowsOfSample(previous, row, length) !== undefined);
}

function checkSample(recipe: Recipe, table: Table): void {
  const rows = sampleRows(recipe);
  const kind = recipe.window === undefined ? "consecutive rows" : "consecutive daily rows";
  if (table.rows !== rows)
    throw new TableError(
      "size",
      `The model answers for exactly ${rows} ${rows === 1 ? "row" : kind}, not ${table.rows}.`,
    );
  if (recipe.window !== undefined) checkDaily(recipe, dayNumbers(recipe, table), 0, rows - 1);
}

/** Names the contributions; categories of one column are added up. */
function nameContributions(
  recipe: Recipe,
  features: readonly Feature[],
  table: Table,
  x: Float32Array,
  mean: Float32Array,
  values: readonly number[],
): Contribution[] {
  const list: Contribution[] = [];
  const days = table.columns.find((column) => column.name === recipe.time)?.values;
  features.forEach((feature, index) => {
    const value = values[index] as number;
    const { column, aggregate, bin } = feature;
    const last = list.at(-1);
    if (feature.category !== undefined && feature.lag === undefined) {
      if (last?.column === column) list[list.length - 1] = { ...last, value: last.value + value };
      else list.push({ name: column, value, column });
      return;
    }
    const dates =
      feature.days === undefined || days === undefined
        ? {}
        : { from: String(days[feature.days[0]]), to: String(days[feature.days[1] - 1]) };
    list.push({
      name: featureName(feature),
      value,
      column,
      ...(aggregate === undefined ? {} : { aggregate }),
      ...(bin === undefined ? {} : { bin }),
      ...dates,
      ...(Number.isNaN(x[index]) ? {} : { input: x[index] as number }),
      typical: mean[index] as number,
    });
  });
  return list;
}

/** Share in 1/10000 of the nearest test samples (by prediction; all when fewer than 100) with |error| <= tolerance. */
export function confidence(predictions: Float32Array, errors: Float32Array, output: number, tolerance: number): number {
  const count = Math.min(NEAREST, predictions.length);
  if (count === 0) return 0;
  let from = 0; // predictions ascend: the nearest form one run; slide it while the next one is nearer than the first
  while (
    from + count < predictions.length &&
    (predictions[from + count] as number) - output < output - (predictions[from] as number)
  )
    from++;
  let right = 0;
  for (let i = from; i < from + count; i++) if (Math.abs(errors[i] as number) <= tolerance) right++;
  return Math.floor((right * 10_000) / count);
}

const WAD = 10n ** 18n;

/** floor(value * 10^18), exact for every binary32 value; throws IntegrityError on infinities and NaN. */
export function toWad(value: number, clamp: boolean): bigint {
  if (!Number.isFinite(value))
    throw new IntegrityError(`The model's answer is ${value}, which is not a number to act on.`);
  const bits = bitsOf(value);
  const biased = (bits >>> 23) & 255;
  const fraction = bits & 0x7fffff;
  const mantissa = BigInt(biased === 0 ? fraction : fraction | 0x800000) * (bits >>> 31 === 1 ? -1n : 1n);
  const exponent = (biased === 0 ? 1 : biased) - 150;
  const wad = exponent >= 0 ? (mantissa << BigInt(exponent)) * WAD : (mantissa * WAD) >> BigInt(-exponent);
  if (!clamp) return wad;
  return wad < 0n ? 0n : wad > WAD ? WAD : wad;
}
