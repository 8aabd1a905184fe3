import { log32 } from "../ops/log/reference.ts";
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

/** A model's answer for one input vector, binary32. */
export type Answer = (x: Float32Array) => number;

/** Keeps a value in [0, 1] when asked. */
export function clampWhen(clamp: boolean | undefined, value: number): number {
  if (clamp !== true) return value;
  return value < 0 ? 0 : Math.min(value, 1);
}

/** Predictions of the test samples, in the split's order. */
function predict(job: Prepared, answer: Answer): number[] {
  const width = job.features.length;
  return job.split.test.map((sample) => {
    return clampWhen(job.recipe.clamp, answer(job.samples.x.subarray(sample * width, (sample + 1) * width)));
  });
}

/** Measures a trained model and its plain rivals on the test samples; residuals come sorted by prediction. */
export function evaluate(job: Prepared, answer: Answer): { metrics: Metrics; calibration: Residual[] } {
  const predictions = predict(job, answer);
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

/** Area under the ROC curve by ranks; ties count one half. Null when one class is absent. */
export function areaUnderCurve(predictions: readonly number[], targets: readonly number[]): number | null {
  const order = predictions
    .map((_, index) => index)
    .sort((a, b) => (predictions[a] as number) - (predictions[b] as number));
  let [rankSum, positives] = [0, 0];
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && predictions[order[to] as number] === predictions[order[from] as number]) to++;
    const rank = (from + to + 1) / 2; // mean of the ranks from + 1 .. to
    for (let i = from; i < to; i++)
      if (targets[order[i] as number] === 1) {
        rankSum += rank;
        positives++;
      }
    from = to;
  }
  const negatives = targets.length - positives;
  if (positives === 0 || negatives === 0) return null;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
