import { sha256Hex } from "@base/bytes/hash.ts";
import { describe, expect, test } from "vitest";
import { type Column, sliceTable, type Table, train } from "../src/index.ts";
import { factor, solve } from "../src/influence/cholesky.ts";
import { influenceOf } from "../src/influence/influence.ts";
import { randomWord } from "../src/random/philox.ts";
import { without, withRow } from "./influence.ts";

const ROWS = 160;
const draw = (stream: number, row: number) => randomWord(5, stream, 0, row, 0) / 2 ** 32;

/** 120 rows to train on and 40 to ask about: yes where a + b is above 1, one row in ten the other way round. */
function made(): Table {
  const rows = Array.from({ length: ROWS }, (_, row) => row);
  const [a, b] = [rows.map((row) => draw(1, row)), rows.map((row) => draw(2, row))];
  const yes = rows.map((row) => Number((a[row] as number) + (b[row] as number) > 1 !== draw(3, row) < 0.1));
  const column = (name: string, values: Column["values"], type: Column["type"] = "number") => ({ name, type, values });
  return {
    rows: ROWS,
    columns: [
      column("a", a.map(Math.fround)),
      column("b", b.map(Math.fround)),
      column("yes", yes),
      column(
        "kind",
        rows.map((row) => (yes[row] === 1 ? "y" : draw(4, row) < 0.5 ? "n" : "o")),
        "string",
      ),
      column(
        "day",
        rows.map((row) => (row < 120 ? "2020-01-01" : "2021-01-01")),
        "date",
      ),
    ],
  };
}

const shared = {
  version: 1,
  task: "binary",
  time: "day",
  inputs: [{ column: "a" }, { column: "b" }],
  target: "yes",
  split: { by: "time", trainUntil: "2020-06-01" },
  seed: 1,
  checkpointEvery: 1_000,
};
const boosted = { kind: "boost", learningRate: 0.2 };
const recipes: Record<string, object> = {
  trees: { ...shared, model: { kind: "trees", leaves: 6, minRows: 5 }, optimizer: boosted, epochs: 30 },
  logistic: {
    ...shared,
    model: { kind: "logistic" },
    optimizer: { kind: "adam", learningRate: 0.05 },
    epochs: 60,
    batch: 20,
  },
};
const hashes: Record<string, string> = {
  trees: "0x8cc0d89db1b584078b44bf0aea51eaa6c25c0e38d2fa886a40f573b319409ffe",
  logistic: "0x86fa0f8225509cb1d51e7fa57a55e751e993c6cd4ff8299c575d05cbc6d4fd79",
};
const at = (table: Table, row: number) => sliceTable(table, row, row + 1);
const fit = (table: Table, recipe: object) => train(table, recipe as never);

describe.each(Object.entries(recipes))("influence on %s", (kind, recipe) => {
  test("rows that are named move the answer when they are gone, and more than others do", async () => {
    const table = made();
    const { model } = await fit(table, recipe);
    let right = 0;
    for (const row of [121, 127, 133]) {
      const { samples, score } = influenceOf(model, table, at(table, row));
      const ranked = samples.toSorted((a, b) => b.value - a.value).map(({ rows }) => rows[1]);
      const moved = async (rows: number[]) => {
        const less = without(table, rows);
        return score - influenceOf((await fit(less, recipe)).model, less, at(table, row)).score;
      };
      const [raised, lowered, others] = [ranked.slice(0, 5), ranked.slice(-5), ranked.slice(55, 60)];
      const byOthers = Math.abs(await moved(others));
      if ((await moved(raised)) > byOthers && -(await moved(lowered)) > byOthers) right++;
    }
    expect(right).toBeGreaterThanOrEqual(2);
  });

  test("a wrongly labelled copy of the row in question comes first, or in a model of three weights among the first", async () => {
    const table = made();
    for (const row of [124, 131, 137, 150]) {
      const label = (table.columns[2] as Column).values[row] === 1 ? 0 : 1;
      const planted = withRow(table, row, { yes: label, day: "2020-01-02" });
      const { samples } = influenceOf((await fit(planted, recipe)).model, planted, at(planted, row));
      const side = label === 1 ? 1 : -1;
      const ranked = samples.toSorted((a, b) => side * (b.value - a.value)).map(({ rows }) => rows[1]);
      expect(ranked.indexOf(ROWS), `row ${row}`).toBeLessThan(kind === "trees" ? 1 : 6);
    }
  });

  test("the same bits each time", async () => {
    const table = made();
    const { samples } = influenceOf((await fit(table, recipe)).model, table, at(table, 130));
    const bytes = new Uint8Array(Float64Array.from(samples, ({ value }) => value).buffer);
    expect(sha256Hex(bytes)).toBe(hashes[kind]);
  });

  test("another table is refused", async () => {
    const table = made();
    const { model } = await fit(table, recipe);
    expect(() => influenceOf(model, withRow(table, 3, {}), at(table, 130))).toThrow(/not the table/);
    expect(() => influenceOf(model, table, sliceTable(table, 1, 3))).toThrow(/1 rows, not 2/);
  });
});

test("rows that a round did not draw add nothing to its trees; regressions, classes and raw inputs are told too", async () => {
  const table = made();
  const drawn = { ...recipes["trees"], model: { kind: "trees", leaves: 6, minRows: 5, rowShare: 0.3 }, epochs: 1 };
  const { samples } = influenceOf((await fit(table, drawn)).model, table, at(table, 130));
  expect(samples.filter(({ value }) => value !== 0).length).toBeLessThan(0.35 * 120);
  const { task: _, ...rest } = shared;
  const number = { ...rest, task: "regression", inputs: [{ column: "a" }], target: "b" };
  for (const model of [{ kind: "linear" }, { kind: "trees", leaves: 4 }]) {
    const optimizer = model.kind === "trees" ? boosted : { kind: "sgd", learningRate: 0.05 };
    const recipe = { ...number, model, optimizer, epochs: 10, ...(model.kind === "trees" ? {} : { batch: 20 }) };
    const found = influenceOf((await fit(table, recipe)).model, table, at(table, 130));
    expect(found).toMatchObject({ unit: "target", score: found.output });
  }
  const classes = { ...rest, version: 2, task: "multiclass", target: "kind" };
  for (const model of [{ kind: "logistic" }, { kind: "trees", leaves: 4 }]) {
    const optimizer = model.kind === "trees" ? boosted : { kind: "adam", learningRate: 0.05 };
    const raw = model.kind === "trees" ? {} : { standardise: false };
    const inputs = shared.inputs.map((input) => ({ ...input, ...raw }));
    const recipe = {
      ...classes,
      inputs,
      model,
      optimizer,
      epochs: 10,
      ...(model.kind === "trees" ? {} : { batch: 20 }),
    };
    const found = influenceOf((await fit(table, recipe)).model, table, at(table, 130));
    expect(found.unit).toBe("score of the class");
    expect(["y", "n", "o"]).toContain(found.label);
    expect(Math.max(...found.samples.map(({ value }) => value))).toBeGreaterThan(0);
  }
});

test("a linear system is solved, and a singular one refused", () => {
  const lower = Float64Array.of(4, 0, 2, 5);
  expect([...solve(factor(lower, 2), Float64Array.of(8, 9))]).toEqual([1.375, 1.25]);
  expect(() => factor(Float64Array.of(0), 1)).toThrow(/singular/);
});
