// Boosted trees on tables from a folder outside the repository: ASSAY_EVIDENCE (default ../shared).
// Settings are the same for every fold and were not chosen by these results; the long test chooses inside each fold.
import { describe, expect, test } from "vitest";
import { binaryScores } from "../../packages/machines/engine/src/metrics/classes.ts";
import { boost } from "../../packages/machines/engine/src/trees/boost.ts";
import { ensembleHash } from "../../packages/machines/engine/src/trees/encode.ts";
import { Predictor } from "../../packages/machines/engine/src/trees/ensemble.ts";
import { crossPredict, stratifiedFolds, takeRows } from "../../packages/machines/engine/src/trees/folds.ts";
import { type EvidenceRows, readCredit, readFraud } from "../../packages/machines/engine/test/evidence.ts";
import { CREDIT, creditRepeats, FRAUD, FRAUD_FLOORS } from "../../packages/machines/engine/test/treeSettings.ts";

const fraud = readFraud("B");

/** F1 and area under the curve of answers to rows that the model has not seen must not be below the floor. */
function judge(
  name: string,
  answers: readonly number[],
  y: readonly number[],
  floor: { f1: number; auc: number },
): void {
  const { f1, auc } = binaryScores(answers, y);
  console.log(`fraud ${name}: F1 ${f1.toFixed(4)}, AUC ${auc?.toFixed(4)} on ${y.length} rows`);
  expect(f1).toBeGreaterThanOrEqual(floor.f1);
  expect(auc).toBeGreaterThanOrEqual(floor.auc);
}

describe.skipIf(fraud === undefined)("fraud-accounts, 300 trees of 31 leaves, threshold 0.5", () => {
  test("protocol B, stratified 5-fold", () => {
    const { x, y } = fraud as EvidenceRows;
    judge("B", [...crossPredict(x, y, stratifiedFolds(y, 5, 42), () => FRAUD)], [...y], FRAUD_FLOORS.B);
  });

  // One of the five folds that the long test judges together.
  test.each(["A", "C"] as const)("protocol %s, one fold", (protocol) => {
    const { x, y } = readFraud(protocol) as EvidenceRows;
    const fold = stratifiedFolds(y, 5, 42);
    const part = (held: boolean) =>
      takeRows(
        x,
        y,
        [...fold.keys()].filter((row) => (fold[row] === 0) === held),
      );
    const [train, held] = [part(false), part(true)];
    const model = new Predictor(boost(train.x, train.y, FRAUD));
    const width = x.length / y.length;
    const answers = [...held.y.keys()].map(
      (i) => model.predict(held.x.subarray(i * width, (i + 1) * width))[0] as number,
    );
    judge(protocol, answers, [...held.y], FRAUD_FLOORS[protocol]);
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
