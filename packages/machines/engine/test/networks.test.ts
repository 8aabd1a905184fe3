import { expect, test } from "vitest";
import { toHexBits } from "../src/bits.ts";
import { lower } from "../src/commit/lower.ts";
import { interpret } from "../src/graph/interpret.ts";
import { Program } from "../src/graph/program.ts";
import { type Checkpoint, loadModel, type Recipe, sliceTable, type Table, train, verifyRun } from "../src/index.ts";
import { validateRecipe } from "../src/recipe/validate.ts";
import { jobOf, prepareSamples } from "../src/train/prepare.ts";
import { initialState } from "../src/train/stepGraph.ts";
import { DIGIT_RECIPE, digitTable, MOOD_RECIPE, moodTable, SERIES_RECIPE, seriesTable } from "./made.ts";

const digits = digitTable(360, 12, 4);
const moods = moodTable(240);
const series = seriesTable(200, 6);

/** Runs two steps of a recipe's graph on kernels and references; the answer lists what differs. */
function compareSteps(table: Table, recipe: Recipe): string[] {
  const job = jobOf(table, prepareSamples(table, validateRecipe(recipe)));
  const { graph, batch, trainX, trainY, features } = job;
  expect(lower(graph).values.length).toBeGreaterThan(graph.nodes.length); // every operator has a referee
  const program = new Program(graph);
  const values: Record<string, Float32Array> = {
    x: trainX.slice(0, batch * features.length),
    t: trainY.slice(0, batch),
  };
  for (const { name, initial } of job.list) values[name] = initial;
  for (const state of initialState(graph, recipe.seed)) values[state.name] = state.values;
  for (const [name, value] of Object.entries(values)) program.write(name, value);
  const differ: string[] = [];
  for (let step = 0; step < 2; step++) {
    program.run();
    const known = interpret(graph, values);
    for (const { target, value } of graph.updates) values[target] = known.get(value)?.values as Float32Array;
    for (const { target } of graph.updates)
      if (toHexBits(program.read(target)) !== toHexBits(values[target] as Float32Array)) differ.push(target);
  }
  return differ;
}

const small = { batch: 4, epochs: 2 };
const STEPS: readonly [string, Table, Recipe][] = [
  [
    "convolutional network with dropout",
    digits,
    { ...DIGIT_RECIPE, ...small, model: { ...DIGIT_RECIPE.model, dropout: 0.3 } as Recipe["model"] },
  ],
  ["transformer on words", moods, { ...MOOD_RECIPE, ...small }],
  [
    "transformer on words, causal, read at the last",
    moods,
    {
      ...MOOD_RECIPE,
      ...small,
      model: { kind: "transformer", width: 8, heads: 2, layers: 2, causal: true, pool: "last", dropout: 0.1 },
    },
  ],
  ["transformer on rows", series, { ...SERIES_RECIPE, ...small }],
  [
    "perceptron on images, Yogi, weights",
    digits,
    {
      ...DIGIT_RECIPE,
      ...small,
      classWeights: "balanced",
      model: { kind: "mlp", hidden: [9], activation: "gelu" },
      optimizer: { kind: "yogi", learningRate: 0.01 },
    },
  ],
  [
    "line on sequences, AdamW, cosine with warm-up",
    series,
    {
      ...SERIES_RECIPE,
      ...small,
      model: { kind: "linear" },
      optimizer: { kind: "adamw", learningRate: 0.01, schedule: { kind: "cosine", warmup: 3, final: 0.1 } },
    },
  ],
  [
    "softmax regression, momentum, steps, clipping",
    digits,
    {
      ...DIGIT_RECIPE,
      ...small,
      model: { kind: "logistic" },
      optimizer: {
        kind: "momentum",
        learningRate: 0.01,
        nesterov: true,
        clip: 0.5,
        schedule: { kind: "step", every: 1, factor: 0.5 },
      },
    },
  ],
  [
    "Adagrad with decay",
    series,
    {
      ...SERIES_RECIPE,
      ...small,
      model: { kind: "mlp", hidden: [5], activation: "tanh" },
      optimizer: { kind: "adagrad", learningRate: 0.01, weightDecay: 0.1 },
    },
  ],
];

test.each(STEPS)("a step of a %s on the kernels equals the references bit for bit", (_, table, recipe) => {
  expect(compareSteps(table, recipe)).toEqual([]);
});

const learnt = await train(digits, DIGIT_RECIPE);

test("a convolutional network reads digits that it has not seen", () => {
  const { report } = learnt.metrics;
  expect(report?.classes?.accuracy).toBeGreaterThan(0.7);
  expect(report?.classes?.guess).toBeLessThan(0.4);
  expect(report?.learning.curve).toHaveLength(10);
  expect(report?.classes?.confusion.flat().reduce((a, b) => a + b)).toBe(learnt.metrics.testRows);
});

