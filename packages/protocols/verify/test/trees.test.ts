import { bitsOf } from "@machines/engine/bits.ts";
import { philox4x32 } from "@machines/engine/random/philox.ts";
import { type Binned, binRows } from "@machines/engine/trees/bins.ts";
import { boost } from "@machines/engine/trees/boost.ts";
import { ensembleRoot } from "@machines/engine/trees/encode.ts";
import type { BoostSettings } from "@machines/engine/trees/boost.ts";
import { type Ensemble, Predictor } from "@machines/engine/trees/ensemble.ts";
import { HistogramBuilder } from "@machines/engine/trees/histogram.ts";
import { bestSplit } from "@machines/engine/trees/split.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { treesAnswerOf } from "../src/answerRun.ts";
import { openingsFor, refereeCase } from "../src/openings.ts";
import { TensorTree } from "../src/openTensor.ts";
import { EnsembleTree } from "../src/openTrees.ts";
import type { Question } from "../src/reads.ts";
import { Replay } from "../src/replay.ts";
import { leafValuesOf, treeProgram } from "../src/treeProgram.ts";
import { ask, deployReferees, judge, type Referees } from "./twin.ts";

let referees: Referees;
beforeAll(async () => {
  referees = await deployReferees();
});
afterAll(() => referees?.close());

const FEATURES = 5;
const draw = (i: number, salt: number) => philox4x32([i, salt, 0, 21], [0, 0])[0];

/** Rows with ties, missing values, both zeros and subnormals; rows to answer for may hold infinities too. */
function rowsOf(count: number, ...more: readonly number[]): Float32Array {
  const corners = [Number.NaN, 0, -0, 1e-45, -1e-45, ...more];
  return Float32Array.from({ length: count * FEATURES }, (_, i) => {
    const word = draw(i, 1);
    return word % 6 === 0 ? (corners[draw(i, 2) % corners.length] as number) : Math.fround((word % 1000) / 37 - 13);
  });
}

const x = rowsOf(300);
const signal = Float32Array.from({ length: 300 }, (_, row) => {
  const [a, b] = [x[row * FEATURES] as number, x[row * FEATURES + 3] as number];
  return (Number.isFinite(a) ? a : 3) + (Number.isFinite(b) ? 2 * b : -1) + (draw(row, 3) % 5);
});
const base = { trees: 6, leaves: 7, minRows: 5, learningRate: 0.3 } as const;
const settings: Record<string, [BoostSettings, Float32Array]> = {
  regression: [{ ...base, task: "regression" }, signal],
  binary: [{ ...base, task: "binary" }, signal.map((value) => (value > 0 ? 1 : 0))],
  multiclass: [
    { ...base, task: "multiclass", classes: 3 },
    signal.map((value) => (value < -8 ? 0 : value < 6 ? 1 : 2)),
  ],
};

