import { InvalidInputError } from "@base/errors";
import { sigmoid32 } from "../ops/sigmoid/reference.ts";
import { binColumns, thresholdsOf } from "./bins.ts";
import { type GrowSettings, growTree, ONE, type Tree } from "./grow.ts";

/** How to boost. */
export interface BoostSettings {
  readonly task: "regression" | "binary";
  readonly trees: number;
  /** Most leaves of one tree. */
  readonly leaves: number;
  readonly learningRate: number;
  /** Fewest training rows in a leaf; 20 unless said. */
  readonly minRows?: number;
  /** Weight of the penalty on leaf values; 1 unless said. */
  readonly lambda?: number;
}

/** A boosted ensemble, plain JSON; `start` and leaf values in 2^-16. */
export interface Ensemble {
  readonly version: 1;
  readonly task: "regression" | "binary";
  readonly features: number;
  readonly start: number;
  readonly trees: readonly Tree[];
}

function settingsOf(given: BoostSettings): GrowSettings {
  const { trees, leaves, learningRate, minRows = 20, lambda = 1 } = given;
  const whole = [trees, leaves, minRows].every(
    (value) => Number.isSafeInteger(value) && value >= 1 && value <= 100_000,
  );
  if (!whole || !(learningRate > 0 && learningRate <= 1) || !(lambda >= 0 && lambda <= 1e6))
    throw new InvalidInputError(
      "Boosting needs whole trees, leaves and minRows of at least 1, a learning rate in (0, 1], lambda >= 0.",
    );
  return { leaves, minRows, lambda: Math.max(1, Math.round(lambda * ONE)), rate: Math.round(learningRate * ONE) };
}

/**
 * Boosts trees on `x` [rows, features] and targets `y` (0 or 1 for a binary task) in integers: the same bits on
 * every machine. Throws InvalidInputError on NaN, infinities, targets beyond 2^20 or settings out of range.
 */
export function boost(x: Float32Array, y: Float32Array, given: BoostSettings): Ensemble {
  const rows = y.length;
  const features = rows === 0 ? 0 : x.length / rows;
  if (rows === 0 || features === 0 || !Number.isSafeInteger(features))
    throw new InvalidInputError("Boosting needs rows and features.");
  if (!x.every(Number.isFinite)) throw new InvalidInputError("Boosting needs finite features.");
  const binary = given.task === "binary";
  if (!y.every((value) => (binary ? value === 0 || value === 1 : Math.abs(value) <= 2 ** 20)))
    throw new InvalidInputError(binary ? "A binary target is 0 or 1." : "Targets must lie within 2^20 of zero.");
  const settings = settingsOf(given);
  const targets = Float64Array.from(y, (value) => Math.round(value * ONE));
  const start = binary ? 0 : Math.floor(targets.reduce((sum, value) => sum + value, 0) / rows);
  const thresholds = thresholdsOf(x, rows, features);
  const bins = binColumns(x, rows, thresholds);
  const scores = new Float64Array(rows).fill(start);
  const [g, h] = [new Float64Array(rows), new Float64Array(rows)];
  const trees: Tree[] = [];
  for (let round = 0; round < given.trees; round++) {
    for (let row = 0; row < rows; row++) {
      const p = binary
        ? Math.round(sigmoid32(Math.fround((scores[row] as number) / ONE)) * ONE)
        : (scores[row] as number);
      g[row] = p - (targets[row] as number);
      h[row] = binary ? Math.max(1, Math.floor((p * (ONE - p)) / ONE)) : ONE;
    }
    trees.push(growTree(bins, thresholds, g, h, scores, settings));
  }
  return { version: 1, task: given.task, features, start, trees };
}

/** The integer score of one row, in 2^-16. */
export function scoreRow({ trees, start }: Ensemble, x: Float32Array): number {
  let score = start;
  for (const { feature, threshold, left, right, value } of trees) {
    let node = 0;
    for (let tested = feature[0] as number; tested >= 0; tested = feature[node] as number)
      node = ((x[tested] as number) <= (threshold[node] as number) ? left[node] : right[node]) as number;
    score += value[node] as number;
  }
  return score;
}

/** The answer for one row: a number, or the probability of 1. Binary32. */
export function predictRow(ensemble: Ensemble, x: Float32Array): number {
  const score = Math.fround(scoreRow(ensemble, x) / ONE);
  return ensemble.task === "binary" ? sigmoid32(score) : score;
}
