import { sha256Hex } from "@base/bytes/hash.ts";
import { expect, test } from "vitest";
import {
  BundleError,
  type Checkpoint,
  loadModel,
  parseCsv,
  type Recipe,
  sliceTable,
  train,
  TrainingStoppedError,
  verifyRun,
} from "../src/index.ts";
import { areaUnderCurve } from "../src/metrics/ranking.ts";
import { confidence, toWad } from "../src/model/model.ts";
import { randomWord } from "../src/random/philox.ts";
import { WEATHER_RECIPE, weatherTable } from "./weather.ts";

const table = weatherTable(800);
const result = await train(table, WEATHER_RECIPE);

test("training twice gives the same bytes; another seed gives others", async () => {
  const again = await train(table, WEATHER_RECIPE);
  expect(again.model).toEqual(result.model);
  expect(result.modelRoot).toBe(sha256Hex(result.model));
  expect((await train(table, { ...WEATHER_RECIPE, seed: 8 })).modelRoot).not.toBe(result.modelRoot);
});

test("the committed model of this table and recipe is known", () => {
  // Any change here changes what people have anchored: it must be meant, and said in the release notes.
  expect(result.run.initialRoot).toBe("0x058c2a3d60ed3fcdd64e212dde770698468f369798439bcffdfce6d32e0980e7");
  expect(result.run.finalRoot).toBe("0xbcf49dd95e9850fbb483e8bf23657480af058720a7dbba8d817a1e628d23cef4");
});

test("the network beats both plain baselines on weather it has not seen", () => {
  const { rmse, mae, baselineRmse, baselineMae, baselines, trainRows, testRows } = result.metrics;
  expect(rmse).toBeLessThan(baselineRmse / 3);
  expect(mae).toBeLessThan(baselineMae / 3);
  expect(baselineRmse).toBe(Math.min(baselines.mean.rmse, baselines.strongest.rmse));
  expect(trainRows + testRows).toBe(781 - 19);
});

test("checkpoints are committed every n-th step", () => {
  expect(result.run.steps).toBe(16 * 30);
  expect(result.run.checkpoints.map(({ step }) => step)).toEqual([50, 100, 150, 200, 250, 300, 350, 400, 450]);
  expect(new Set(result.run.checkpoints.map(({ root }) => root)).size).toBe(9);
});

test("resuming from any checkpoint gives the same bytes as an unbroken run", async () => {
  const saved: Checkpoint[] = [];
  const stop = new AbortController();
  const stopped = train(table, WEATHER_RECIPE, {
    signal: stop.signal,
    onCheckpoint: (checkpoint) => {
      saved.push(checkpoint);
      if (checkpoint.step === 200) stop.abort();
    },
  });
  await expect(stopped).rejects.toThrow(TrainingStoppedError);
  for (const resume of [saved[0] as Checkpoint, saved.at(-1) as Checkpoint]) {
    const resumed = await train(table, WEATHER_RECIPE, { resume });
    expect(resumed.modelRoot).toBe(result.modelRoot);
    expect(resumed.run).toEqual(result.run);
  }
});

test("a checkpoint that was altered or belongs to another run is refused", async () => {
  const saved: Checkpoint[] = [];
  await train(table, { ...WEATHER_RECIPE, epochs: 4 }, { onCheckpoint: (checkpoint) => saved.push(checkpoint) });
  const resume = saved[0] as Checkpoint;
  await expect(train(table, WEATHER_RECIPE, { resume })).rejects.toThrow(/another run/);
  const state = resume.state.slice();
  state[5] = (state[5] as number) ^ 1;
  const altered = { ...resume, state };
  await expect(train(table, { ...WEATHER_RECIPE, epochs: 4 }, { resume: altered })).rejects.toThrow(/do not match/);
});

test("progress counts up to the last step and falls in loss", () => {
  const [first, last] = [result.curve[0], result.curve.at(-1)];
  expect(last).toMatchObject({ step: 480, total: 480 });
  expect(last?.loss).toBeLessThan((first?.loss as number) / 10);
});

