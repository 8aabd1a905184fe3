import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assets } from "@records/assets";
import type { PublishedTable } from "@records/assets/publishTable.ts";
import type { Receipt } from "@records/assets/receipt.ts";
import { statementHash } from "@records/assets/sign.ts";
import { type VerifyReport, verifyReceipt } from "@records/assets/verify.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { training } from "../src/index.ts";
import type { RunResult } from "../src/run.ts";
import type { TrainedModel } from "../src/train.ts";
import { startTestNode, type TestNode } from "@kernel/runtime/testNode.ts";

let node: TestNode;
let weather: PublishedTable;
let model: TrainedModel;

const verifiers = training.verifiers;
const call = async <T>(name: string, input: unknown): Promise<T> => (await node.runtime.call(name, input)) as T;
const failing = (report: VerifyReport) =>
  report.checks
    .filter((check) => !check.ok)
    .map(({ about, name, detail }) => `${about.split(":")[0]} ${name}: ${detail}`);

beforeAll(async () => {
  node = await startTestNode({ capabilities: [assets, training], names: ["owner", "modeller"] });
  const file = new URL("../../../../node_modules/vega-datasets/data/seattle-weather.csv", import.meta.url).pathname;
  weather = await call("assets.publish", { file, price: "5", royaltyBps: 2000 });
  model = await call("training.train", {
    data: [weather.id],
    target: "temp_max",
    epochs: 20,
    buy: true,
    as: "modeller",
    price: "10",
    name: "warmth",
  });
});

afterAll(() => node.close());

describe("train (SPEC T1-T6)", () => {
  test("publishes a model whose parent is the data, better than the plain rival", () => {
    expect(model).toMatchObject({ name: "warmth", parents: [weather.id], existing: false });
    expect(model.metrics.rmse).toBeLessThan(model.metrics.baselineRmse);
    expect(model.metrics.testRows).toBeGreaterThan(300);
    expect(model.gasUsed).toBeLessThan(400_000n);
  });

  test("statement, run and bundle are in the store under their hashes", async () => {
    const statement = (await node.context.store.getJson(model.statement)) as Record<string, unknown>;
    expect(statement).toMatchObject({ type: "assay/model/1", run: model.run, root: model.root, target: "temp_max" });
    const run = (await node.context.store.getJson(model.run)) as { commitment: { checkpoints: unknown[] } };
    expect(run.commitment.checkpoints.length).toBeGreaterThan(8);
    expect(await node.context.store.has(model.root)).toBe(true);
  });

  test("the same data and recipe give the same model, published once", async () => {
    const again = await call<TrainedModel>("training.train", {
      data: [weather.id],
      recipe: model.recipe,
      threads: 2,
      as: "modeller",
    });
    expect(again).toMatchObject({
      id: model.id,
      root: model.root,
      run: model.run,
      existing: true,
      tx: null,
      name: "warmth",
    });
  });

  test("needs access to the data", async () => {
    const priced = await call<PublishedTable>("assets.publish", { content: "a,y\n1,2\n2,3\n3,5\n", price: 1 });
    await expect(call("training.train", { data: [priced.id], target: "y", as: "modeller" })).rejects.toMatchObject({
      name: "NoAccessError",
    });
  });

  test("rows of several assets with the same columns are joined", async () => {
    const part = async (from: number) =>
      (
        await call<PublishedTable>("assets.publish", {
          content: `a,y\n${Array.from({ length: 40 }, (_, i) => `${from + i},${(from + i) * 2}`).join("\n")}\n`,
          name: `part ${from}`,
        })
      ).id;
    const data = [await part(0), await part(100)];
    const joined = await call<TrainedModel>("training.train", { data, target: "y", epochs: 3, name: "joined" });
    expect(joined.parents).toEqual(data);
    expect(joined.metrics.trainRows + joined.metrics.testRows).toBe(80);
    await expect(call("training.train", { data: [data[0], weather.id], target: "y" })).rejects.toThrow(
      /has the columns/,
    );
  });

  test("says what is wrong: no target, a foreign target, a recipe file that is none", async () => {
    await expect(call("training.train", { data: [weather.id] })).rejects.toThrow(
      /--target, one of date, precipitation/,
    );
    await expect(call("training.train", { data: [weather.id], recipe: model.recipe, target: "wind" })).rejects.toThrow(
      /predicts temp_max, not wind/,
    );
    await expect(call("training.train", { data: [model.id], target: "wind", as: "modeller" })).rejects.toThrow(
      /is a model/,
    );
    const file = join(node.dir, "recipe.json");
    await expect(call("training.train", { data: [weather.id], recipeFile: file })).rejects.toThrow(/cannot be read/);
    await writeFile(file, "{");
    await expect(call("training.train", { data: [weather.id], recipeFile: file })).rejects.toThrow(/is not JSON/);
    await writeFile(file, JSON.stringify({ ...model.recipe, epochs: 0 }));
    await expect(call("training.train", { data: [weather.id], recipeFile: file })).rejects.toThrow(/epochs/);
  });
});

