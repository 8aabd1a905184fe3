import { expect, test } from "vitest";
import { parseCsv } from "../table/csv.ts";
import { fitSamples } from "./fit.ts";
import type { Recipe } from "./recipe.ts";
import { encodeText, tokenIds, tokensOf, vocabularyOf } from "./tokens.ts";
import { cosTurns, sinTurns } from "./turn.ts";
import { RecipeError, validateRecipe } from "./validate.ts";

const csv = (text: string) => parseCsv(new TextEncoder().encode(text), { missing: "null" });

const base: Recipe = {
  version: 2,
  task: "regression",
  inputs: [{ column: "a" }],
  target: "y",
  split: { by: "ratio", train: 0.5 },
  model: { kind: "linear" },
  optimizer: { kind: "sgd", learningRate: 0.1 },
  epochs: 1,
  batch: 1,
  seed: 0,
  checkpointEvery: 1,
};
const image = { layout: { kind: "image", shape: [1, 4, 4] } };
const words = { layout: { kind: "text", level: "word", length: 3, vocabulary: 9 } };

test.each<[string, object]>([
  ["recipe.colour", { colour: 1 }],
  ["epochs", { epochs: undefined }],
  ["batch", { batch: undefined }],
  ["model.kind", { model: { kind: "forest" } }],
  ["model.hidden[0]", { model: { kind: "mlp", hidden: [0] } }],
  ["model.kind", { model: { kind: "logistic" } }],
  ["model.kind", { model: { kind: "cnn", layers: [{ channels: 2 }] } }],
  ["model.layers[0].groups", { ...image, model: { kind: "cnn", layers: [{ channels: 2, groups: 2 }] } }],
  ["model.layers[2]", { ...image, model: { kind: "cnn", layers: [1, 2, 3].map(() => ({ channels: 2, pool: 2 })) } }],
  ["model.heads", { ...words, model: { kind: "transformer", width: 8, heads: 3, layers: 1 } }],
  ["model.kind", { ...words }],
  [
    "inputs[0].lags",
    { ...words, inputs: [{ column: "a", lags: [1] }], model: { kind: "transformer", width: 8, heads: 2, layers: 1 } },
  ],
  ["inputs[0].column", { inputs: [{ column: "y" }] }],
  ["inputs[0].aggregate", { inputs: [{ column: "a", aggregate: "sum" }] }],
  ["inputs[0].calendar", { inputs: [{ column: "a", type: "date" }] }],
  ["inputs[0].missing", { inputs: [{ column: "a", type: "category", missing: "mean" }] }],
  ["inputs[1]", { inputs: [{ column: "a" }, { column: "a" }] }],
  ["optimizer.kind", { optimizer: { kind: "boost", learningRate: 0.1 } }],
  ["optimizer.momentum", { optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0.9 } }],
  [
    "optimizer.schedule.every",
    { optimizer: { kind: "sgd", learningRate: 0.1, schedule: { kind: "step", factor: 0.5 } } },
  ],
  ["split.valid", { split: { by: "ratio", train: 0.6, valid: 0.4 } }],
  ["split.validUntil", { time: "d", split: { by: "time", trainUntil: "2020-02-01", validUntil: "2020-01-01" } }],
  ["stopping", { stopping: { patience: 2 } }],
  ["classWeights", { classWeights: "balanced" }],
  ["crossValidation", { crossValidation: { folds: 3 }, inputs: [{ column: "a", lags: [1] }] }],
  ["clamp", { task: "multiclass", model: { kind: "logistic" }, clamp: true }],
  ["window.bins", { time: "d", window: { days: 2, bins: 3 }, inputs: [{ column: "a", aggregate: "sum" }] }],
])("a version 2 recipe with a wrong %s is refused by that name", (path, change) => {
  try {
    validateRecipe({ ...base, ...change });
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(RecipeError);
    expect((error as RecipeError).data).toEqual({ path });
  }
});

test("empty cells become what the training rows say, and are marked", () => {
  const table = csv("a,b,c,y\n1,,x,0\n3,2,,0\n,4,y,0\n8,9,z,0\n");
  const recipe: Recipe = {
    ...base,
    inputs: [
      { column: "a", missing: "mean", indicator: true },
      { column: "b", missing: -1 },
      { column: "c", missing: "zeros" },
    ],
    split: { by: "ratio", train: 0.8 },
  };
  const { samples, split, fitted } = fitSamples(recipe, table);
  const kinds = fitted.categories.c as string[];
  expect(split.train).toHaveLength(3);
  const width = samples.features.length;
  expect(width).toBe(3 + kinds.length);
  const rows = [0, 1, 2, 3].map((row) => [...samples.x.subarray(row * width, row * width + 3)]);
  const present = split.train
    .map((row) => [1, 3, Number.NaN, 8][row] as number)
    .filter((value) => !Number.isNaN(value));
  const mean = present.reduce((sum, value) => sum + value, 0) / present.length;
  expect(rows).toEqual([
    [1, 0, -1],
    [3, 0, 2],
    [Math.fround(mean), 1, 4],
    [8, 0, 9],
  ]);
  // A value that no training row has is no category, and an empty cell none either.
  expect(kinds).toEqual(
    split.train
      .map((row) => ["x", null, "y", "z"][row])
      .filter((kind) => kind !== null)
      .sort(),
  );
  expect([...samples.x.subarray(width + 3, 2 * width)]).toEqual(kinds.map(() => 0));
  const refused = { ...recipe, inputs: [{ column: "a" }] };
  expect(() => fitSamples(refused, table)).toThrow(/Row 3, column "a"/);
});

