import { execute } from "@machines/engine/commit/execute.ts";
import { lower } from "@machines/engine/commit/lower.ts";
import type { Recipe, Table } from "@machines/engine";
import { philox4x32 } from "@machines/engine/random/philox.ts";
import { validateRecipe } from "@machines/engine/recipe/validate.ts";
import { jobOf, prepareSamples } from "@machines/engine/train/prepare.ts";
import { initialState } from "@machines/engine/train/stepGraph.ts";
import { decodeBundle } from "@machines/engine/model/bundle.ts";
import { training } from "@protocols/training";
import { disputes } from "@protocols/verify";
import { replayOfModel } from "@protocols/verify/claim.ts";
import { assets } from "@records/assets";
import { readModel } from "@records/assets/execute.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  DIGIT_RECIPE,
  digitTable,
  MOOD_RECIPE,
  moodTable,
  SERIES_RECIPE,
  seriesTable,
} from "../../packages/machines/engine/test/made.ts";
import { treesOf } from "@protocols/verify/openings.ts";
import { startTestNode } from "@kernel/runtime/testNode.ts";
import { bigBits, deployReferees, judge, type Referees } from "../../packages/protocols/verify/test/twin.ts";

let referees: Referees;
beforeAll(async () => {
  referees = await deployReferees();
});
afterAll(() => referees?.close());

const small = { batch: 3, epochs: 1 };
const digits = { ...DIGIT_RECIPE, ...small };
const jobs: Record<string, [Table, Recipe]> = {
  "convolutional network with dropout": [
    digitTable(120, 12, 4),
    { ...digits, model: { ...DIGIT_RECIPE.model, dropout: 0.3 } as Recipe["model"] },
  ],
  "perceptron with gelu, Yogi and weights": [
    digitTable(120, 12, 4),
    {
      ...digits,
      classWeights: "balanced",
      model: { kind: "mlp", hidden: [9], activation: "gelu" },
      optimizer: { kind: "yogi", learningRate: 0.01 },
    },
  ],
  "transformer on words": [moodTable(60), { ...MOOD_RECIPE, ...small }],
  "transformer on rows, AdamW, cosine": [
    seriesTable(80, 6),
    {
      ...SERIES_RECIPE,
      ...small,
      optimizer: { kind: "adamw", learningRate: 0.01, schedule: { kind: "cosine", warmup: 3, final: 0.1 } },
    },
  ],
};

/** V13, on the step graphs that recipes give: every kind of operator, and every fifth value besides. */
test.each(Object.entries(jobs))("%s: elements of a step are recomputed in Solidity", async (_, [table, recipe]) => {
  const job = jobOf(table, prepareSamples(table, validateRecipe(recipe)));
  const { graph, batch, trainX, trainY, features } = job;
  const given: Record<string, Float32Array> = {
    x: trainX.slice(0, batch * features.length),
    t: trainY.slice(0, batch),
  };
  for (const { name, initial } of job.list) given[name] = initial;
  for (const state of initialState(graph, recipe.seed)) given[state.name] = state.values;
  const program = lower(graph);
  const values = execute(program, given);
  const trees = treesOf(values);
  const seen = new Set<string>();
  for (const [k, { op, name }] of program.values.entries()) {
    const truth = values[k] as Float32Array;
    if (op === undefined || truth.length === 0 || (seen.has(op) && k % 5 !== 0)) continue;
    seen.add(op);
    const index = philox4x32([k, 3, 0, 8], [0, 0])[0] % truth.length;
    expect(await judge(referees, program, trees, k, index), `${name} (${op}) [${index}]`).toBe(bigBits(truth[index]));
  }
  expect(seen.size).toBeGreaterThan(10);
});

/** D22: rows of several tables, and the best epoch kept. */
test("a published model of two tables that keeps its best epoch is derived again, steps and all", async () => {
  const node = await startTestNode({ capabilities: [assets, training, disputes], names: ["owner"] });
  try {
    const call = async (name: string, input: unknown) => (await node.runtime.call(name, input)) as { id: string };
    const part = async (from: number) => {
      const rows = Array.from({ length: 60 }, (_, i) => `${from + i},${((from + i) * 7) % 13},${(from + i) * 2}`);
      return (await call("assets.publish", { content: `a,b,y\n${rows.join("\n")}\n`, name: `part ${from}` })).id;
    };
    const recipe = {
      version: 2,
      task: "regression",
      inputs: [{ column: "a" }, { column: "b" }],
      target: "y",
      split: { by: "ratio", train: 0.7, valid: 0.15 },
      model: { kind: "mlp", hidden: [4], dropout: 0.2 },
      optimizer: { kind: "adam", learningRate: 0.3 },
      stopping: { patience: 2 },
      epochs: 40,
      batch: 8,
      seed: 1,
      checkpointEvery: 20,
    };
    const data = [await part(100), await part(0)];
    const { id } = await call("training.train", { data, recipe, name: "joined" });
    const { run } = decodeBundle((await readModel(node.context, BigInt(id))).bytes);
    const replay = await replayOfModel(node.context, BigInt(id));
    expect(replay.result).toBe(run.finalRoot);
    expect(replay.run.steps).toBe(run.steps);
    expect(run.steps).toBeLessThan(replay.run.stepsPerEpoch * 40);
    expect(replay.run.rows).toBe(84);
    // What a consumer derives is what is claimed.
    await call("disputes.deposit", { amount: "150" });
    const claimed = await call("disputes.claim", { model: id });
    const derived = await call("disputes.job", { model: id });
    expect(claimed).toMatchObject({ job: replay.jobHash, result: run.finalRoot, steps: run.steps });
    expect(derived).toMatchObject({ job: replay.jobHash, result: run.finalRoot, steps: run.steps });
    expect(derived).toMatchObject({ claims: [{ status: "standing" }] });
  } finally {
    await node.close();
  }
});
