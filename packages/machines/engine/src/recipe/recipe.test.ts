import { expect, test } from "vitest";
import { WEATHER_RECIPE, weatherTable } from "../../test/weather.ts";
import { parseCsv } from "../table/csv.ts";
import { dayNumber, TableError } from "../table/table.ts";
import { buildSamples, listCategories, listFeatures } from "./features.ts";
import type { Recipe } from "./recipe.ts";
import { splitSamples } from "./split.ts";
import { RecipeError, validateRecipe } from "./validate.ts";

const csv = (text: string) => parseCsv(new TextEncoder().encode(text), { missing: "null" });

test.each<[string, unknown]>([
  ["version", { version: 3 }],
  ["task", { task: "guess" }],
  ["inputs", { inputs: [] }],
  ["inputs[0].aggregate", { inputs: [{ column: "rain" }] }],
  ["inputs[1]", { inputs: [WEATHER_RECIPE.inputs[0], WEATHER_RECIPE.inputs[0]] }],
  ["window.bins", { window: { days: 5, bins: 6 } }],
  ["window.extra", { window: { days: 5, bins: 5, extra: 1 } }],
  ["split.trainUntil", { split: { by: "time", trainUntil: "2015-02-30" } }],
  ["split.train", { split: { by: "ratio", train: 1 } }],
  ["model.kind", { model: { kind: "logistic" } }],
  ["model.hidden[1]", { model: { kind: "mlp", hidden: [4, 0] } }],
  ["optimizer.learningRate", { optimizer: { kind: "adam", learningRate: 0 } }],
  ["epochs", { epochs: 1.5 }],
  ["seed", { seed: -1 }],
  ["tolerance", { tolerance: 0 }],
  ["time", { time: undefined }],
  ["recipe.colour", { colour: "red" }],
])("a recipe with a wrong %s is refused by that name", (path, change) => {
  const recipe = { ...WEATHER_RECIPE, ...(change as object) };
  try {
    validateRecipe(recipe);
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(RecipeError);
    expect((error as RecipeError).data).toEqual({ path });
  }
});

test("a sound recipe passes unchanged", () => {
  expect(validateRecipe(WEATHER_RECIPE)).toBe(WEATHER_RECIPE);
  for (const value of [null, 3, "x", []]) expect(() => validateRecipe(value)).toThrow(RecipeError);
});

test("windows aggregate their bins and skip rows without a target", () => {
  const table = csv(
    "date,rain,label\n2012-01-01,1,\n2012-01-02,2,\n2012-01-03,4,0.3\n2012-01-04,8,\n2012-01-05,16,0.5\n",
  );
  const recipe: Recipe = {
    ...WEATHER_RECIPE,
    window: { days: 3, bins: 2 },
    inputs: [
      { column: "rain", aggregate: "sum" },
      { column: "rain", aggregate: "mean" },
      { column: "rain", aggregate: "min" },
      { column: "rain", aggregate: "max" },
    ],
  };
  const features = listFeatures(recipe, {});
  expect(features.map(({ days }) => days)).toEqual([
    [0, 1],
    [1, 3],
    [0, 1],
    [1, 3],
    [0, 1],
    [1, 3],
    [0, 1],
    [1, 3],
  ]);
  const samples = buildSamples(recipe, features, table);
  expect(samples.spans).toEqual([
    [0, 2],
    [2, 4],
  ]);
  expect([...samples.x.subarray(0, 8)]).toEqual([1, 6, 1, 3, 1, 2, 1, 4]);
  expect([...samples.x.subarray(8)]).toEqual([4, 24, 4, 12, 4, 8, 4, 16]);
});

test("a gap in the days is named", () => {
  const table = csv("date,rain,label\n2012-01-01,1,0\n2012-01-02,2,0\n2012-01-04,4,0\n");
  const recipe = {
    ...WEATHER_RECIPE,
    window: { days: 2, bins: 1 },
    inputs: [{ column: "rain", aggregate: "sum" as const }],
  };
  expect(() => buildSamples(recipe, listFeatures(recipe, {}), table)).toThrow(TableError);
  expect(() => buildSamples(recipe, listFeatures(recipe, {}), table)).toThrow(/Row 3/);
});

test("text columns become one input per category", () => {
  const table = csv("purpose,amount,bad\ncar,5,1\nhome,6,0\ncar,7,true\n".replace("true", "1"));
  const recipe: Recipe = {
    version: 1,
    task: "binary",
    inputs: [{ column: "purpose" }, { column: "amount" }],
    target: "bad",
    split: { by: "ratio", train: 0.7 },
    model: { kind: "logistic" },
    optimizer: { kind: "sgd", learningRate: 0.1 },
    epochs: 1,
    batch: 1,
    seed: 0,
    checkpointEvery: 1,
  };
  const features = listFeatures(recipe, listCategories(recipe, table));
  expect([...buildSamples(recipe, features, table).x]).toEqual([1, 0, 5, 0, 1, 6, 1, 0, 7]);
  const wrong = csv("purpose,amount,bad\ncar,5,3\n");
  expect(() => buildSamples(recipe, features, wrong)).toThrow(/binary target/);
});

test("a split by time leaves no window across the border", () => {
  const table = weatherTable(800);
  const samples = buildSamples(WEATHER_RECIPE, listFeatures(WEATHER_RECIPE, {}), table);
  const { train, test: rest } = splitSamples(WEATHER_RECIPE, table, samples);
  const day = (row: number) => dayNumber(table.columns[0]?.values[row] as string) as number;
  const border = dayNumber("2013-06-30") as number;
  expect(Math.max(...train.map((index) => day(samples.spans[index]?.[1] as number)))).toBe(border);
  expect(Math.min(...rest.map((index) => day(samples.spans[index]?.[0] as number)))).toBe(border + 1);
  const ratio = splitSamples({ ...WEATHER_RECIPE, split: { by: "ratio", train: 0.5 } }, table, samples);
  expect(ratio.train.length + ratio.test.length).toBe(samples.spans.length - 19);
  const never = { ...WEATHER_RECIPE, split: { by: "time" as const, trainUntil: "2030-01-01" } };
  expect(() => splitSamples(never, table, samples)).toThrow(/leaves/);
});