/** V14. */
describe.each(Object.entries(settings))("%s", (_, [how, y]) => {
  const ensemble = boost(x, y, how);
  const probe = rowsOf(40, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY).subarray(7 * FEATURES, 19 * FEATURES);
  const replay = new Replay(treesAnswerOf(ensemble, probe));
  const { program } = replay;
  const all = replay.valuesOf(1);
  const trees = all.map((_, k) => replay.openable(all, k));
  const named = (name: string) => all[program.values.findIndex((value) => value.name === name)];
  const values = {
    leaves: named("leaves") as Int32Array,
    scores: named("scores") as BigInt64Array,
    exponentials: named("exponentials") as Int32Array,
    answers: named("answers") as Float32Array,
  };

  test("the program's values are the engine's scores and answers", () => {
    const predictor = new Predictor(ensemble);
    for (let row = 0; row * FEATURES < probe.length; row++) {
      const one = probe.subarray(row * FEATURES, (row + 1) * FEATURES);
      const scores = [...predictor.scores(one)].map(BigInt);
      expect(scores).toEqual([...values.scores.subarray(row * ensemble.outputs, (row + 1) * ensemble.outputs)]);
      expect([...predictor.predict(one)]).toEqual([
        ...values.answers.subarray(row * ensemble.outputs, (row + 1) * ensemble.outputs),
      ]);
    }
    expect(program.values.find(({ dtype }) => dtype === "trees")?.root).toBe(ensembleRoot(ensemble));
    expect(treeProgram(ensemble, 2).values.map(({ op }) => op)).toEqual(program.values.map(({ op }) => op));
  });

  test("elements of every value are recomputed in Solidity", async () => {
    const truths: Record<string, (index: number) => bigint> = {
      leaves: (i) => BigInt(values.leaves[i] as number),
      scores: (i) => values.scores[i] as bigint,
      exponentials: (i) => BigInt(values.exponentials[i] as number),
      answers: (i) => BigInt(bitsOf(values.answers[i] as number)),
    };
    for (const [k, { op, name, shape }] of program.values.entries()) {
      if (op === undefined) continue;
      const size = (shape[0] as number) * (shape[1] as number);
      for (let i = 0; i < 14; i++) {
        const index = draw(i, 50 + k) % size;
        const bits = await judge(referees, program, trees, k, index);
        expect(BigInt.asIntN(256, bits), `${name} [${index}]`).toBe(truths[name]?.(index));
      }
    }
  });

  test("another tree, another forest or a foreign row are refused", async () => {
    const k = program.values.findIndex(({ op }) => op === "treeLeaf");
    const operands = program.values[k]?.inputs.map((input) => trees[input]) as [TensorTree, EnsembleTree];
    const shapes = [[probe.length / FEATURES, FEATURES], [ensemble.trees.length]];
    const count = ensemble.trees.length;
    const question: Question = {
      op: "treeLeaf",
      attrs: [],
      operands: shapes,
      shape: [shapes[0]?.[0] as number, count],
      index: 3,
    };
    const other = openingsFor({ ...question, index: 4 }, operands);
    await expect(ask(referees, question, operands, {}, other)).rejects.toThrow();
    const larger = {
      ...question,
      operands: [shapes[0] as number[], [count + 20]],
      shape: [shapes[0]?.[0] as number, count + 20],
    };
    await expect(ask(referees, larger, operands)).rejects.toThrow();
    const foreign = [new TensorTree(rowsOf(12).map((value) => value + 1)), operands[1]];
    await expect(ask(referees, question, operands, {}, openingsFor(question, foreign))).rejects.toThrow();
  });
});

/** V14: malformed trees under a sound root end in a revert, not in an endless walk. */
test("a tree that walks in circles or out of itself is refused", async () => {
  const tree = {
    feature: [0, -1, -1],
    threshold: [0, 0, 0],
    left: [1, 0, 0],
    missingLeft: [0, 0, 0],
    value: [0, 5, 6],
    cover: [2, 1, 1],
  };
  const shape = { version: 2, task: "regression", features: 1, outputs: 1, shift: 20, start: [0] } as const;
  const walk = (patch: Partial<typeof tree>) => {
    const ensemble: Ensemble = { ...shape, trees: [{ ...tree, ...patch }] };
    const operands = [new TensorTree(Float32Array.of(1)), new EnsembleTree(ensemble)];
    return ask(referees, { op: "treeLeaf", attrs: [], operands: [[1, 1], [1]], shape: [1, 1], index: 0 }, operands);
  };
  expect(await walk({})).toBe(6n);
  await expect(walk({ left: [0, 0, 0] })).rejects.toThrow();
  await expect(walk({ left: [2, 0, 0] })).rejects.toThrow();
  await expect(walk({ left: [2 ** 31, 0, 0] })).rejects.toThrow();
  await expect(walk({ feature: [1, -1, -1] })).rejects.toThrow();
});

test("the score in pieces", async () => {
  const ensemble = boost(x, signal, settings["regression"]?.[0] as BoostSettings);
  const leaves = leafValuesOf(ensemble, x.subarray(0, 2 * FEATURES));
  const operands = [new TensorTree(leaves)];
  const count = ensemble.trees.length;
  const question: Question = {
    op: "treeScore",
    attrs: ensemble.start,
    operands: [[2, count]],
    shape: [2, 1],
    index: 1,
  };
  const given = refereeCase(question, operands);
  let sums: bigint[] = [];
  for (const [first, last] of [
    [0, 4],
    [4, count],
  ] as const)
    sums = (await referees.call(given.op, "partialSums", [
      given,
      BigInt(first),
      BigInt(last),
      sums,
      openingsFor(question, operands, [first, last - first]),
    ])) as bigint[];
  expect(await referees.call(given.op, "finish", [given.op, sums])).toBe(await ask(referees, question, operands));
});

