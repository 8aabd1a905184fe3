// Boosted trees on tables from a folder outside the repository: ASSAY_EVIDENCE (default ../shared).
// Settings are the same for every fold and were not chosen by these results; the long test chooses inside each fold.
import { describe, expect, test } from "vitest";
import { binaryScores } from "../../packages/machines/engine/src/metrics/classes.ts";
import { boost } from "../../packages/machines/engine/src/trees/boost.ts";
import { ensembleHash } from "../../packages/machines/engine/src/trees/encode.ts";
import { crossPredict, stratifiedFolds } from "../../packages/machines/engine/src/trees/folds.ts";
import { type EvidenceRows, readCredit, readFraud } from "../../packages/machines/engine/test/evidence.ts";
import { CREDIT, creditRepeats, FRAUD } from "../../packages/machines/engine/test/treeSettings.ts";

const fraud = readFraud("B");

describe.skipIf(fraud === undefined)("fraud-accounts, 300 trees of 31 leaves, stratified 5-fold, threshold 0.5", () => {
  // The published floors (F1 .94 on B, .86 on C) are for 80 % of all 9,841 accounts to learn from; here it is 80 % of 6,888.
  test.each<["A" | "B" | "C", { f1: number; auc: number }]>([
    ["A", { f1: 0.96, auc: 0.997 }],
    ["B", { f1: 0.925, auc: 0.995 }],
    ["C", { f1: 0.82, auc: 0.975 }],
  ])("protocol %s", (protocol, floor) => {
    const { x, y } = readFraud(protocol) as EvidenceRows;
    const answers = crossPredict(x, y, stratifiedFolds(y, 5, 42), () => FRAUD);
    const scores = binaryScores([...answers], [...y]);
    console.log(`fraud ${protocol}: F1 ${scores.f1.toFixed(4)}, AUC ${scores.auc?.toFixed(4)} on ${y.length} rows`);
    expect(scores.f1).toBeGreaterThanOrEqual(floor.f1);
    expect(scores.auc).toBeGreaterThanOrEqual(floor.auc);
  });

  test("the order of rows does not change a bit", () => {
    const { x, y } = fraud as EvidenceRows;
    const width = x.length / y.length;
    const turned = Float32Array.from(x, (_, i) => {
      const row = y.length - 1 - Math.floor(i / width);
      return x[row * width + (i % width)] as number;
    });
    const short = { ...FRAUD, trees: 30 };
    expect(ensembleHash(boost(turned, y.slice().reverse(), short))).toBe(ensembleHash(boost(x, y, short)));
  });
});

const credit = readCredit();

describe.skipIf(credit === undefined)("German credit", () => {
  test("three times 10-fold: the area under the curve is that of the ridge logistic or better", () => {
    const { mean, deviation, brier } = creditRepeats(credit as EvidenceRows, 3);
    console.log(
      `credit: AUC ${mean.toFixed(4)} +- ${deviation.toFixed(4)}, Brier ${brier.toFixed(4)}, ${CREDIT.trees} trees`,
    );
    expect(mean).toBeGreaterThanOrEqual(0.786);
    expect(brier).toBeLessThanOrEqual(0.166);
  });
});
