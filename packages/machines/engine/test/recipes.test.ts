import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { loadModel, type Recipe, recipeJsonSchema, type Table, train, validateRecipe } from "../src/index.ts";
import { digitTable, heartTable, moodTable, salesTable, seriesTable } from "./made.ts";

const page = readFileSync(new URL("../../../../docs/recipes.md", import.meta.url), "utf8");
const EXAMPLES = [...page.matchAll(/<!-- table: (\w+) -->\s+```json\n([\s\S]*?)```/g)].map(
  ([, table, json]) => [table as string, JSON.parse(json as string) as Recipe] as const,
);
const TABLES: Readonly<Record<string, () => Table>> = {
  sales: () => salesTable(120),
  heart: () => heartTable(300),
  series: () => seriesTable(200, 6),
  moods: () => moodTable(200),
  digits: () => digitTable(120, 12, 4),
};

test("the page has an example for every kind of input", () => {
  expect(EXAMPLES.map(([table]) => table).sort()).toEqual(Object.keys(TABLES).sort());
});

test.each(EXAMPLES)("the example on %s passes the schema, trains, and its model answers", async (name, recipe) => {
  expect(validateRecipe(recipe)).toBe(recipe);
  // The published schema says the same as the check: it is read back and used instead.
  expect(z.fromJSONSchema(recipeJsonSchema() as never).safeParse(recipe).success).toBe(true);
  const table = (TABLES[name] as () => Table)();
  const { model, metrics } = await train(table, recipe);
  expect(metrics.rmse).toBeLessThan(metrics.baselineRmse * 1.05);
  expect(metrics.report?.learning.curve.length).toBeGreaterThan(1);
  const answers = loadModel(model).predict(table);
  expect(answers.length).toBeGreaterThan(table.rows / 2);
  expect(answers.every(({ output }) => Number.isFinite(output))).toBe(true);
});

test("the schema refuses what the check refuses", () => {
  const schema = z.fromJSONSchema(recipeJsonSchema() as never);
  const [, recipe] = EXAMPLES[0] as (typeof EXAMPLES)[0];
  for (const change of [{ version: 1 }, { colour: 1 }, { epochs: 0 }, { model: { kind: "forest" } }])
    expect(schema.safeParse({ ...recipe, ...change }).success, JSON.stringify(change)).toBe(false);
});
