import type { History } from "../train/history.ts";
import type { Prepared } from "../train/prepare.ts";
import { binaryScores, type ClassScores, classScores, likeliest } from "./classes.ts";
import { type Point, rankingCurves, thin } from "./curves.ts";
import { areaUnderCurve } from "./ranking.ts";
import { reliability, type ReliabilityBin } from "./reliability.ts";
import type { Split } from "../recipe/split.ts";

/** What a version 2 run says about its model besides the plain errors: enough to draw every plot. */
export interface Report {
  readonly validRows: number;
  /** Loss by epoch (trees: by round), thinned to about 100 entries. */
  readonly learning: {
    readonly epochs: number;
    /** Epoch of the result, counted from 1; where early stopping is not asked for, the last. */
    readonly best: number;
    readonly curve: readonly LearningPoint[];
  };
  readonly binary?: BinaryReport;
  readonly classes?: ClassReport;
  readonly regression?: RegressionReport;
  readonly crossValidation?: FoldScores;
}

/** Losses after one epoch. */
export interface LearningPoint {
  readonly epoch: number;
  readonly train: number;
  readonly valid?: number;
}

/** Scores of probabilities of 1 at the threshold 0.5, and curves over all thresholds. */
export interface BinaryReport {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly brier: number;
  readonly averagePrecision: number | null;
  readonly calibrationError: number;
  readonly calibration: readonly ReliabilityBin[];
  /** [what it was][what was said], 0 before 1. */
  readonly confusion: readonly (readonly number[])[];
  readonly roc?: readonly Point[];
  readonly precisionRecall?: readonly Point[];
}

/** Scores of class probabilities; calibration is that of the likeliest class. */
export interface ClassReport extends Omit<ClassScores, "rows"> {
  readonly labels: readonly string[];
  readonly confusion: readonly (readonly number[])[];
  readonly calibrationError: number;
  readonly calibration: readonly ReliabilityBin[];
  /** Share of the most frequent class of the training samples among the test samples: what a guess gets right. */
  readonly guess: number;
}

/** How well numbers were hit. */
export interface RegressionReport {
  /** 1 - squared error / variance of the test targets; null when they do not vary. */
  readonly r2: number | null;
  /** Some test samples: what was said and what it was. */
  readonly pairs: readonly Point[];
}

/** Scores of a cross-validation. */
export interface FoldScores {
  readonly metric: "auc" | "accuracy" | "rmse";
  readonly scores: readonly (number | null)[];
  readonly mean: number | null;
  readonly deviation: number | null;
}

/** Measures predictions [test samples, outputs] of a version 2 recipe. */
export function reportOf(
  prepared: Prepared,
  predictions: Float32Array,
  history: History,
  folds: FoldScores | undefined,
): Report {
  const { recipe, split, samples } = prepared;
  const targets = split.test.map((sample) => samples.y[sample] as number);
  return {
    validRows: split.valid?.length ?? 0,
    learning: learningOf(history),
    ...(recipe.task === "binary" ? { binary: binaryReport([...predictions], targets) } : {}),
    ...(recipe.task === "multiclass" ? { classes: classReport(prepared, predictions, targets) } : {}),
    ...(recipe.task === "regression" ? { regression: regressionReport([...predictions], targets) } : {}),
    ...(folds === undefined ? {} : { crossValidation: folds }),
  };
}

function learningOf({ losses, validation, best }: History): Report["learning"] {
  const curve = losses.map((train, index) => {
    const valid = validation[index];
    return { epoch: index + 1, train, ...(valid === undefined ? {} : { valid }) };
  });
  return { epochs: losses.length, best: best?.epoch ?? losses.length, curve: thin(curve) };
}

/** Counts by true and said class. */
function confusionOf(said: readonly number[], targets: readonly number[], classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  said.forEach((one, index) => {
    const row = counts[targets[index] as number] as number[];
    row[one] = (row[one] as number) + 1;
  });
  return counts;
}

function binaryReport(probabilities: readonly number[], targets: readonly number[]): BinaryReport {
  const { precision, recall, f1, brier, averagePrecision } = binaryScores(probabilities, targets);
  const { table, error } = reliability(probabilities, targets);
  const said = probabilities.map((probability) => (probability >= 0.5 ? 1 : 0));
  return {
    precision,
    recall,
    f1,
    brier,
    averagePrecision,
    calibrationError: error,
    calibration: table,
    confusion: confusionOf(said, targets, 2),
    ...rankingCurves(probabilities, targets),
  };
}

function classReport({ fitted, trainY }: Prepared, predictions: Float32Array, targets: readonly number[]): ClassReport {
  const labels = fitted?.classes ?? [];
  const count = labels.length;
  const rows = targets.map((_, row) => predictions.subarray(row * count, (row + 1) * count));
  const { rows: _, ...scores } = classScores(rows, targets);
  const said = rows.map(likeliest);
  const sure = rows.map((row, index) => row[said[index] as number] as number);
  const { table, error } = reliability(
    sure,
    said.map((one, index) => (one === targets[index] ? 1 : 0)),
  );
  const counts = new Float64Array(count);
  for (const y of trainY) counts[y] = (counts[y] as number) + 1;
  const usual = likeliest(counts);
  return {
    labels,
    ...scores,
    confusion: confusionOf(said, targets, count),
    calibrationError: error,
    calibration: table,
    guess: targets.filter((target) => target === usual).length / targets.length,
  };
}

function regressionReport(predictions: readonly number[], targets: readonly number[]): RegressionReport {
  const mean = targets.reduce((sum, target) => sum + target, 0) / targets.length;
  let [errors, spread] = [0, 0];
  targets.forEach((target, index) => {
    errors += ((predictions[index] as number) - target) * ((predictions[index] as number) - target);
    spread += (target - mean) * (target - mean);
  });
  const pairs = predictions.map((prediction, index): Point => [prediction, targets[index] as number]);
  return { r2: spread > 0 ? 1 - errors / spread : null, pairs: thin(pairs) };
}

/** Scores of each fold: AUC, accuracy over classes, or RMSE; deviation is that between folds. */
export function foldScores(
  { recipe, samples }: Prepared,
  sides: readonly Split[],
  answers: readonly Float32Array[],
): FoldScores {
  const scores = sides.map(({ test }, fold) => {
    const predictions = answers[fold] as Float32Array;
    const targets = test.map((sample) => samples.y[sample] as number);
    if (recipe.task === "binary") return areaUnderCurve([...predictions], targets);
    const outputs = predictions.length / targets.length;
    let sum = 0;
    targets.forEach((target, row) => {
      if (recipe.task === "multiclass")
        sum += likeliest(predictions.subarray(row * outputs, (row + 1) * outputs)) === target ? 1 : 0;
      else sum += ((predictions[row] as number) - target) * ((predictions[row] as number) - target);
    });
    return recipe.task === "multiclass" ? sum / targets.length : Math.sqrt(sum / targets.length);
  });
  const metric = recipe.task === "binary" ? "auc" : recipe.task === "multiclass" ? "accuracy" : "rmse";
  const known = scores.filter((score) => score !== null);
  if (known.length === 0) return { metric, scores, mean: null, deviation: null };
  const mean = known.reduce((sum, score) => sum + score, 0) / known.length;
  const squares = known.reduce((sum, score) => sum + (score - mean) * (score - mean), 0);
  return { metric, scores, mean, deviation: Math.sqrt(squares / known.length) };
}
