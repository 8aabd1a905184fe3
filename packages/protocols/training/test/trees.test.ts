import { assets } from "@records/assets";
import type { PublishedTable } from "@records/assets/publishTable.ts";
import type { Receipt } from "@records/assets/receipt.ts";
import { type VerifyReport, verifyReceipt } from "@records/assets/verify.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { training } from "../src/index.ts";
import type { RunResult } from "../src/run.ts";
import type { TrainedModel } from "../src/train.ts";
import { startTestNode, type TestNode } from "@kernel/runtime/testNode.ts";

let node: TestNode;
let weather: PublishedTable;
let model: TrainedModel;
const call = async <T>(name: string, input: unknown): Promise<T> => (await node.runtime.call(name, input)) as T;
const recipe = {
  version: 1,
  task: "regression",
  time: "date",
  inputs: ["precipitation", "temp_min", "wind", "weather"].map((column) => ({ column })),
  target: "temp_max",
  split: { by: "ratio", train: 0.75 },
  model: { kind: "trees", leaves: 15, rowShare: 0.8 },
  optimizer: { kind: "boost", learningRate: 0.1 },
  epochs: 60,
  seed: 1,
  checkpointEvery: 10,
  tolerance: 3,
};

beforeAll(async () => {
  node = await startTestNode({ capabilities: [assets, training], names: ["owner"] });
  const file = new URL("../../../../node_modules/vega-datasets/data/seattle-weather.csv", import.meta.url).pathname;
  weather = await call("assets.publish", { file });
  model = await call("training.train", { data: [weather.id], recipe, name: "warmth by trees" });
});

afterAll(() => node.close());

test("boosted trees are published, better than the plain rival", () => {
  expect(model).toMatchObject({ name: "warmth by trees", steps: 60, recipe });
  expect(model.metrics.rmse).toBeLessThan(model.metrics.baselineRmse);
});

test("they answer with reasons that add up", async () => {
  const { output, base, contributions } = await call<RunResult>("training.run", { model: model.id, data: weather.id });
  expect(contributions.map(({ name }) => name)).toEqual(["precipitation", "temp_min", "wind", "weather"]);
  expect(contributions.reduce((sum, { value }) => sum + value, base)).toBeCloseTo(output, 3);
});

test("the run is checked by training again", async () => {
  const receipt = await call<Receipt>("assets.receipt", { id: model.id });
  const report: VerifyReport = await verifyReceipt(node.context, receipt, training.verifiers);
  expect(report.checks.filter((check) => !check.ok)).toEqual([]);
  expect(report.checks.find(({ name }) => name === "trained again")?.detail).toMatch(
    /60 steps, 6 checkpoints the same/,
  );
});