/** V15. */
describe("growing", () => {
  const rows = 300;
  const binned: Binned = binRows(x, rows, FEATURES);
  const bits = (i: number, salt: number, width: number) => draw(i, salt) % 2 ** width;
  const g = Float64Array.from({ length: rows }, (_, i) => (bits(i, 4, 24) - 2 ** 23) * 2 ** bits(i, 7, 4) + 1);
  const h = Float64Array.from({ length: rows }, (_, i) => bits(i, 5, 24) + 1);
  const node = Int32Array.from({ length: rows }, (_, i) => draw(i, 6) % 3);
  const columns = new Int8Array(binned.bins.flatMap((bins) => [...bins]));
  const big = (values: Float64Array) => BigInt64Array.from(values, BigInt);
  const features = [...Array(FEATURES).keys()];
  const total = binned.offsets.at(-1) as number;
  const order = Uint32Array.from([...node.keys()].filter((row) => node[row] === 1));
  const builder = new HistogramBuilder(binned, g, h, features, { pool: [], pairs: new Float64Array(rows * 2) });
  const sums = builder.build(order, 0, order.length);

  test("every bin's sums, at once and in pieces", async () => {
    const operands = [columns, big(g), big(h), node].map((values) => new TensorTree(values));
    const shapes = [[FEATURES, rows], [rows], [rows], [rows]];
    const attrs = [1, ...binned.offsets];
    for (let i = 0; i < 40; i++) {
      const index = draw(i, 30) % (total * 3);
      const question: Question = { op: "histogram", attrs, operands: shapes, shape: [total, 3], index };
      const whole = await ask(referees, question, operands);
      expect(BigInt.asIntN(256, whole)).toBe(BigInt(sums[index] as number));
      if (i > 3) continue;
      const given = refereeCase(question, operands);
      let state: bigint[] = [];
      for (const [first, last] of [
        [0, 130],
        [130, rows],
      ] as const) {
        const opened = openingsFor(question, operands, [first, last - first]);
        state = (await referees.call(given.op, "partialSums", [
          given,
          BigInt(first),
          BigInt(last),
          state,
          opened,
        ])) as bigint[];
      }
      expect(state[0]).toBe(whole);
    }
  });

  test.each([
    { minRows: 3, minWeight: 1, lambda: 2 ** 24, leaves: 2, rate: 1 },
    { minRows: 20, minWeight: 2 ** 27, lambda: 1, leaves: 2, rate: 1 },
    { minRows: 30, minWeight: 1, lambda: 12_345_677, leaves: 2, rate: 1 },
  ])("the best split of each feature and of all, minRows $minRows", async (how) => {
    const attrs = [how.minRows, how.minWeight, how.lambda];
    for (const feature of features)
      attrs.push(binned.offsets[feature] as number, binned.present[feature] as number, binned.missing[feature] ? 1 : 0);
    const whole = { g: 0, h: 0, count: order.length };
    for (const row of order) {
      whole.g += g[row] as number;
      whole.h += h[row] as number;
    }
    const operands = [new TensorTree(big(sums))];
    const splits = new BigInt64Array(FEATURES * 6);
    let found = 0;
    for (const feature of features) {
      const split = bestSplit(sums, binned, [feature], whole, how);
      if (split !== undefined) found++;
      splits.set(entries(split), feature * 6);
      for (const c of [0, 1 + (draw(feature, 33) % 5)]) {
        const index = feature * 6 + c;
        const question: Question = { op: "splitOfFeature", attrs, operands: [[total, 3]], shape: [FEATURES, 6], index };
        const answer = BigInt.asIntN(256, await ask(referees, question, operands));
        expect(answer, `feature ${feature}, ${c}`).toBe(splits[index]);
      }
    }
    const best = bestSplit(sums, binned, features, whole, how);
    const [gain, ...rest] = entries(best);
    const truth = [gain, BigInt(best?.feature ?? -1), ...rest];
    for (const [index, value] of truth.entries()) {
      const question: Question = { op: "bestSplit", attrs: [], operands: [[FEATURES, 6]], shape: [7], index };
      expect(BigInt.asIntN(256, await ask(referees, question, [new TensorTree(splits)]))).toBe(value);
    }
    expect(found).toBeGreaterThan(how.minRows === 30 ? 0 : 2);
  });

  function entries(split: ReturnType<typeof bestSplit>): bigint[] {
    if (split === undefined) return [0n, -1n, 0n, 0n, 0n, 0n];
    const gain = new BigInt64Array(Float64Array.of(split.gain).buffer)[0] as bigint;
    const { g: leftG, h: leftH, count } = split.left;
    return [gain, BigInt(split.bin), split.missingLeft ? 1n : 0n, BigInt(leftG), BigInt(leftH), BigInt(count)];
  }
});
