import { expect, test } from "vitest";
import { z } from "zod";
import { loadModel, recipeJsonSchema, type Table, train, validateRecipe } from "../src/index.ts";
import { EXAMPLES, TABLES } from "./examples.ts";

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
