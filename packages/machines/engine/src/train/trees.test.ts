import { expect, test } from "vitest";
import { decodeBundle } from "../model/bundle.ts";
import { loadModel } from "../model/model.ts";
import { randomWord } from "../random/philox.ts";
import type { Recipe } from "../recipe/recipe.ts";
import { RecipeError, validateRecipe } from "../recipe/validate.ts";
import { sliceTable, type Table } from "../table/table.ts";
import { decodeEnsemble, ensembleRoot } from "../trees/encode.ts";
import type { Checkpoint } from "./run.ts";
import { train } from "./train.ts";
import { verifyRun } from "./verify.ts";

const unit = (a: number, i: number) => randomWord(4, 95, a, 0, i) / 2 ** 32;
const ROWS = 500;
const range = Array.from({ length: ROWS }, (_, row) => row);
const income = range.map((row) => (unit(1, row) < 0.1 ? null : Math.round(unit(2, row) * 1000)));
const purpose = range.map((row) => ["car", "home", "trip"][Math.floor(unit(3, row) * 3)] as string);
const score = range.map((row) => (income[row] ?? 900) / 1000 + (purpose[row] === "home" ? 0.4 : 0) + unit(4, row) / 5);
const table: Table = {
  rows: ROWS,
  columns: [
    { name: "income", type: "number", values: income },
    { name: "purpose", type: "string", values: purpose.map((text, row) => (row % 50 === 7 ? null : text)) },
    { name: "noise", type: "number", values: range.map((row) => unit(5, row)) },
    { name: "good", type: "number", values: score.map((value) => (value > 0.75 ? 1 : 0)) },
    { name: "amount", type: "number", values: score.map((value) => Math.round(value * 5000)) },
  ],
};
const RECIPE: Recipe = {
  version: 1,
  task: "binary",
  inputs: [{ column: "income" }, { column: "purpose" }, { column: "noise" }],
  target: "good",
  split: { by: "ratio", train: 0.7 },
  model: { kind: "trees", leaves: 8, minRows: 10, rowShare: 0.8, featureShare: 0.8 },
  optimizer: { kind: "boost", learningRate: 0.2 },
  epochs: 40,
  seed: 3,
  checkpointEvery: 8,
};
const REGRESSION: Recipe = { ...RECIPE, task: "regression", target: "amount", tolerance: 300 };

test("a recipe of trees trains, learns and answers with reasons that add up", async () => {
  for (const recipe of [RECIPE, REGRESSION]) {
    const { model, modelRoot, run, metrics } = await train(table, recipe);
    expect(metrics.rmse).toBeLessThan(metrics.baselineRmse * 0.7);
    expect(run.checkpoints.map(({ step }) => step)).toEqual([8, 16, 24, 32, 40]);
    expect(run.checkpoints.at(-1)?.root).toBe(run.finalRoot);
    const loaded = loadModel(model);
    expect(loaded.root).toBe(modelRoot);
    const predictions = loaded.predict(table);
    for (const row of [0, 7, 57, 123, 301]) {
      const { output, outputWad, base, contributions, confidenceBps } = loaded.run(sliceTable(table, row, row + 1));
      const sum = contributions.reduce((all, { value }) => all + value, base);
      expect(Math.abs(sum - output)).toBeLessThan(1e-6 * Math.max(1, Math.abs(output)));
      expect(predictions[row]?.output).toBe(output);
      expect(Number(outputWad) / 1e18).toBeCloseTo(output, 9);
      expect(confidenceBps).toBeGreaterThan(4000);
      expect(contributions.map(({ name }) => name)).toEqual(["income", "purpose", "noise"]);
      expect("input" in (contributions[0] as object)).toBe(income[row] !== null);
    }
  }
});

test("the run can be repeated, and what differs is named", async () => {
  const { model } = await train(table, RECIPE);
  expect(await verifyRun(model, table, RECIPE)).toMatchObject({ ok: true });
  const other = { ...RECIPE, model: { ...RECIPE.model, leaves: 7 } } as Recipe;
  expect(await verifyRun(model, table, other)).toMatchObject({ ok: false, mismatch: { what: "recipe" } });
});

test("resuming from any checkpoint gives the bytes of the unbroken run, also with early stopping", async () => {
  const stopping: Recipe = {
    ...RECIPE,
    epochs: 300,
    model: { kind: "trees", leaves: 8, stopping: { rounds: 10, share: 0.25 } },
  };
  for (const recipe of [RECIPE, stopping]) {
    const taken: Checkpoint[] = [];
    const whole = await train(table, recipe, { onCheckpoint: (checkpoint) => taken.push(checkpoint) });
    expect(taken.length).toBeGreaterThan(1);
    for (const resume of taken) expect((await train(table, recipe, { resume })).modelRoot).toBe(whole.modelRoot);
    const trees = decodeBundle(whole.model).trees;
    expect(trees && ensembleRoot(trees)).toBe(whole.run.finalRoot);
    const first = taken[0] as Checkpoint;
    expect(decodeEnsemble(first.state).trees).toHaveLength(first.step);
    await expect(train(table, { ...recipe, seed: 4 }, { resume: first })).rejects.toThrow(/another run/);
    await expect(train(table, recipe, { resume: { ...first, step: 9 } })).rejects.toThrow(/do not match/);
  }
  const stopped = decodeBundle((await train(table, stopping)).model).trees;
  expect(stopped?.trees.length).toBeLessThan(300);
});

test("progress ends at the total, and a signal stops the run", async () => {
  const seen: number[] = [];
  await train(table, RECIPE, { onProgress: ({ step, total }) => seen.push(step / total) });
  expect(seen.at(-1)).toBe(1);
  await expect(train(table, RECIPE, { signal: AbortSignal.abort() })).rejects.toThrow(/stopped after round 1 of 40/);
});

test.each<[string, object]>([
  ["batch", { batch: 4 }],
  ["optimizer.kind", { optimizer: { kind: "adam", learningRate: 0.1 } }],
  ["optimizer.learningRate", { optimizer: { kind: "boost", learningRate: 2 } }],
  ["model.leaves", { model: { kind: "trees" } }],
  ["model.leaves", { model: { kind: "trees", leaves: 1 } }],
  ["model.depth", { model: { kind: "trees", leaves: 8, depth: 3 } }],
  ["model.rowShare", { model: { kind: "trees", leaves: 8, rowShare: 0 } }],
  ["model.stopping.extra", { model: { kind: "trees", leaves: 8, stopping: { rounds: 3, share: 0.2, extra: 1 } } }],
  ["model.classWeights", { model: { kind: "trees", leaves: 8, classWeights: [1] } }],
])("a recipe of trees with a wrong %s is refused by that name", (path, change) => {
  try {
    validateRecipe({ ...RECIPE, ...change });
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(RecipeError);
    expect((error as RecipeError).data).toEqual({ path });
  }
});

test("a bundle whose trees were altered is refused", async () => {
  const { model } = await train(table, { ...RECIPE, epochs: 2 });
  const text = Buffer.from(model).toString("latin1");
  const altered = (from: string | RegExp, to: string) => Buffer.from(text.replace(from, to), "latin1");
  expect(() => loadModel(altered('"trees"', '"threes"'))).toThrow();
  expect(() => loadModel(altered(/"cover":\[\d/, '"cover":[9'))).toThrow(/trees are not sound/);
  expect(() => decodeBundle(model).graph).toThrow(/made of trees/);
});
