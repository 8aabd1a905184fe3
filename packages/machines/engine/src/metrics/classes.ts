import { InvalidInputError } from "@base/errors";
import { log32 } from "../ops/log/reference.ts";
import { areaUnderCurve, averagePrecision } from "./ranking.ts";

/** How well probabilities of 1 fit targets 0 and 1. */
export interface BinaryScores {
  readonly rows: number;
  /** Area under the ROC curve; null when one class is absent. */
  readonly auc: number | null;
  readonly averagePrecision: number | null;
  /** Of class 1 at the threshold; 0 when nothing is found. */
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly accuracy: number;
  /** Mean of -ln(probability of what happened); probabilities are kept at 2^-24 or above. */
  readonly logLoss: number;
  /** Mean squared difference of probability and target. */
  readonly brier: number;
}

function check(predictions: readonly unknown[], targets: readonly number[]): void {
  if (predictions.length === 0 || predictions.length !== targets.length)
    throw new InvalidInputError("Metrics need as many predictions as targets, and at least one.");
}

const lossOf = (probability: number) => -log32(Math.fround(Math.max(probability, 2 ** -24)));

/** Scores of probabilities against targets; the threshold is 0.5 unless said. Throws InvalidInputError on unequal lengths. */
export function binaryScores(
  probabilities: readonly number[],
  targets: readonly number[],
  threshold = 0.5,
): BinaryScores {
  check(probabilities, targets);
  let [hits, alarms, misses, right, loss, squares] = [0, 0, 0, 0, 0, 0];
  probabilities.forEach((probability, index) => {
    const target = targets[index] as number;
    const said = probability >= threshold ? 1 : 0;
    if (said === target) right++;
    if (said === 1 && target === 1) hits++;
    else if (said === 1) alarms++;
    else if (target === 1) misses++;
    loss += lossOf(target === 1 ? probability : 1 - probability);
    squares += (probability - target) * (probability - target);
  });
  const rows = targets.length;
  return {
    rows,
    auc: areaUnderCurve(probabilities, targets),
    averagePrecision: averagePrecision(probabilities, targets),
    precision: hits === 0 ? 0 : hits / (hits + alarms),
    recall: hits === 0 ? 0 : hits / (hits + misses),
    f1: hits === 0 ? 0 : (2 * hits) / (2 * hits + alarms + misses),
    accuracy: right / rows,
    logLoss: loss / rows,
    brier: squares / rows,
  };
}

/** How well probabilities of classes fit class numbers. */
export interface ClassScores {
  readonly rows: number;
  /** Share of rows whose likeliest class (the first of equals) is right. */
  readonly accuracy: number;
  /** Mean of the F1 of each class that occurs. */
  readonly macroF1: number;
  readonly logLoss: number;
  /** Mean over rows of the sum over classes of squared differences, from 0 to 2. */
  readonly brier: number;
}

/** Scores of one list of probabilities a row against class numbers. Throws InvalidInputError on unequal lengths. */
export function classScores(probabilities: readonly ArrayLike<number>[], targets: readonly number[]): ClassScores {
  check(probabilities, targets);
  const classes = probabilities[0]?.length ?? 0;
  const [hits, said, there] = [0, 1, 2].map(() => Array.from({ length: classes }, () => 0)) as [
    number[],
    number[],
    number[],
  ];
  let [loss, squares] = [0, 0];
  probabilities.forEach((row, index) => {
    const target = targets[index] as number;
    let likeliest = 0;
    for (let k = 0; k < classes; k++) {
      const apart = (row[k] as number) - (k === target ? 1 : 0);
      squares += apart * apart;
      if ((row[k] as number) > (row[likeliest] as number)) likeliest = k;
    }
    said[likeliest] = (said[likeliest] as number) + 1;
    there[target] = (there[target] as number) + 1;
    if (likeliest === target) hits[target] = (hits[target] as number) + 1;
    loss += lossOf(row[target] as number);
  });
  const rows = targets.length;
  const present = there.flatMap((count, k) =>
    count === 0 ? [] : [(2 * (hits[k] as number)) / (count + (said[k] as number))],
  );
  return {
    rows,
    accuracy: hits.reduce((sum, count) => sum + count, 0) / rows,
    macroF1: present.reduce((sum, f1) => sum + f1, 0) / present.length,
    logLoss: loss / rows,
    brier: squares / rows,
  };
}

/** Index of the largest entry, of equals the first. */
export function likeliest(row: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < row.length; k++) if ((row[k] as number) > (row[best] as number)) best = k;
  return best;
}
