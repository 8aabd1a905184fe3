import type { Outcome } from "./groupMetrics.ts";

/** Answers of one group whose probability lies in one tenth: from `from`, below `from` + 0.1 (the last tenth has 1 too). */
export interface CalibrationBin {
  readonly from: number;
  readonly rows: number;
  /** Mean probability that was said, and share that turned out 1. */
  readonly said: number;
  readonly seen: number;
}

/** How well the probabilities of one group fit what happened. */
export interface GroupCalibration {
  readonly group: string;
  /** Tenths with at least one row, ascending. */
  readonly bins: CalibrationBin[];
  /** Expected calibration error (Naeini, Cooper and Hauskrecht, AAAI 2015): mean |said - seen| over the tenths, by rows. */
  readonly expectedError: number;
  /** The largest |said - seen| of a tenth. */
  readonly largestError: number;
}

const TENTHS = 10;

/** Calibration of one group's answers; sums run in the order of the rows. SPEC T14. */
export function calibrationOf(group: string, outcomes: readonly Outcome[]): GroupCalibration {
  const sums = Array.from({ length: TENTHS }, () => ({ rows: 0, said: 0, seen: 0 }));
  for (const { probability, target } of outcomes) {
    const bin = sums[Math.min(TENTHS - 1, Math.max(0, Math.floor(probability * TENTHS)))] as (typeof sums)[0];
    bin.rows++;
    bin.said += probability;
    bin.seen += target;
  }
  const bins = sums.flatMap(({ rows, said, seen }, tenth) =>
    rows === 0 ? [] : [{ from: tenth / TENTHS, rows, said: said / rows, seen: seen / rows }],
  );
  const gaps = bins.map(({ rows, said, seen }) => ({ rows, gap: Math.abs(said - seen) }));
  return {
    group,
    bins,
    expectedError: gaps.reduce((sum, { rows, gap }) => sum + rows * gap, 0) / outcomes.length,
    largestError: Math.max(...gaps.map(({ gap }) => gap)),
  };
}
