import { readFileSync } from "node:fs";
import { parseCsv, type Table, train } from "@machines/engine";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { joinRows } from "@records/assets/table.ts";
import { sliceRows } from "./sliceRows.ts";
import { suggestRecipe } from "./suggestRecipe.ts";

const csv = (text: string, missing: "error" | "null" = "error") =>
  parseCsv(new TextEncoder().encode(text), { missing });
const rows = (count: number, cells: (row: number) => string) =>
  Array.from({ length: count }, (_, row) => cells(row)).join("\n");
const dayOf = (row: number) => new Date(Date.UTC(2020, 0, 1 + row)).toISOString().slice(0, 10);

describe("suggestRecipe (SPEC T1)", () => {
  test("real weather: the past trains, the future tests, words become categories", () => {
    const file = new URL("../../../../node_modules/vega-datasets/data/seattle-weather.csv", import.meta.url);
    const recipe = suggestRecipe(parseCsv(readFileSync(file)), { target: "temp_max" });
    expect(recipe).toMatchObject({
      task: "regression",
      time: "date",
      target: "temp_max",
      split: { by: "time", trainUntil: "2014-12-30" },
      model: { kind: "mlp", hidden: [16, 8] },
    });
    expect(recipe.inputs.map(({ column }) => column)).toEqual(["precipitation", "temp_min", "wind", "weather"]);
    expect(recipe.clamp).toBeUndefined();
    expect(recipe.tolerance).toBeGreaterThan(0.5);
  });

  test("a window adds up what is often zero, averages what is a level, and leaves words out", () => {
    const table = csv(
      `day,rain,heat,word,label\n${rows(400, (row) => `${dayOf(row)},${row % 3 ? 0 : row},${20 - (row % 9)},w${row % 2},${row < 29 ? "" : (row % 10) / 10}`)}\n`,
      "null",
    );
    const recipe = suggestRecipe(table, { target: "label", window: 30 });
    expect(recipe.inputs).toEqual([
      { column: "rain", aggregate: "sum" },
      { column: "heat", aggregate: "mean" },
    ]);
    expect(recipe).toMatchObject({ window: { days: 30, bins: 2 }, time: "day", clamp: true });
  });

  test("yes and no, without days, becomes a binary task with a split by ratio", () => {
    const table = csv(`age,member\n${rows(60, (row) => `${row},${row > 30}`)}\n`);
    expect(suggestRecipe(table, { target: "member" })).toMatchObject({
      task: "binary",
      split: { by: "ratio" },
      model: { kind: "logistic" },
    });
  });

  test("words as a target are classes; empty cells are filled and marked; days become parts", async () => {
    const line = (row: number) =>
      `${row % 7 === 0 ? "" : row % 11},${row % 5 === 0 ? "" : `k${row % 3}`},${dayOf((row * 37) % 50)},${["low", "mid", "high"][row % 3]}`;
    const table = csv(`a,b,day,level\n${rows(120, line)}\n`, "null");
    const recipe = suggestRecipe(table, { target: "level", epochs: 40 });
    expect(recipe).toMatchObject({ version: 2, task: "multiclass", split: { by: "ratio" } });
    expect(recipe.inputs).toEqual([
      { column: "a", missing: "median", indicator: true },
      { column: "b", missing: "zeros" },
      { column: "day", calendar: ["year", "yearCycle", "weekCycle"] },
    ]);
    const { metrics } = await train(table, recipe);
    expect(metrics.report?.classes?.labels).toEqual(["high", "low", "mid"]);
    expect(metrics.report?.classes?.accuracy).toBeGreaterThan(0.6);
  });

  test.each([
    ["a word", { target: "name" }, /target name is a string/],
    ["an unknown column", { target: "nothing" }, /no column "nothing"/],
    ["a constant", { target: "same" }, /never changes/],
    ["a window without days", { target: "age", window: 7 }, /needs a date column/],
    ["bins without a window", { target: "age", bins: 7 }, /say how many days/],
    ["an input of too many words", { target: "age", inputs: ["name"] }, /column name \(string\) cannot be an input/],
  ])("says what does not serve: %s", (_, wishes, message) => {
    const table = csv(`name,age,same\n${rows(50, (row) => `n${row},${row},1`)}\n`);
    expect(() => suggestRecipe(table, wishes)).toThrow(message);
  });

  test("whatever it suggests can be trained", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 8, max: 160 }),
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 1, max: 6 }),
        async (count, dated, binary, width) => {
          const names = Array.from({ length: width }, (_, index) => `c${index}`);
          const header = `${dated ? "day," : ""}${names.join(",")},y`;
          const line = (row: number) =>
            `${dated ? `${dayOf(row)},` : ""}${names.map((_, index) => (row * 7 + index * 3) % 11).join(",")},${binary ? row % 2 : row * 1.5}`;
          const table = csv(`${header}\n${rows(count, line)}\n`);
          const recipe = suggestRecipe(table, { target: "y", epochs: 1 });
          const { metrics } = await train(table, recipe);
          expect(metrics.testRows).toBeGreaterThan(0);
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe("rows (SPEC T2, T7)", () => {
  const table: Table = csv(`day,x\n${rows(10, (row) => `${dayOf(row)},${row}`)}\n`);

  test("joins rows in order", () => {
    const joined = joinRows([table, table]);
    expect(joined.rows).toBe(20);
    expect(joined.columns[1]?.values.slice(9, 12)).toEqual([9, 0, 1]);
    expect(() => joinRows([])).toThrow(/at least one/);
  });

  test("slices by days, by last row, or takes the last window", () => {
    expect(sliceRows(table, { from: "2020-01-03", to: "2020-01-05" }, "day", 3).columns[1]?.values).toEqual([2, 3, 4]);
    expect(sliceRows(table, { row: 4 }, undefined, 2).columns[1]?.values).toEqual([3, 4]);
    expect(sliceRows(table, {}, undefined, 1).columns[1]?.values).toEqual([9]);
    expect(() => sliceRows(table, { from: "2021-01-01" }, "day", 1)).toThrow(
      /no row of the table lies between 2021-01-01/,
    );
    expect(() => sliceRows(table, { row: 10 }, undefined, 1)).toThrow(/rows 0 to 9/);
    expect(() => sliceRows(table, { row: 0 }, undefined, 2)).toThrow(/needs 2 that end there/);
  });
});
