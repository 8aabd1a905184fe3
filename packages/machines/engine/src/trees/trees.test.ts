import { expect, test } from "vitest";
import { jsonHash } from "../commit/roots.ts";
import { areaUnderCurve } from "../model/evaluate.ts";
import { randomWord } from "../random/philox.ts";
import { binOf, thresholdsOf } from "./bins.ts";
import { boost, type BoostSettings, type Ensemble, predictRow, scoreRow } from "./boost.ts";
import { ONE } from "./grow.ts";

const unit = (a: number, i: number) => randomWord(5, 95, a, 0, i) / 2 ** 32;
const ROWS = 1200;
const x = Float32Array.from({ length: ROWS * 4 }, (_, i) => unit(1, i));
const noise = (row: number) => (unit(2, row) - 0.5) / 5;
const curve = Float32Array.from({ length: ROWS }, (_, row) => {
  const [a, b] = [x[row * 4] as number, x[row * 4 + 1] as number];
  return (a > 0.5 ? b : 1 - b) + noise(row);
});
const classes = curve.map((value) => (value > 0.5 ? 1 : 0));
const REGRESSION: BoostSettings = { task: "regression", trees: 60, leaves: 8, learningRate: 0.2 };
const half = (ROWS / 2) * 4;

const rowOf = (row: number) => x.subarray(row * 4, row * 4 + 4);
const testRows = Array.from({ length: ROWS / 2 }, (_, i) => i + ROWS / 2);

test("boosting learns an interaction that no line can", () => {
  const model = boost(x.subarray(0, half), curve.subarray(0, ROWS / 2), REGRESSION);
  const errors = testRows.map((row) => predictRow(model, rowOf(row)) - (curve[row] as number));
  const rmse = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
  expect(rmse).toBeLessThan(0.09); // the noise alone has 0.058; the spread of the target is 0.29
});

test("boosting ranks two classes", () => {
  const model = boost(x.subarray(0, half), classes.subarray(0, ROWS / 2), { ...REGRESSION, task: "binary" });
  const scores = testRows.map((row) => predictRow(model, rowOf(row)));
  expect(
    areaUnderCurve(
      scores,
      testRows.map((row) => classes[row] as number),
    ),
  ).toBeGreaterThan(0.96);
  for (const score of scores) expect(score >= 0 && score <= 1).toBe(true);
});

test("the same rows give the same trees, and these are known", () => {
  const hash = jsonHash(boost(x, curve, { ...REGRESSION, trees: 10 }));
  expect(jsonHash(boost(x.slice(), curve.slice(), { ...REGRESSION, trees: 10 }))).toBe(hash);
  expect(hash).toBe("0xf8686ef062bad8ee1b46f542e85621ec41b33e6bf9a5e6645776d204d821a5b1");
});

test("the order of rows does not matter: every sum is exact", () => {
  const order = Array.from({ length: ROWS }, (_, i) => (i * 7 + 3) % ROWS);
  const shuffled = Float32Array.from(
    { length: x.length },
    (_, i) => x[(order[i >> 2] as number) * 4 + (i & 3)] as number,
  );
  const targets = Float32Array.from(order, (row) => curve[row] as number);
  expect(boost(shuffled, targets, { ...REGRESSION, trees: 10 })).toEqual(boost(x, curve, { ...REGRESSION, trees: 10 }));
});

test("every number in an ensemble is an integer but the thresholds, and trees obey their limits", () => {
  const model = boost(x, curve, { ...REGRESSION, minRows: 50 });
  for (const tree of model.trees) {
    expect(tree.feature.filter((feature) => feature < 0).length).toBeLessThanOrEqual(8);
    expect(tree.value.every(Number.isSafeInteger)).toBe(true);
    const visits = new Map<number, number>();
    for (let row = 0; row < ROWS; row++) {
      let node = 0;
      while ((tree.feature[node] as number) >= 0) {
        const yes = (rowOf(row)[tree.feature[node] as number] as number) <= (tree.threshold[node] as number);
        node = (yes ? tree.left[node] : tree.right[node]) as number;
      }
      visits.set(node, (visits.get(node) ?? 0) + 1);
    }
    for (const count of visits.values()) expect(count).toBeGreaterThanOrEqual(50);
  }
});

test("one split by hand", () => {
  const model: Ensemble = boost(Float32Array.of(1, 2, 3, 4), Float32Array.of(0, 0, 1, 1), {
    task: "regression",
    trees: 1,
    leaves: 2,
    learningRate: 1,
    minRows: 1,
    lambda: 0,
  });
  expect(model.start).toBe(ONE / 2);
  expect(model.trees[0]).toMatchObject({
    feature: [0, -1, -1],
    threshold: [2, 0, 0],
    left: [1, -1, -1],
    right: [2, -1, -1],
  });
  expect(scoreRow(model, Float32Array.of(2))).toBeCloseTo(0, -1);
  expect(scoreRow(model, Float32Array.of(2.5)) / ONE).toBeCloseTo(1, 3);
});

test("thresholds and bins agree", () => {
  const column = Float32Array.from({ length: 5000 }, (_, i) => Math.fround(unit(3, i)));
  const [thresholds] = thresholdsOf(column, 5000, 1) as [Float32Array];
  expect(thresholds.length).toBeLessThanOrEqual(255);
  for (const value of column.subarray(0, 500))
    thresholds.forEach((threshold, bin) => {
      if (binOf(thresholds, value) <= bin !== value <= threshold) expect.fail(`${value} at ${threshold}`);
    });
  expect(thresholdsOf(Float32Array.of(3, 3, 3), 3, 1)[0]).toHaveLength(0);
});

test("what cannot be boosted is refused", () => {
  expect(() => boost(new Float32Array(), new Float32Array(), REGRESSION)).toThrow(/rows/);
  expect(() => boost(Float32Array.of(Number.NaN), Float32Array.of(1), REGRESSION)).toThrow(/finite/);
  expect(() => boost(Float32Array.of(1), Float32Array.of(0.5), { ...REGRESSION, task: "binary" })).toThrow(/0 or 1/);
  expect(() => boost(Float32Array.of(1), Float32Array.of(1), { ...REGRESSION, leaves: 0 })).toThrow(/leaves/);
});
