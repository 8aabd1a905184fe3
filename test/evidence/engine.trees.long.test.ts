// Boosted trees on the tables in ASSAY_EVIDENCE (default ../shared): fraud-accounts, 5-fold; German credit, ten times 10-fold.
import { describe, expect, test } from "vitest";
import { binaryScores } from "../../packages/machines/engine/src/metrics/classes.ts";
import { crossPredict, stratifiedFolds } from "../../packages/machines/engine/src/trees/folds.ts";
import { type EvidenceRows, readCredit, readFraud } from "../../packages/machines/engine/test/evidence.ts";
import {
  chooseSettings,
  creditRepeats,
  FRAUD,
  FRAUD_FLOORS,
} from "../../packages/machines/engine/test/treeSettings.ts";

const credit = readCredit();

describe.skipIf(credit === undefined)("German credit, ten times 10-fold: AUC of .786 or better, Brier of .166", () => {
  test.each([
    ["one setting for all", undefined],
    ["settings chosen in the training part of every fold", chooseSettings],
  ])("%s", (name, choose) => {
    const { mean, deviation, brier } = creditRepeats(credit as EvidenceRows, 10, choose);
    console.log(`credit, ${name}: AUC ${mean.toFixed(4)} +- ${deviation.toFixed(4)}, Brier ${brier.toFixed(4)}`);
    expect(mean).toBeGreaterThanOrEqual(0.786);
    expect(brier).toBeLessThanOrEqual(0.166);
  });
});

describe.skipIf(readFraud("B") === undefined)("fraud-accounts, 300 trees of 31 leaves, stratified 5-fold", () => {
  test.each(["A", "B", "C"] as const)("protocol %s", (protocol) => {
    const { x, y } = readFraud(protocol) as EvidenceRows;
    const answers = crossPredict(x, y, stratifiedFolds(y, 5, 42), () => FRAUD);
    const scores = binaryScores([...answers], [...y]);
    console.log(`fraud ${protocol}: F1 ${scores.f1.toFixed(4)}, AUC ${scores.auc?.toFixed(4)} on ${y.length} rows`);
    expect(scores.f1).toBeGreaterThanOrEqual(FRAUD_FLOORS[protocol].f1);
    expect(scores.auc).toBeGreaterThanOrEqual(FRAUD_FLOORS[protocol].auc);
  });
});
