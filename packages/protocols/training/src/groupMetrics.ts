import { InvalidInputError } from "@base/errors";
import { calibrationOf, type GroupCalibration } from "./calibration.ts";

/** One answer about one row: probability of 1, what happened, and the row's group. */
export interface Outcome {
  readonly group: string;
  readonly probability: number;
  readonly target: 0 | 1;
}

/** What a model does to one group; rates are null where nobody is there to count. */
export interface GroupMetrics {
  readonly group: string;
  readonly rows: number;
  readonly selected: number;
  /** Share that gets the answer 1. */
  readonly selectionRate: number;
  readonly truePositiveRate: number | null;
  readonly falsePositiveRate: number | null;
  /** Share of those with the answer 1 that turned out 1: predictive parity compares it. */
  readonly precision: number | null;
  readonly accuracy: number;
  /** Mean probability that was said, share that turned out 1: calibration in the large. */
  readonly said: number;
  readonly seen: number;
}

/** How groups differ. */
export interface Fairness {
  readonly groups: GroupMetrics[];
  /** Lowest selection rate over the highest; null where nobody is selected. */
  readonly disparateImpact: number | null;
  /** The four-fifths rule (29 CFR 1607.4 D): the ratio is 0.8 or more. */
  readonly fourFifths: boolean | null;
  /** Largest difference of selection rates. */
  readonly demographicParityDifference: number;
  /** Largest difference of true positive rates (equal opportunity) and of false positive rates; null where one is missing. */
  readonly truePositiveDifference: number | null;
  readonly falsePositiveDifference: number | null;
  /** The larger of the largest differences of true and of false positive rates; null where a rate is missing. */
  readonly equalisedOddsDifference: number | null;
  /** Largest |said - seen| of a group. */
  readonly calibrationGap: number;
  /** By group, in tenths of the probability. */
  readonly calibration: GroupCalibration[];
}

/** Metrics by group at a threshold, groups in the order of their names. Throws InvalidInputError without rows. */
export function groupMetrics(outcomes: readonly Outcome[], threshold: number): Fairness {
  if (outcomes.length === 0) throw new InvalidInputError("there is no row with an answer, a target and a group");
  const names = [...new Set(outcomes.map(({ group }) => group))].sort();
  const members = names.map((name) => [name, outcomes.filter(({ group }) => group === name)] as const);
  const groups = members.map(([name, rows]) => metricsOf(name, rows, threshold));
  const rates = groups.map(({ selectionRate }) => selectionRate);
  const [low, high] = [Math.min(...rates), Math.max(...rates)];
  const impact = high === 0 ? null : low / high;
  const right = spread(groups.map(({ truePositiveRate }) => truePositiveRate));
  const wrong = spread(groups.map(({ falsePositiveRate }) => falsePositiveRate));
  return {
    groups,
    disparateImpact: impact,
    fourFifths: impact === null ? null : impact >= 0.8,
    demographicParityDifference: high - low,
    truePositiveDifference: right,
    falsePositiveDifference: wrong,
    equalisedOddsDifference: right === null || wrong === null ? null : Math.max(right, wrong),
    calibrationGap: Math.max(...groups.map(({ said, seen }) => Math.abs(said - seen))),
    calibration: members.map(([name, rows]) => calibrationOf(name, rows)),
  };
}

function metricsOf(group: string, rows: readonly Outcome[], threshold: number): GroupMetrics {
  const yes = (row: Outcome) => row.probability >= threshold;
  const selected = rows.filter(yes).length;
  const positives = rows.filter(({ target }) => target === 1);
  const negatives = rows.filter(({ target }) => target === 0);
  const share = (part: readonly Outcome[]) => (part.length === 0 ? null : part.filter(yes).length / part.length);
  return {
    group,
    rows: rows.length,
    selected,
    selectionRate: selected / rows.length,
    truePositiveRate: share(positives),
    falsePositiveRate: share(negatives),
    precision: selected === 0 ? null : positives.filter(yes).length / selected,
    accuracy: rows.filter((row) => yes(row) === (row.target === 1)).length / rows.length,
    said: rows.reduce((sum, { probability }) => sum + probability, 0) / rows.length,
    seen: positives.length / rows.length,
  };
}

function spread(rates: readonly (number | null)[]): number | null {
  const known = rates.filter((rate) => rate !== null);
  return known.length === rates.length ? Math.max(...known) - Math.min(...known) : null;
}
