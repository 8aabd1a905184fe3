// Figures that the README quotes, recomputed from the public yield tables of the USDA (kwstat/agridat, data/nass.*.txt).
// ASSAY_EVIDENCE names a folder with data/crops/ in it; without one the figures are skipped, with a word about it.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { report } from "../../src/report.ts";
import { reportInput } from "../../src/shapes.ts";

const crops = join(resolve(process.env.ASSAY_EVIDENCE ?? "../shared"), "data", "crops");
const present = existsSync(join(crops, "nass.corn.txt"));
if (!present) console.warn(`cover.pricing: skipped, there are no yield tables in ${crops} (set ASSAY_EVIDENCE)`);

const narrow = { trigger: "0.75", exit: "0.10", maxShare: "0.90" };
const wide = { trigger: "0.85", exit: "0.25", maxShare: "0.75" };

describe.skipIf(!present)("prices on US state yields, trained on 1930-1989, tested on 1990-2011", () => {
  test.each([
    ["corn", narrow, { burnTrain: 0.76, burnTest: 0.37, lossRatio: 0.47, worst: [2002, 3.0] }],
    ["wheat", narrow, { burnTrain: 0.59, burnTest: 0.34, lossRatio: 0.58, worst: [1991, 5.8] }],
    ["soybean", narrow, { burnTrain: 0.53, burnTest: 0.43, lossRatio: 0.81, worst: [1999, 3.5] }],
    ["corn", wide, { burnTrain: 1.46, burnTest: 0.87, lossRatio: 0.56, worst: [2002, 2.8] }],
    ["wheat", wide, { burnTrain: 1.3, burnTest: 1.01, lossRatio: 0.77, worst: [1991, 4.5] }],
    ["soybean", wide, { burnTrain: 1.23, burnTest: 1.42, lossRatio: 1.16, worst: [1999, 3.6] }],
  ])("%s %o", async (crop, terms, expected) => {
    const data = join(crops, `nass.${crop}.txt`);
    const priced = await report({ progress: () => {} }, reportInput.parse({ data, ...terms }));
    // Two decimals of a percent; corn's test burn is 0.37499 %.
    expect(100 * priced.burnTrain).toBeCloseTo(expected.burnTrain, 2);
    expect(Math.abs(100 * priced.burnTest - expected.burnTest)).toBeLessThan(0.0051);
    expect(Math.abs(priced.lossRatio - expected.lossRatio)).toBeLessThan(0.0051);
    expect(priced.worstYear.year).toBe(expected.worst[0]);
    expect(Math.abs(priced.worstYear.lossRatio - (expected.worst[1] as number))).toBeLessThan(0.051);
    // Capital, not price, is the constraint: several years of premium.
    expect(priced.capital99).toBeGreaterThan(5);
  });
});
