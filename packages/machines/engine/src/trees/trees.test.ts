import { expect, test } from "vitest";
import { areaUnderCurve } from "../metrics/ranking.ts";
import { randomWord } from "../random/philox.ts";
import { binOf, MAX_BINS, thresholdsOf } from "./bins.ts";
import { boost, type BoostSettings, Booster, type Ensemble, predictRow, scoreRow } from "./boost.ts";
import { ensembleHash } from "./encode.ts";
import { Predictor } from "./ensemble.ts";

const unit = (a: number, i: number) => randomWord(5, 95, a, 0, i) / 2 ** 32;
const ROWS = 1200;
const x = Float32Array.from({ length: ROWS * 4 }, (_, i) => unit(1, i));
const noise = (row: number) => (unit(2, row) - 0.5) / 5;
const curve = Float32Array.from({ length: ROWS }, (_, row) => {
  const [a, b] = [x[row * 4] as number, x[row * 4 + 1] as number];
  return (a > 0.5 ? b : 1 - b) + noise(row);
});
const classes = curve.map((value) => (value > 0.5 ? 1 : 0));
const three = curve.map((value) => (value < 0.35 ? 0 : value < 0.65 ? 1 : 2));
const holes = x.map((value, i) => (unit(7, i) < 0.1 ? Number.NaN : value));
const REGRESSION: BoostSettings = { task: "regression", trees: 60, leaves: 8, learningRate: 0.2 };
const HALF = ROWS / 2;

const rowOf = (row: number, from = x) => from.subarray(row * 4, row * 4 + 4);
const testRows = Array.from({ length: HALF }, (_, i) => i + HALF);
const half = <T extends Float32Array>(values: T, width = 1) => values.subarray(0, HALF * width);

function rootMeanSquare(model: Ensemble, from = x, targets = curve): number {
  const predictor = new Predictor(model);
  const errors = testRows.map((row) => (predictor.predict(rowOf(row, from))[0] as number) - (targets[row] as number));
  return Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
}

test("boosting learns an interaction that no line can", () => {
  // the noise alone has 0.058; the spread of the target is 0.29
  expect(rootMeanSquare(boost(half(x, 4), half(curve), REGRESSION))).toBeLessThan(0.09);
});

test("targets of any size are learned alike", () => {
  const large = curve.map((value) => value * 1e6);
  const small = curve.map((value) => value * 1e-6);
  expect(rootMeanSquare(boost(half(x, 4), half(large), REGRESSION), x, large)).toBeLessThan(0.09e6);
  expect(rootMeanSquare(boost(half(x, 4), half(small), REGRESSION), x, small)).toBeLessThan(0.09e-6);
});

test("boosting ranks two classes", () => {
  const model = boost(half(x, 4), half(classes), { ...REGRESSION, task: "binary" });
  const scores = testRows.map((row) => predictRow(model, rowOf(row)));
  const truth = testRows.map((row) => classes[row] as number);
  expect(areaUnderCurve(scores, truth)).toBeGreaterThan(0.96);
  for (const score of scores) expect(score > 0 && score < 1).toBe(true);
});

test("boosting tells three classes apart, and their probabilities add up to one", () => {
  const model = new Predictor(boost(half(x, 4), half(three), { ...REGRESSION, task: "multiclass", classes: 3 }));
  let right = 0;
  for (const row of testRows) {
    const p = model.predict(rowOf(row));
    expect(p.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6);
    if (p.indexOf(Math.max(...p)) === three[row]) right++;
  }
  expect(right / testRows.length).toBeGreaterThan(0.78); // always the commonest class: 0.37
});

const MODELS: [string, () => Ensemble, string][] = [
  [
    "regression",
    () => boost(x, curve, { ...REGRESSION, trees: 10 }),
    "0x277c52c41ba66a8f874eeb7f3c66e3eee975e027bd16cf0b4034b2226fa7c305",
  ],
  [
    "two classes with holes",
    () => boost(holes, classes, { ...REGRESSION, task: "binary", trees: 10 }),
    "0x1543bacb6cfd3f3f1ad750b5681ad8bdab08dc8662ddf06467adf099fae4fcd3",
  ],
  [
    "three classes, drawn rows and features",
    () =>
      boost(x, three, {
        ...REGRESSION,
        task: "multiclass",
        classes: 3,
        trees: 5,
        rowShare: 0.6,
        featureShare: 0.5,
        classWeights: "balanced",
        seed: 9,
      }),
    "0xe04ec3e937bf75db6f5371fc69fbc00f26e18d7e7440393c8bcc9ffca41902d7",
  ],
];

