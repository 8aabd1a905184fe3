import * as ort from "onnxruntime-web";
import { expect, test } from "vitest";
import { randomWord } from "../random/philox.ts";
import { boost, type BoostSettings } from "./boost.ts";
import { Predictor } from "./ensemble.ts";
import { exportTrees } from "./onnx.ts";

const unit = (a: number, i: number) => randomWord(2, 95, a, 0, i) / 2 ** 32;
const [ROWS, WIDTH] = [300, 4];
const x = Float32Array.from({ length: ROWS * WIDTH }, (_, i) => (unit(1, i) < 0.1 ? Number.NaN : unit(2, i)));
const sum = (row: number) => (x[row * WIDTH] || 0.8) + (x[row * WIDTH + 1] || 0) ** 2;
const settings = { trees: 20, leaves: 8, learningRate: 0.3, minRows: 5 };
const MODELS: [BoostSettings, (row: number) => number][] = [
  [{ ...settings, task: "regression" }, (row) => 100 * sum(row)],
  [{ ...settings, task: "binary" }, (row) => (sum(row) > 0.8 ? 1 : 0)],
  [{ ...settings, task: "multiclass", classes: 3 }, (row) => Math.min(2, Math.floor(2 * sum(row)))],
];

test.each(MODELS)("another runtime gives the same answers: $task", async (given, target) => {
  const model = boost(
    x,
    Float32Array.from({ length: ROWS }, (_, row) => target(row)),
    given,
  );
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(exportTrees(model), { executionProviders: ["wasm"] });
  const { output } = await session.run({ x: new ort.Tensor("float32", x, [ROWS, WIDTH]) });
  expect(output?.dims).toEqual([ROWS, model.outputs]);
  const peers = (output as ort.Tensor).data as Float32Array;
  const predictor = new Predictor(model);
  const scale = given.task === "regression" ? 100 : 1;
  for (let row = 0; row < ROWS; row++)
    predictor.predict(x.subarray(row * WIDTH, (row + 1) * WIDTH)).forEach((value, k) => {
      const peer = peers[row * model.outputs + k] as number;
      expect(Math.abs(peer - value)).toBeLessThan(2e-6 * scale);
    });
});