test("a run that diverges says so", async () => {
  const wild: Recipe = { ...WEATHER_RECIPE, optimizer: { kind: "sgd", learningRate: 900 } };
  await expect(train(table, wild)).rejects.toThrow(/diverged/);
});

test("verifyRun accepts the honest bundle and names what a cheat changed", async () => {
  expect(await verifyRun(result.model, table, WEATHER_RECIPE)).toMatchObject({ ok: true });
  const cells = [...(table.columns[1]?.values ?? [])];
  cells[300] = (cells[300] as number) + 0.1;
  const columns = table.columns.map((column, index) => (index === 1 ? { ...column, values: cells } : column));
  expect(await verifyRun(result.model, { ...table, columns }, WEATHER_RECIPE)).toMatchObject({
    ok: false,
    mismatch: { what: "table" },
  });
  expect(await verifyRun(result.model, table, { ...WEATHER_RECIPE, epochs: 29 })).toMatchObject({
    ok: false,
    mismatch: { what: "recipe" },
  });
  const forged = result.model.slice();
  forged[forged.length - 3000] = (forged[forged.length - 3000] as number) ^ 1;
  expect(await verifyRun(forged, table, WEATHER_RECIPE)).toMatchObject({
    ok: false,
    mismatch: { what: "model bundle" },
  });
});

test("a decision explains itself: base and contributions add up to the output", () => {
  const model = loadModel(result.model);
  expect(model.root).toBe(result.modelRoot);
  for (const from of [600, 640, 700, 779]) {
    const decision = model.run(sliceTable(table, from, from + 20));
    const sum = decision.contributions.reduce((total, { value }) => total + value, decision.base);
    expect(Math.abs(sum - decision.output)).toBeLessThan(1e-6);
    expect(decision.contributions).toHaveLength(8);
    expect(decision.confidenceBps).toBeGreaterThan(5000);
    const predicted = model.predict(table).find(({ row }) => row === from + 19)?.output as number;
    expect(predicted).toBe(Math.min(1, Math.max(0, decision.output)));
  }
  const first = model.run(sliceTable(table, 600, 620)).contributions[0];
  expect(first).toMatchObject({
    name: "rain sum, days 1-5",
    column: "rain",
    bin: 0,
    from: "2013-08-23",
    to: "2013-08-27",
  });
});

test("more rain never explains a drier answer on a linear model, and its reasons are exact", async () => {
  const linear = await train(table, { ...WEATHER_RECIPE, model: { kind: "linear" } });
  const model = loadModel(linear.model);
  const window = sliceTable(table, 700, 720);
  const before = model.run(window);
  const values = window.columns[1]?.values.map((value, row) => (row === 19 ? (value as number) + 10 : value)) ?? [];
  const wetter = {
    ...window,
    columns: window.columns.map((column, index) => (index === 1 ? { ...column, values } : column)),
  };
  const after = model.run(wetter);
  const change = (name: string) => {
    const value = (decision: typeof before) =>
      decision.contributions.find((entry) => entry.name === name)?.value as number;
    return value(after) - value(before);
  };
  expect(change("rain sum, days 16-20")).toBeCloseTo(after.output - before.output, 5);
  expect(change("heat mean, days 1-5")).toBeCloseTo(0, 6);
});

test("a window of the wrong length or with a hole is refused", () => {
  const model = loadModel(result.model);
  expect(() => model.run(sliceTable(table, 0, 19))).toThrow(/exactly 20/);
  const holes = sliceTable(table, 0, 21);
  const columns = holes.columns.map((column) => ({ ...column, values: column.values.filter((_, row) => row !== 7) }));
  expect(() => model.run({ columns, rows: 20 })).toThrow(/consecutive/);
});

test("bytes that are no bundle are refused with a typed error, wherever they break", () => {
  for (const length of [0, 5, 17, 200, result.model.length - 1])
    expect(() => loadModel(result.model.slice(0, length))).toThrow(BundleError);
  expect(() => loadModel(new Uint8Array([...result.model, 0]))).toThrow(BundleError);
  for (let i = 0; i < 300; i++) {
    const bytes = result.model.slice(0);
    const at = randomWord(1, 70, 0, 0, i) % 4000;
    bytes[at] = (bytes[at] as number) ^ (1 << (i % 8));
    try {
      loadModel(bytes);
    } catch (error) {
      expect((error as Error).name).toMatch(/^(BundleError|RecipeError)$/);
    }
  }
});

