import { InvalidInputError } from "@base/errors";
import { log32 } from "../ops/log/reference.ts";
import { expNegative, LOGIT_ONE, logistic, ONE, smallest, softmax } from "./link.ts";
import type { BoostSettings } from "./settings.ts";

/** What is minimised, in integers. Scores come as one array of all rows per output. */
export interface Objective {
  /** Scores of a row: 1, or one per class. */
  readonly outputs: number;
  /** A score of 2^shift means one. */
  readonly shift: number;
  /** See `Growth.unit`. */
  readonly unit: number;
  readonly start: readonly number[];
  /** Writes gradients and curvatures of one output for all rows. */
  gradients(scores: readonly Float64Array[], output: number, g: Float64Array, h: Float64Array): void;
  /** Loss of one row, a non-negative integer. */
  loss(scores: readonly Float64Array[], row: number): number;
}

const MOST = 16 * LOGIT_ONE;

/** The objective of some targets; throws InvalidInputError on a target that does not fit the task. `used` rows set the start. */
export function objectiveOf(y: Float32Array, settings: BoostSettings, used: Uint32Array): Objective {
  if (settings.task === "regression") return squared(y, used);
  const classes = settings.task === "binary" ? 2 : (settings.classes as number);
  y.forEach((value, row) => {
    if (!Number.isInteger(value) || value < 0 || value >= classes)
      throw new InvalidInputError(
        settings.task === "binary"
          ? `Target ${row + 1}: a binary target is 0 or 1, not ${value}.`
          : `Target ${row + 1}: a class is a whole number from 0 to ${classes - 1}, not ${value}.`,
        { data: { row: row + 1 } },
      );
  });
  const weights = weightsOf(y, settings, classes, used);
  return settings.task === "binary" ? binary(y, weights, used) : multiclass(y, weights, classes, used);
}

/** Squared error. The scale is the power of two that brings the largest target to between 2^23 and 2^24. */
function squared(y: Float32Array, used: Uint32Array): Objective {
  let largest = 0;
  y.forEach((value, row) => {
    if (!Number.isFinite(value))
      throw new InvalidInputError(`Target ${row + 1}: ${value} is no number to learn.`, { data: { row: row + 1 } });
    largest = Math.max(largest, Math.abs(value));
  });
  const shift = largest === 0 ? 0 : shiftFor(largest);
  const targets = Float64Array.from(y, (value) => Math.floor(value * 2 ** shift + 0.5));
  let sum = 0;
  for (const row of used) sum += targets[row] as number;
  return {
    outputs: 1,
    shift,
    unit: ONE,
    start: [Math.floor(sum / used.length)],
    gradients: ([scores], _, g, h) => {
      for (let row = 0; row < targets.length; row++)
        g[row] = ((scores as Float64Array)[row] as number) - (targets[row] as number);
      h.fill(ONE);
    },
    loss: ([scores], row) => {
      const error = ((scores as Float64Array)[row] as number) - (targets[row] as number);
      return Math.floor((error * error) / ONE);
    },
  };
}

function shiftFor(largest: number): number {
  let shift = 0;
  while (largest * 2 ** shift < 2 ** 23) shift++;
  while (largest * 2 ** shift >= 2 ** 24) shift--;
  return shift;
}

/** Class weights in 1/256. */
function weightsOf(y: Float32Array, settings: BoostSettings, classes: number, used: Uint32Array): number[] {
  const given = settings.classWeights ?? Array.from({ length: classes }, () => 1);
  if (given !== "balanced") return given.map((weight) => Math.floor(weight * 256 + 0.5));
  const counts = countsOf(y, classes, used);
  return counts.map((count) =>
    Math.min(64 * 256, Math.max(1, Math.floor((256 * used.length) / (classes * Math.max(1, count)) + 0.5))),
  );
}

function countsOf(y: Float32Array, classes: number, used: Uint32Array): number[] {
  const counts = Array.from({ length: classes }, () => 0);
  for (const row of used) counts[y[row] as number] = (counts[y[row] as number] as number) + 1;
  return counts;
}

/** Weighted prior probabilities in 2^-24. */
function priors(y: Float32Array, weights: readonly number[], used: Uint32Array): number[] {
  const masses = countsOf(y, weights.length, used).map((count, index) => count * (weights[index] as number));
  const all = masses.reduce((sum, mass) => sum + mass, 0);
  return masses.map((mass) => Math.min(ONE - 1, Math.max(1, Math.floor((mass * ONE) / all))));
}

/** value * weight / 256, to the nearest integer. */
const weigh = (value: number, weight: number) => Math.floor((value * weight + 128) / 256);

const surprise = (probability: number, weight: number) =>
  weigh(Math.floor(-log32(Math.fround(probability / ONE)) * LOGIT_ONE + 0.5), weight);

function binary(y: Float32Array, weights: readonly number[], used: Uint32Array): Objective {
  const rate = priors(y, weights, used)[1] as number;
  return {
    outputs: 1,
    shift: 20,
    unit: LOGIT_ONE,
    start: [smallest(-MOST, MOST, (score) => logistic(score) >= rate)],
    gradients: ([scores], _, g, h) => {
      for (let row = 0; row < y.length; row++) {
        const p = logistic((scores as Float64Array)[row] as number);
        const weight = weights[y[row] as number] as number;
        g[row] = weigh(p - (y[row] as number) * ONE, weight);
        h[row] = Math.max(1, weigh(Math.floor((p * (ONE - p)) / ONE), weight));
      }
    },
    loss: ([scores], row) => {
      const p = logistic((scores as Float64Array)[row] as number);
      return surprise(y[row] === 1 ? p : ONE - p, weights[y[row] as number] as number);
    },
  };
}

function multiclass(y: Float32Array, weights: readonly number[], classes: number, used: Uint32Array): Objective {
  const [scoreOf, p] = [new Float64Array(classes), new Float64Array(classes)];
  const probabilities = (scores: readonly Float64Array[], row: number): Float64Array => {
    for (let k = 0; k < classes; k++) scoreOf[k] = scores[k]?.[row] as number;
    softmax(scoreOf, classes, p);
    return p;
  };
  return {
    outputs: classes,
    shift: 20,
    unit: LOGIT_ONE,
    start: priors(y, weights, used).map((prior) => -smallest(0, MOST, (d) => expNegative(d) <= prior * 4)),
    gradients: (scores, output, g, h) => {
      for (let row = 0; row < y.length; row++) {
        const own = probabilities(scores, row)[output] as number;
        const weight = weights[y[row] as number] as number;
        g[row] = weigh(own - (y[row] === output ? ONE : 0), weight);
        h[row] = Math.max(1, weigh(Math.floor((own * (ONE - own)) / ONE), weight));
      }
    },
    loss: (scores, row) => {
      const own = y[row] as number;
      return surprise(probabilities(scores, row)[own] as number, weights[own] as number);
    },
  };
}
