import { log32 } from "../ops/log/reference.ts";
import { likeliest } from "../metrics/classes.ts";
import { areaUnderCurve } from "../metrics/ranking.ts";
import type { Report } from "../metrics/report.ts";
import { featureName } from "../recipe/names.ts";
import type { Prepared } from "../train/prepare.ts";

/** Errors of a model on the test samples, in units of the target (probabilities for a binary task). */
export interface Metrics {
  readonly trainRows: number;
  readonly testRows: number;
  readonly rmse: number;
  readonly mae: number;
  /** Of the better of the two baselines, by RMSE. */
  readonly baselineRmse: number;
  readonly baselineMae: number;
  /** Plain rivals, fitted on the training samples: the mean, and least squares on the one input that fits best. */
  readonly baselines: {
    readonly mean: { readonly rmse: number; readonly mae: number };
    readonly strongest: { readonly input: string; readonly rmse: number; readonly mae: number };
  };
  /** Binary tasks only: mean log loss, share answered right at 0.5, area under the ROC curve (null when one class is absent). */
  readonly binary?: { readonly logLoss: number; readonly accuracy: number; readonly auc: number | null };
  /** Version 2: scores, curves and tables of the test samples, and how the training went. */
  readonly report?: Report;
}

/** A test sample's prediction and its error (prediction minus target). */
export interface Residual {
  readonly prediction: number;
  readonly error: number;
}

interface Errors {
  readonly rmse: number;
  readonly mae: number;
}

function errorsOf(errors: readonly number[]): Errors {
  let [squares, absolute] = [0, 0];
  for (const error of errors) {
    squares += error * error;
    absolute += Math.abs(error);
  }
  return { rmse: Math.sqrt(squares / errors.length), mae: absolute / errors.length };
}

/** A model's answers for one input vector, binary32: one number, or one per class. */
export type Answer = (x: Float32Array) => Float32Array;

/** Keeps a value in [0, 1] when asked. */
export function clampWhen(clamp: boolean | undefined, value: number): number {
  if (clamp !== true) return value;
  return value < 0 ? 0 : Math.min(value, 1);
}

/**
 * Measures answers [test samples, outputs] and the plain rivals on the test samples; residuals come sorted by prediction.
 * For several classes prediction and error are those of the probability of the likeliest class (1 when it is right).
 */
export function evaluate(job: Prepared, answers: Float32Array): { metrics: Metrics; calibration: Residual[] } {
  if (job.recipe.task === "multiclass") return evaluateClasses(job, answers);
  const predictions = Array.from(answers, (answer) => clampWhen(job.recipe.clamp, answer));
  const targets = job.split.test.map((sample) => job.samples.y[sample] as number);
  const calibration = predictions
    .map((prediction, index) => ({ prediction, error: Math.fround(prediction - (targets[index] as number)) }))
    .sort((a, b) => a.prediction - b.prediction || a.error - b.error);
  const own = errorsOf(predictions.map((prediction, index) => prediction - (targets[index] as number)));
  const mean = meanBaseline(job, targets);
  const strongest = strongestBaseline(job, targets);
  const best = strongest.rmse < mean.rmse ? strongest : mean;
  const metrics: Metrics = {
    trainRows: job.split.train.length,
    testRows: job.split.test.length,
    ...own,
    baselineRmse: best.rmse,
    baselineMae: best.mae,
    baselines: { mean, strongest },
    ...(job.recipe.task === "binary" ? { binary: binaryMetrics(predictions, targets) } : {}),
  };
  return { metrics, calibration };
}