test("a decision names the likeliest class, and its reasons add up to its probability", () => {
  const model = loadModel(learnt.model);
  const decision = model.run(sliceTable(digits, 5, 6));
  const said = decision.probabilities?.find(({ label }) => label === decision.label)?.probability as number;
  expect(decision.probabilities?.[decision.output]?.label).toBe(decision.label);
  expect(decision.contributions).toHaveLength(36);
  expect(decision.contributions.reduce((sum, { value }) => sum + value, decision.base)).toBeCloseTo(said, 5);
  expect(decision.outputWad).toBe(BigInt(decision.output) * 10n ** 18n);
  const all = model.predict(sliceTable(digits, 0, 20));
  expect(all[5]).toMatchObject({ row: 5, output: decision.output, label: decision.label });
});

test("a transformer learns what no single word tells, and explains itself by word", async () => {
  const { metrics, model } = await train(moodTable(500), { ...MOOD_RECIPE, epochs: 12 });
  expect(metrics.report?.classes?.accuracy).toBeGreaterThan(0.9); // a bag of single words stays near 0.5
  const decision = loadModel(model).run(sliceTable(moods, 0, 1));
  const said = decision.probabilities?.find(({ label }) => label === decision.label)?.probability as number;
  expect(decision.contributions.reduce((sum, { value }) => sum + value, decision.base)).toBeCloseTo(said, 5);
});

test("a transformer on rows beats a line on a spread that no line can tell", async () => {
  const table = seriesTable(500, 6);
  const transformer = await train(table, { ...SERIES_RECIPE, epochs: 14 });
  const line = await train(table, { ...SERIES_RECIPE, epochs: 14, model: { kind: "linear" } });
  expect(transformer.metrics.rmse).toBeLessThan(line.metrics.rmse * 0.6);
});

test.each<[string, Table, Recipe]>([
  [
    "digits, stopping early",
    digits,
    { ...DIGIT_RECIPE, epochs: 7, stopping: { patience: 2 }, optimizer: { kind: "adam", learningRate: 0.02 } },
  ],
  [
    "words with dropout and a schedule",
    moods,
    {
      ...MOOD_RECIPE,
      epochs: 4,
      model: { kind: "transformer", width: 8, heads: 2, layers: 1, dropout: 0.2 },
      optimizer: { kind: "adamw", learningRate: 0.01, schedule: { kind: "cosine", warmup: 5 } },
    },
  ],
  ["classes by trees", treeTable(), TREE_RECIPE()],
])("%s: resumed from any checkpoint, the bytes are those of an unbroken run", async (_, table, recipe) => {
  const saved: Checkpoint[] = [];
  const whole = await train(table, recipe, { onCheckpoint: (checkpoint) => saved.push(checkpoint) });
  expect(saved.length).toBeGreaterThan(2);
  for (const resume of [saved[0], saved[saved.length >> 1], saved.at(-1)] as Checkpoint[]) {
    const again = await train(table, recipe, { resume: async (job) => (job === resume.job ? resume : undefined) });
    expect(again.modelRoot).toBe(whole.modelRoot);
  }
  expect(await verifyRun(whole.model, table, recipe)).toMatchObject({ ok: true });
});

test("early stopping keeps the best epoch: the run commits to its steps alone", async () => {
  const recipe: Recipe = {
    ...DIGIT_RECIPE,
    epochs: 40,
    stopping: { patience: 3 },
    optimizer: { kind: "adam", learningRate: 0.02 },
  };
  const { run, metrics } = await train(digits, recipe);
  const { epochs, best, curve } = (metrics.report as NonNullable<typeof metrics.report>).learning;
  expect(epochs).toBe(best + 3);
  const valid = curve.map((point) => point.valid as number);
  expect(valid[best - 1]).toBe(Math.min(...valid));
  const stepsPerEpoch = Math.floor(252 / 16);
  expect(run.steps).toBe(best * stepsPerEpoch);
  const { stopping: _, ...unstopped } = recipe;
  const straight = await train(digits, { ...unstopped, epochs: best });
  expect(straight.run.finalRoot).toBe(run.finalRoot);
  expect(straight.run.checkpoints).toEqual(run.checkpoints);
});

function treeTable(): Table {
  return digitTable(240, 8, 4);
}

function TREE_RECIPE(): Recipe {
  return {
    version: 2,
    task: "multiclass",
    layout: { kind: "image", shape: [1, 8, 8] },
    inputs: [{ column: "p" }],
    target: "digit",
    split: { by: "ratio", train: 0.75 },
    model: { kind: "trees", leaves: 6, minRows: 4, stopping: { rounds: 6, share: 0.2 } },
    optimizer: { kind: "boost", learningRate: 0.2 },
    epochs: 24,
    seed: 5,
    checkpointEvery: 6,
  };
}

test("trees learn several classes; folds are measured on rows that their model has not seen", async () => {
  const { metrics, model } = await train(treeTable(), { ...TREE_RECIPE(), crossValidation: { folds: 3 } });
  expect(metrics.report?.classes?.accuracy).toBeGreaterThan(0.7);
  const folds = metrics.report?.crossValidation;
  expect(folds?.metric).toBe("accuracy");
  expect(folds?.scores).toHaveLength(3);
  expect(folds?.mean).toBeGreaterThan(0.6);
  const decision = loadModel(model).run(sliceTable(treeTable(), 3, 4));
  const said = decision.probabilities?.find(({ label }) => label === decision.label)?.probability as number;
  expect(decision.contributions.reduce((sum, { value }) => sum + value, decision.base)).toBeCloseTo(said, 5);
});