test.each(MODELS)("the same rows give the same trees, and these are known: %s", (_, make, known) => {
  const hash = ensembleHash(make());
  expect(ensembleHash(make())).toBe(hash);
  expect(hash).toBe(known);
});

test("the order of rows does not matter, not even to drawn rows and early stopping", () => {
  const order = Array.from({ length: ROWS }, (_, i) => (i * 7 + 3) % ROWS);
  const shuffle = (from: Float32Array) =>
    Float32Array.from({ length: from.length }, (_, i) => from[(order[i >> 2] as number) * 4 + (i & 3)] as number);
  const targets = (from: Float32Array) => Float32Array.from(order, (row) => from[row] as number);
  const plain: BoostSettings = { ...REGRESSION, trees: 12 };
  const drawn: BoostSettings = {
    ...plain,
    rowShare: 0.5,
    featureShare: 0.75,
    seed: 3,
    stopping: { rounds: 3, share: 0.2 },
  };
  for (const settings of [plain, drawn]) {
    expect(ensembleHash(boost(shuffle(holes), targets(curve), settings))).toBe(
      ensembleHash(boost(holes, curve, settings)),
    );
    const binary: BoostSettings = { ...settings, task: "binary" };
    expect(ensembleHash(boost(shuffle(x), targets(classes), binary))).toBe(ensembleHash(boost(x, classes, binary)));
  }
});

test("every number in an ensemble is an integer but the thresholds, and trees obey their limits", () => {
  const model = boost(holes, curve, { ...REGRESSION, minRows: 50 });
  for (const tree of model.trees) {
    expect(tree.feature.filter((feature) => feature < 0).length).toBeLessThanOrEqual(8);
    expect([...tree.value, ...tree.cover].every(Number.isSafeInteger)).toBe(true);
    const visits = tree.feature.map(() => 0);
    for (let row = 0; row < ROWS; row++) {
      let node = 0;
      for (;;) {
        visits[node] = (visits[node] as number) + 1;
        if ((tree.feature[node] as number) < 0) break;
        const value = rowOf(row, holes)[tree.feature[node] as number] as number;
        const yes = Number.isNaN(value) ? tree.missingLeft[node] === 1 : value <= (tree.threshold[node] as number);
        node = (tree.left[node] as number) + (yes ? 0 : 1);
      }
    }
    expect(visits).toEqual(tree.cover);
    tree.cover.forEach((count) => {
      expect(count).toBeGreaterThanOrEqual(50);
    });
  }
});

test("one split by hand", () => {
  const one: BoostSettings = { task: "regression", trees: 1, leaves: 2, learningRate: 1, minRows: 1, lambda: 0 };
  const model = boost(Float32Array.of(1, 2, 3, 4), Float32Array.of(0, 0, 1, 1), one);
  expect(model.shift).toBe(23);
  expect(model.start).toEqual([2 ** 22]);
  expect(model.trees[0]).toMatchObject({
    feature: [0, -1, -1],
    threshold: [2.5, 0, 0],
    left: [1, 0, 0],
    cover: [4, 2, 2],
  });
  expect(Math.abs(scoreRow(model, Float32Array.of(2.5)))).toBeLessThanOrEqual(1);
  expect(predictRow(model, Float32Array.of(2.6))).toBeCloseTo(1, 6);
});

test("a missing value goes where it helps, and alone when it says most", () => {
  const one: BoostSettings = { task: "regression", trees: 1, leaves: 2, learningRate: 1, minRows: 1, lambda: 0 };
  const nan = Number.NaN;
  const low = boost(Float32Array.of(1, nan, 3, 4), Float32Array.of(0, 0, 1, 1), one);
  expect(low.trees[0]).toMatchObject({ feature: [0, -1, -1], threshold: [2, 0, 0], missingLeft: [1, 0, 0] });
  const high = boost(Float32Array.of(1, 2, nan, 4), Float32Array.of(0, 0, 1, 1), one);
  expect(high.trees[0]).toMatchObject({ feature: [0, -1, -1], threshold: [3, 0, 0], missingLeft: [0, 0, 0] });
  const alone = boost(Float32Array.of(1, 2, 3, nan), Float32Array.of(0, 0, 0, 1), one);
  expect(predictRow(alone, Float32Array.of(nan))).toBeCloseTo(1, 6);
  expect(predictRow(alone, Float32Array.of(1e30))).toBeCloseTo(0, 6);
});