test("lags and sequences stay inside their series", () => {
  const table = csv("s,a,y\nu,1,0\nv,10,0\nu,2,0\nv,20,0\nu,3,0\nv,30,0\nu,4,0\nv,40,0\n");
  const series = { ...base, series: "s", split: { by: "group", column: "s", train: 0.5 } } as const;
  const lagged = fitSamples({ ...series, inputs: [{ column: "a", lags: [1, 2] }] }, table).samples;
  expect([...lagged.x]).toEqual([2, 1, 20, 10, 3, 2, 30, 20]);
  expect(lagged.spans.map(([, last]) => last)).toEqual([4, 5, 6, 7]);
  const sequences = fitSamples({ ...series, layout: { kind: "sequence", rows: 3 } }, table).samples;
  expect([...sequences.x.subarray(0, 6)]).toEqual([1, 2, 3, 10, 20, 30]);
});

test("days become parts", () => {
  const table = csv("d,y\n2024-02-29,0\n2023-12-31,1\n2024-01-01,2\n");
  const parts = ["year", "month", "day", "weekday", "dayOfYear", "weekCycle"] as const;
  const { samples } = fitSamples({ ...base, inputs: [{ column: "d", calendar: parts }] }, table);
  expect([...samples.x.subarray(0, 5)]).toEqual([2024, 2, 29, 3, 60]); // a Thursday
  expect([...samples.x.subarray(7, 12)]).toEqual([2023, 12, 31, 6, 365]);
  expect([...samples.x.subarray(14, 21)]).toEqual([2024, 1, 1, 0, 1, 1, 0]);
});

test("a split by group puts no group on two sides; ordered samples never overlap across sides", () => {
  const rows = Array.from({ length: 60 }, (_, row) => `g${row % 12},${row},${row}`).join("\n");
  const table = csv(`g,a,y\n${rows}\n`);
  const { split } = fitSamples({ ...base, split: { by: "group", column: "g", train: 0.5, valid: 0.25 } }, table);
  const groups = [split.train, split.valid ?? [], split.test].map((side) => new Set(side.map((row) => row % 12)));
  expect(groups.map(({ size }) => size)).toEqual([6, 3, 3]);
  expect(new Set(groups.flatMap((side) => [...side])).size).toBe(12);
  const ordered: Recipe = {
    ...base,
    layout: { kind: "sequence", rows: 4 },
    split: { by: "ratio", train: 0.5, valid: 0.2 },
  };
  const { samples, split: sides } = fitSamples(ordered, table);
  const first = (side: readonly number[]) => Math.min(...side.map((index) => samples.spans[index]?.[0] as number));
  const last = (side: readonly number[]) => Math.max(...side.map((index) => samples.spans[index]?.[1] as number));
  expect(first(sides.valid ?? [])).toBeGreaterThan(last(sides.train));
  expect(first(sides.test)).toBeGreaterThan(last(sides.valid ?? []));
});

test("tokens, vocabulary and ids", () => {
  expect(tokensOf("Isn't it 5 o'Clock, Ärger?", "word")).toEqual([
    "isn",
    "'",
    "t",
    "it",
    "5",
    "o",
    "'",
    "clock",
    ",",
    "Ärger",
    "?",
  ]);
  expect(tokensOf("aé😀", "character")).toEqual(["a", "é", "😀"]);
  expect(vocabularyOf(["b a", "a c", "c"], "word", 2)).toEqual(["a", "c"]);
  expect([...encodeText("a x c a", "word", 6, tokenIds(["a", "c"]))]).toEqual([2, 1, 3, 2, 0, 0]);
  expect([...encodeText("a c a", "word", 2, tokenIds(["a", "c"]))]).toEqual([2, 3]);
});

test("turns are cosines and sines", () => {
  for (let i = -50; i <= 150; i++) {
    expect(cosTurns(i / 60)).toBeCloseTo(Math.cos((i * Math.PI) / 30), 14);
    expect(sinTurns(i / 60)).toBeCloseTo(Math.sin((i * Math.PI) / 30), 14);
  }
});