describe("run and explain (SPEC T7)", () => {
  test("answers for a day with reasons that add up", async () => {
    const result = await call<RunResult>("training.run", {
      model: model.id,
      data: weather.id,
      from: "2015-07-04",
      to: "2015-07-04",
    });
    expect(result).toMatchObject({ target: "temp_max", from: "2015-07-04" });
    const sum = result.contributions.reduce((total, { value }) => total + value, result.base);
    expect(sum).toBeCloseTo(result.output, 3);
    expect(result.output).toBeGreaterThan(20);
    const { text } = await call<{ text: string }>("training.explain", { model: model.id, data: weather.id, row: 0 });
    expect(text).toMatch(/^temp_max for 2012-01-01 to 2012-01-01: \d/);
    expect(text).toMatch(/weather is "drizzle": it (raises|lowers) the answer by \d/);
    expect(text).toMatch(/temp_min is 5, usually \d+\.\d+: it lowers the answer by \d/);
  });

  test("takes rows from a CSV, the target left empty", async () => {
    const content = "date,precipitation,temp_max,temp_min,wind,weather\n2016-01-01,0,,18,2,sun\n";
    const result = await call<RunResult>("training.run", { model: model.id, content });
    expect(result.output).toBeGreaterThan(18);
    await expect(call("training.run", { model: model.id })).rejects.toThrow(/say where the rows are/);
    await expect(call("training.run", { model: weather.id, content })).rejects.toThrow(/not a model/);
    const sealed = await call<PublishedTable>("assets.publish", { content: "a,y\n1,2\n2,3\n", seal: true });
    await expect(call("training.run", { model: model.id, data: sealed.id })).rejects.toThrow(/is sealed/);
  });
});

describe("the receipt of a model (SPEC T8)", () => {
  let receipt: Receipt;

  test("trace goes from the model over the run to the data", async () => {
    const { tree } = await call<{ tree: string }>("assets.trace", { id: `asset:${model.id}`, direction: "sources" });
    expect(tree).toMatch(
      /^asset 2 {2}model: warmth\n├─ learnt from: asset 1 {2}data: seattle-weather\n└─ came from: run 0x\w+…\w{4} {2}training run: \d+ steps, target temp_max\n {3}└─ trained on: asset 1/,
    );
    expect((await call<{ subject: object }>("assets.trace", { id: model.run })).subject).toEqual({
      kind: "run",
      id: model.run,
    });
  });

  test("verifies by training again", async () => {
    receipt = await call<Receipt>("assets.receipt", { id: `asset:${model.id}` });
    expect(receipt.statements.map(({ node: { kind } }) => kind).sort()).toEqual(["asset", "asset", "run"]);
    expect(receipt.statements.every(({ signature }) => signature !== undefined)).toBe(true);
    const report = await verifyReceipt(node.context, receipt, verifiers);
    expect(failing(report)).toEqual([]);
    expect(report.checks.find(({ name }) => name === "trained again")?.detail).toMatch(
      /steps, \d+ checkpoints the same/,
    );
    expect((await verifyReceipt(node.context, receipt, {})).verified).toBe(false);
  });

  test("a forged run is found at its first wrong checkpoint, and by the model's statement", async () => {
    const forged = structuredClone(receipt);
    const entry = forged.statements.find(({ node: { kind } }) => kind === "run") as Receipt["statements"][number];
    const run = entry.statement as unknown as {
      commitment: { checkpoints: { step: number; root: string }[] };
      metrics: { rmse: number };
    };
    const third = run.commitment.checkpoints[2] as { step: number; root: string };
    third.root = `0x${"ab".repeat(32)}`;
    run.metrics.rmse = 0.1;
    entry.hash = statementHash(entry.statement);
    const report = await verifyReceipt(node.context, forged, verifiers);
    const all = failing(report).join("\n");
    expect(all).toContain(`run trained again: checkpoint at step ${third.step} is 0x`);
    expect(all).toContain("run metrics");
    expect(all).toContain("asset link to its training run");
    expect(all).toContain("run signature");
  });

  test("another node checks a model of a publisher it has never met, and says what it could not repeat", async () => {
    const dir = await mkdtemp(join(tmpdir(), "assay-bare-"));
    try {
      const { openStore } = await import("@machines/store");
      const store = await openStore({ dir });
      const report = await verifyReceipt({ ...node.context, store }, JSON.parse(JSON.stringify(receipt)), verifiers);
      expect(failing(report)).toEqual([]);
      expect(report.checks.filter(({ skipped }) => skipped).map(({ name }) => name)).toEqual(
        expect.arrayContaining(["trained again", "bytes"]),
      );
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});