test("a run that takes over earlier trees ends in the same bytes", () => {
  const settings: BoostSettings = { ...REGRESSION, task: "multiclass", classes: 3, trees: 8, rowShare: 0.7, seed: 2 };
  const whole = boost(x, three, settings);
  const resumed = new Booster(x, three, settings);
  for (let round = 0; round < 5; round++) resumed.next(whole.trees.slice(round * 3, round * 3 + 3));
  while (!resumed.done) resumed.next();
  expect(ensembleHash(resumed.ensemble())).toBe(ensembleHash(whole));
});

test("early stopping ends before the rounds do, at the best round", () => {
  const coin = Float32Array.from({ length: ROWS }, (_, row) => (unit(11, row) < 0.5 ? 1 : 0));
  const settings: BoostSettings = {
    ...REGRESSION,
    task: "binary",
    trees: 200,
    stopping: { rounds: 5, share: 0.3 },
  };
  const booster = new Booster(x, coin, settings);
  while (!booster.done) booster.next();
  expect(booster.round).toBeLessThan(50); // there is nothing to learn in coins
  expect(booster.ensemble().trees.length).toBe(Math.max(1, booster.round - 5));
});

test("class weights move the answers", () => {
  const rare = Float32Array.from(classes, (value, row) => (value === 1 && row % 5 === 0 ? 1 : 0));
  const mean = (settings: Partial<BoostSettings>) => {
    const predictor = new Predictor(boost(x, rare, { ...REGRESSION, task: "binary", trees: 20, ...settings }));
    return testRows.reduce((sum, row) => sum + (predictor.predict(rowOf(row))[0] as number), 0) / HALF;
  };
  expect(mean({})).toBeLessThan(0.15);
  expect(mean({ classWeights: "balanced" })).toBeGreaterThan(0.3);
  expect(mean({ classWeights: [1, 1] })).toBe(mean({}));
});

test("the loss falls", () => {
  const booster = new Booster(x, classes, { ...REGRESSION, task: "binary" });
  const before = booster.loss;
  expect(before).toBeCloseTo(Math.log(2), 1);
  for (let round = 0; round < 20; round++) booster.next();
  expect(booster.loss).toBeLessThan(before / 2);
});

test("thresholds and bins agree, and a value that many rows share does not eat the bins", () => {
  const column = Float32Array.from({ length: 5000 }, (_, i) => (i % 2 === 0 ? 0 : Math.fround(unit(3, i))));
  const thresholds = thresholdsOf(column);
  expect(thresholds.length).toBe(MAX_BINS - 1);
  for (const value of column.subarray(0, 500))
    thresholds.forEach((threshold, bin) => {
      if (binOf(thresholds, value) <= bin !== value <= threshold) expect.fail(`${value} at ${threshold}`);
    });
  expect(thresholdsOf(Float32Array.of(3, 3, Number.NaN))).toHaveLength(0);
  expect([...thresholdsOf(Float32Array.of(1, 2, 2, 4))]).toEqual([1.5, 3]);
});

test("what cannot be boosted is refused", () => {
  expect(() => boost(new Float32Array(), new Float32Array(), REGRESSION)).toThrow(/rows/);
  expect(() => boost(Float32Array.of(Number.POSITIVE_INFINITY), Float32Array.of(1), REGRESSION)).toThrow(/finite/);
  expect(() => boost(Float32Array.of(1), Float32Array.of(0.5), { ...REGRESSION, task: "binary" })).toThrow(/0 or 1/);
  expect(() => boost(Float32Array.of(1), Float32Array.of(Number.NaN), REGRESSION)).toThrow(/no number/);
  expect(() =>
    boost(Float32Array.of(1), Float32Array.of(3), { ...REGRESSION, task: "multiclass", classes: 3 }),
  ).toThrow(/from 0 to 2/);
});

test.each<[keyof BoostSettings, unknown]>([
  ["task", "rank"],
  ["trees", 0],
  ["leaves", 1],
  ["minRows", 0.5],
  ["learningRate", 0],
  ["minWeight", -1],
  ["lambda", Number.NaN],
  ["rowShare", 0],
  ["featureShare", 2],
  ["seed", -1],
  ["classes", 3],
  ["classWeights", [1, 1]],
  ["stopping", { rounds: 0, share: 0.5 }],
])("a wrong setting is refused by name: %s", (setting, value) => {
  const settings = { ...REGRESSION, [setting]: value } as BoostSettings;
  expect(() => boost(x, curve, settings)).toThrow(new RegExp(`setting ${setting} `));
});