test("a binary task learns to tell two classes apart", async () => {
  const lines = ["kind,x,y,good"];
  for (let i = 0; i < 400; i++) {
    const [x, y, k] = [0, 1, 2].map((j) => randomWord(2, 80, 0, j, i) / 2 ** 32) as [number, number, number];
    const kind = k < 0.5 ? "a" : "b";
    lines.push(`${kind},${x},${y},${x + y + (kind === "a" ? 0.3 : 0) > 1 ? 1 : 0}`);
  }
  const data = parseCsv(new TextEncoder().encode(lines.join("\n")));
  const recipe: Recipe = {
    version: 1,
    task: "binary",
    inputs: [{ column: "kind" }, { column: "x" }, { column: "y" }],
    target: "good",
    split: { by: "ratio", train: 0.75 },
    model: { kind: "mlp", hidden: [8] },
    optimizer: { kind: "adam", learningRate: 0.02 },
    epochs: 40,
    batch: 20,
    seed: 3,
    checkpointEvery: 100,
    tolerance: 0.5,
  };
  for (const model of [recipe.model, { kind: "logistic" as const }]) {
    const trained = await train(data, { ...recipe, model });
    expect(trained.metrics.binary?.auc).toBeGreaterThan(0.97);
    expect(trained.metrics.binary?.accuracy).toBeGreaterThan(0.9);
    const decision = loadModel(trained.model).run(sliceTable(data, 3, 4));
    expect(decision.contributions.map(({ column }) => column)).toEqual(["kind", "x", "y"]);
    const sum = decision.contributions.reduce((total, { value }) => total + value, decision.base);
    expect(Math.abs(sum - decision.output)).toBeLessThan(1e-6);
  }
});

test("toWad is the exact floor", () => {
  expect(toWad(0.5, false)).toBe(5n * 10n ** 17n);
  expect(toWad(Math.fround(0.1), false)).toBe(100000001490116119n); // 0.100000001490116119384765625
  expect(toWad(-Math.fround(0.1), false)).toBe(-100000001490116120n);
  expect(toWad(2 ** -149, false)).toBe(0n);
  expect(toWad(-(2 ** -149), false)).toBe(-1n);
  expect(toWad(2 ** 100, false)).toBe(2n ** 100n * 10n ** 18n);
  expect(toWad(1.25, true)).toBe(10n ** 18n);
  expect(toWad(-0.25, true)).toBe(0n);
  expect(() => toWad(Number.NaN, true)).toThrow();
});

test("confidence counts the nearest hundred", () => {
  const predictions = Float32Array.from({ length: 1000 }, (_, i) => i / 1000);
  const errors = Float32Array.from({ length: 1000 }, (_, i) => (i < 500 ? 0 : 1));
  expect(confidence(predictions, errors, 0.1, 0.05)).toBe(10_000);
  expect(confidence(predictions, errors, 0.9, 0.05)).toBe(0);
  expect(confidence(predictions, errors, 0.4995, 0.05)).toBe(5000);
  expect(confidence(predictions, errors, 7, 0.05)).toBe(0);
  expect(confidence(predictions, errors, -7, 0.05)).toBe(10_000);
  expect(confidence(new Float32Array(), new Float32Array(), 0, 1)).toBe(0);
  expect(confidence(predictions.subarray(0, 3), Float32Array.of(0, 0, 1), 0, 0.5)).toBe(6666);
});

test("area under the curve counts ties as one half", () => {
  expect(areaUnderCurve([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])).toBe(0.75);
  expect(areaUnderCurve([0.5, 0.5], [0, 1])).toBe(0.5);
  expect(areaUnderCurve([0.5, 0.6], [1, 1])).toBeNull();
});
