// Settings that the evidence tests judge, and how often.
import { binaryScores } from "../src/metrics/classes.ts";
import type { BoostSettings } from "../src/trees/boost.ts";
import { crossPredict, stratifiedFolds } from "../src/trees/folds.ts";
import type { EvidenceRows } from "./evidence.ts";

/** Plain defaults at the size that the benchmark names. */
export const FRAUD: BoostSettings = { task: "binary", trees: 300, leaves: 31, learningRate: 0.1 };

/**
 * The least F1 and area under the curve by protocol. The published floors (F1 .94 on B, .86 on C) are for 80 % of all 9,841
 * accounts to learn from; here it is 80 % of 6,888.
 */
export const FRAUD_FLOORS = {
  A: { f1: 0.96, auc: 0.997 },
  B: { f1: 0.925, auc: 0.995 },
  C: { f1: 0.82, auc: 0.975 },
} as const;

/** Small steps, small trees and few features a tree, as suits a thousand rows of many weak columns: a first guess, kept. */
export const CREDIT: BoostSettings = {
  task: "binary",
  trees: 200,
  leaves: 4,
  learningRate: 0.05,
  rowShare: 0.5,
  featureShare: 0.3,
};

/** What the nested test chooses among, inside the training part of every fold. */
const CHOICE: readonly BoostSettings[] = [
  CREDIT,
  { ...CREDIT, trees: 300, leaves: 6, learningRate: 0.02, featureShare: 0.2, minRows: 10, lambda: 5 },
  { ...CREDIT, trees: 600, leaves: 8, learningRate: 0.01, featureShare: 0.2, minRows: 10, lambda: 5 },
];

/** Of {@link CHOICE} the settings with the largest area under the curve in a 3-fold of the training rows alone. */
export function chooseSettings({ x, y }: { readonly x: Float32Array; readonly y: Float32Array }): BoostSettings {
  const areas = CHOICE.map((settings) => {
    const answers = crossPredict(x, y, stratifiedFolds(y, 3, 7), () => settings);
    return binaryScores([...answers], [...y]).auc as number;
  });
  return CHOICE[areas.indexOf(Math.max(...areas))] as BoostSettings;
}

/** Mean and deviation over repeated stratified 10-folds: area under the curve of all held-out answers of a repeat. */
export function creditRepeats(
  { x, y }: EvidenceRows,
  repeats: number,
  settingsFor: Parameters<typeof crossPredict>[3] = () => CREDIT,
) {
  const scores = Array.from({ length: repeats }, (_, repeat) => {
    const answers = crossPredict(x, y, stratifiedFolds(y, 10, 1000 + repeat), settingsFor);
    return binaryScores([...answers], [...y]);
  });
  const areas = scores.map(({ auc }) => auc as number);
  const mean = areas.reduce((sum, area) => sum + area, 0) / repeats;
  const squares = areas.reduce((sum, area) => sum + (area - mean) * (area - mean), 0);
  const brier = scores.reduce((sum, score) => sum + score.brier, 0) / repeats;
  return { mean, deviation: Math.sqrt(squares / Math.max(1, repeats - 1)), brier };
}