/** Errors over all class probabilities (their root mean square, and the mean probability that missed the true class). */
function evaluateClasses(job: Prepared, answers: Float32Array): { metrics: Metrics; calibration: Residual[] } {
  const classes = job.fitted?.classes?.length ?? 0;
  const targets = job.split.test.map((sample) => job.samples.y[sample] as number);
  const shares = new Float64Array(classes);
  for (const y of job.trainY) shares[y] = (shares[y] as number) + 1 / job.trainY.length;
  const rowsOf = (row: number) => answers.subarray(row * classes, (row + 1) * classes);
  const own = classErrors(targets, rowsOf);
  const usual = classErrors(targets, () => shares);
  const calibration = targets
    .map((target, row) => {
      const probabilities = rowsOf(row);
      const said = likeliest(probabilities);
      return { prediction: probabilities[said] as number, error: said === target ? 0 : 1 };
    })
    .sort((a, b) => a.prediction - b.prediction || a.error - b.error);
  const metrics: Metrics = {
    trainRows: job.split.train.length,
    testRows: job.split.test.length,
    ...own,
    baselineRmse: usual.rmse,
    baselineMae: usual.mae,
    baselines: { mean: usual, strongest: { input: "shares of the classes", ...usual } },
  };
  return { metrics, calibration };
}

function classErrors(targets: readonly number[], rowOf: (row: number) => ArrayLike<number>): Errors {
  let [squares, missed] = [0, 0];
  targets.forEach((target, row) => {
    const probabilities = rowOf(row);
    for (let k = 0; k < probabilities.length; k++) {
      const apart = (probabilities[k] as number) - (k === target ? 1 : 0);
      squares += apart * apart;
    }
    missed += 1 - (probabilities[target] as number);
  });
  return { rmse: Math.sqrt(squares / targets.length), mae: missed / targets.length };
}

function meanBaseline(job: Prepared, targets: readonly number[]): Errors {
  let sum = 0;
  for (const value of job.trainY) sum += value;
  const mean = clampWhen(job.recipe.clamp, sum / job.trainY.length);
  return errorsOf(targets.map((target) => mean - target));
}

/** Least squares y = a + b x on each input alone that is never empty; keeps the one with the smallest training error. */
function strongestBaseline(job: Prepared, targets: readonly number[]): Errors & { input: string } {
  const width = job.features.length;
  const rows = job.trainY.length;
  const mean = job.trainY.reduce((sum, y) => sum + y, 0) / rows;
  let best = { feature: 0, slope: 0, intercept: mean, squares: Number.POSITIVE_INFINITY };
  for (let feature = 0; feature < width; feature++) {
    let [sumX, sumY] = [0, 0];
    for (let row = 0; row < rows; row++) {
      sumX += job.trainX[row * width + feature] as number;
      sumY += job.trainY[row] as number;
    }
    const [meanX, meanY] = [sumX / rows, sumY / rows];
    let [xx, xy, yy] = [0, 0, 0];
    for (let row = 0; row < rows; row++) {
      const dx = (job.trainX[row * width + feature] as number) - meanX;
      const dy = (job.trainY[row] as number) - meanY;
      xx += dx * dx;
      xy += dx * dy;
      yy += dy * dy;
    }
    if (Number.isNaN(xx)) continue;
    const slope = xx > 0 ? xy / xx : 0;
    const squares = yy - slope * xy;
    if (squares < best.squares) best = { feature, slope, intercept: meanY - slope * meanX, squares };
  }
  const errors = job.split.test.map((sample, index) => {
    const x = job.samples.x[sample * width + best.feature] as number;
    const value = Number.isNaN(x) ? mean : best.intercept + best.slope * x;
    return clampWhen(job.recipe.clamp, value) - (targets[index] as number);
  });
  return { input: featureName(job.features[best.feature] as (typeof job.features)[0]), ...errorsOf(errors) };
}

function binaryMetrics(predictions: readonly number[], targets: readonly number[]): NonNullable<Metrics["binary"]> {
  const floor = 2 ** -24;
  let [loss, right] = [0, 0];
  predictions.forEach((prediction, index) => {
    const likely = targets[index] === 1 ? prediction : 1 - prediction;
    loss -= log32(Math.fround(Math.max(likely, floor)));
    if (prediction >= 0.5 === (targets[index] === 1)) right++;
  });
  return {
    logLoss: loss / targets.length,
    accuracy: right / targets.length,
    auc: areaUnderCurve(predictions, targets),
  };
}
