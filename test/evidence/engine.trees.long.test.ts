// German credit, ten times 10-fold, on the table in ASSAY_EVIDENCE (default ../shared).
import { describe, expect, test } from "vitest";
import { type EvidenceRows, readCredit } from "../../packages/machines/engine/test/evidence.ts";
import { chooseSettings, creditRepeats } from "../../packages/machines/engine/test/treeSettings.ts";

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
