import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Hex } from "@base/bytes/hash.ts";
import { importOnnx } from "@machines/engine/onnx/model.ts";
import { fromNumbers, type OnnxTensor } from "@machines/engine/onnx/tensor.ts";
import { assets } from "@records/assets";
import { execute } from "@records/assets/execute.ts";
import { putInput } from "@records/assets/input.ts";
import type { PublishedTable } from "@records/assets/publishTable.ts";
import type { Receipt } from "@records/assets/receipt.ts";
import { type VerifyReport, verifyReceipt } from "@records/assets/verify.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Explanation } from "../src/explain.ts";
import type { Exported } from "../src/export.ts";
import type { ImportedModel } from "../src/import.ts";
import { models } from "../src/index.ts";
import type { Inspection } from "../src/inspect.ts";
import type { QuantizedModel } from "../src/quantize.ts";
import type { RunOutput } from "../src/run.ts";
import * as files from "./files.ts";
import { startTestNode, type TestNode } from "@kernel/runtime/testNode.ts";

let node: TestNode;
let dir: string;
let table: PublishedTable;
const call = async <T>(name: string, input: unknown): Promise<T> => (await node.runtime.call(name, input)) as T;
const columns = ["a", "b", "c"];
const CSV = "a,b,c\n9,5,3\n12,7,4\n8,6.5,2\n11,4,3.75\n";

/** Writes a file into the temporary folder and returns its path. */
async function put(name: string, bytes: Uint8Array | string): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, bytes);
  return path;
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "assay-models-"));
  node = await startTestNode({ capabilities: [assets, models], names: ["owner"] });
  table = await call("assets.publish", { content: CSV, name: "points" });
});

afterAll(async () => {
  await node.close();
  await rm(dir, { recursive: true, force: true });
});

describe("import (SPEC M1-M4)", () => {
  test("publishes the file's own bytes, signed and verifiable", async () => {
    const bytes = files.boostedClassifier();
    const model = await call<ImportedModel>("model.import", {
      file: await put("boost.onnx", bytes),
      columns,
      index: 1,
    });
    expect(model).toMatchObject({
      name: "boost",
      existing: false,
      rewrites: [],
      root: sha256Hex(bytes),
      source: sha256Hex(bytes),
    });
    expect(model.reading).toEqual({ inputs: [{ input: "input", columns }], output: "probability", index: 1 });
    expect(await node.context.store.get(model.root)).toEqual(Buffer.from(bytes));
    const receipt = await call<Receipt>("assets.receipt", { id: model.id });
    const report: VerifyReport = await verifyReceipt(node.context, receipt, models.verifiers ?? {});
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    const again = await call<ImportedModel>("model.import", { file: join(dir, "boost.onnx"), columns });
    expect(again).toMatchObject({ id: model.id, existing: true, tx: null });
  });

  test("folds batch normalisation and says so; the file's own form stays at hand", async () => {
    const bytes = files.torchConvolution();
    const file = await put("net.onnx", bytes);
    const folded = await call<ImportedModel>("model.import", { file });
    expect(folded.rewrites).toEqual(["folded 3 batch normalisations into convolutions"]);
    expect(folded.source).toBe(sha256Hex(bytes));
    expect(folded.root).not.toBe(folded.source);
    const plain = await call<ImportedModel>("model.import", { file, fold: false });
    expect(plain).toMatchObject({ rewrites: [], root: sha256Hex(bytes) });
    const x = fromNumbers("float32", [1, 3, 16, 16], files.weights([768], 9).data as Float32Array);
    const [a, b] = await Promise.all(
      [folded.root, plain.root].map(
        async (root) => importOnnx(await node.context.store.get(root)).run({ image: x }).scores as OnnxTensor,
      ),
    );
    const [left, right] = [a, b].map((one) => Array.from((one as OnnxTensor).data as Float32Array)) as [
      number[],
      number[],
    ];
    for (const [i, value] of left.entries()) expect(Math.abs(value - (right[i] as number))).toBeLessThan(1e-5);
  });

  test("names operator and node of what is not supported", async () => {
    const odd = files.fileOf({
      nodes: [files.node("Relu", ["x"], ["a"]), files.node("Mystery", ["a"], ["y"])],
      inputs: [files.slot("x", 1, ["N", 3])],
      outputs: [files.slot("y", 1, ["N", 3])],
    });
    const file = await put("odd.onnx", odd);
    await expect(call("model.import", { file })).rejects.toMatchObject({
      name: "UnsupportedOperatorError",
      data: { operator: "Mystery", node: "Mystery_y" },
    });
    const report = await call<Inspection>("model.inspect", { file });
    expect(report.refused).toEqual([
      { node: "Mystery_y", operator: "Mystery", domain: "", why: "no such operator is built in" },
    ]);
  });

  test.each([
    ["no file of ONNX", new TextEncoder().encode("hello"), "OnnxFormatError"],
    ["a truncated file", files.kerasConvolution().subarray(0, 700), "OnnxFormatError"],
    ["an empty file", new Uint8Array(), "OnnxModelError"],
  ])("%s is refused", async (_, bytes, name) => {
    await expect(call("model.import", { file: await put("bad.onnx", bytes) })).rejects.toMatchObject({ name });
  });

  test("as many columns as the model takes", async () => {
    const file = await put("boost.onnx", files.boostedClassifier());
    await expect(call("model.import", { file, columns: ["a", "b"] })).rejects.toThrow(
      /takes 3 numbers a row .* 2 columns/,
    );
  });
});

describe("inspect (SPEC M5)", () => {
  test("shapes, operators and multiply-adds", async () => {
    const report = await call<Inspection>("model.inspect", {
      file: await put("net.onnx", files.torchConvolution()),
      extents: { batch: 2 },
    });
    expect(report.multiplyAdds).toBe(2 * (8 * 64 * 27 + 8 * 64 * 9 + 8 * 64 * 8 + 40));
    expect(report.steps[0]).toEqual({
      node: "Conv_a",
      operator: "Conv",
      gives: "a float32[2, 8, 8, 8]",
      multiplyAdds: 2 * 8 * 64 * 27,
    });
    expect(report.operators).toContainEqual({ operator: "BatchNormalization", count: 3 });
    expect(report).toMatchObject({ problem: null, refused: [], nodes: 13 });
  });
});

describe("run (SPEC M5, M6)", () => {
  test("rows of a data asset, classes by name", async () => {
    const file = await put("forest.onnx", files.forestClassifier());
    const { rows } = await call<RunOutput>("model.run", { file, data: table.id, row: 0, rows: 2 });
    const probability = rows[0]?.outputs["output_probability"] as Record<string, number>;
    expect(probability.calm).toBeCloseTo(0.75, 6);
    expect(rows.map(({ row, outputs }) => [row, outputs.label])).toEqual([
      [0, "calm"],
      [1, "storm"],
    ]);
  });

  test("images last in channels, from .npy and from JSON", async () => {
    const file = await put("keras.onnx", files.kerasConvolution());
    const image = files.weights([1, 8, 8, 1], 3).data as Float32Array;
    const header = `${"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 8, 8, 1), }".padEnd(117)}\n`;
    const npy = new Uint8Array(10 + header.length + 256);
    npy.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
    npy.set(new TextEncoder().encode(header), 10);
    npy.set(new Uint8Array(image.buffer, image.byteOffset, 256), 10 + header.length);
    const byFile = await call<RunOutput>("model.run", { file, tensors: [await put("input_1.npy", npy)] });
    const nested = Array.from({ length: 8 }, (_, y) => Array.from({ length: 8 }, (_, x) => [image[y * 8 + x]]));
    const byJson = await call<RunOutput>("model.run", { file, input: { input_1: [nested] } });
    expect(byFile.outputs).toEqual(byJson.outputs);
    expect(byFile.outputs[0]).toMatchObject({ name: "Identity:0", type: "float32[1, 3]" });
  });

  test("a row with a word where a number belongs names row and column", async () => {
    const file = await put("forest.onnx", files.forestClassifier());
    await expect(call("model.run", { file, content: "a,b,c\n1,x,2\n", row: 0 })).rejects.toThrow(/Row 0, column "b"/);
  });

  test("a model that never ends is stopped", async () => {
    const body = {
      node: [files.node("Identity", ["go"], ["on"])],
      input: [files.slot("i", 7, []), files.slot("go", 9, [])],
      output: [files.slot("on", 9, [])],
      name: "body",
      initializer: [],
    };
    const bytes = files.fileOf({
      nodes: [
        { ...files.node("Loop", ["", "x"], []), attribute: [{ name: "body", g: body, type: 5 }] },
        files.node("Identity", ["x"], ["y"]),
      ],
      inputs: [files.slot("x", 9, [])],
      outputs: [files.slot("y", 9, [])],
    });
    const started = performance.now();
    const run = call("model.run", { file: await put("loop.onnx", bytes), input: { x: true }, seconds: 1 });
    await expect(run).rejects.toMatchObject({ name: expect.stringMatching(/ModelTimeError|OnnxLimitError/) });
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe("explain (SPEC M8)", () => {
  test.each([
    ["trees", files.boostedRegressor, { index: 0 }],
    ["trees", files.boostedClassifier, { index: 1 }],
    ["trees", files.forestClassifier, { index: 1 }],
    ["gradients", files.torchPerceptron, {}],
    ["coalitions", files.logisticPipeline, { output: "output_probability", index: 0 }],
  ])("reasons of %s add up", async (method, make, choice) => {
    const file = await put("m.onnx", make());
    const model = await call<ImportedModel>("model.import", { file, columns, ...choice });
    for (const row of [0, 3]) {
      const found = await call<Explanation>("model.explain", { model: model.id, data: table.id, row });
      expect(found.method).toContain(method);
      const { rows } = await call<RunOutput>("model.run", { model: model.id, data: table.id, row });
      expect(found.output).toBe(rows[0]?.answer);
      expect(found.reasons.reduce((sum, { value }) => sum + value, found.base)).toBeCloseTo(found.output, 6);
    }
  });
});

describe("deciding", () => {
  test("an imported model answers a committed input, the same every time", async () => {
    const file = await put("boost.onnx", files.boostedRegressor());
    const model = await call<ImportedModel>("model.import", { file, columns });
    const input = await putInput(node.context, {
      type: "assay/input/1",
      data: { asset: table.id, root: table.root, statement: table.statement },
      select: { first: 1, count: 1 },
    });
    const result = await execute(node.context, BigInt(model.id), input);
    const { rows } = await call<RunOutput>("model.run", { model: model.id, data: table.id, row: 1 });
    expect(Number(result.output) / 1e18).toBe(rows[0]?.answer);
    expect(result).toEqual(await execute(node.context, BigInt(model.id), input));
    expect(result.why.contributions.map(({ name }) => name)).toEqual(columns);
    expect(result.confidenceBps).toBe(0);
  });

  test("a classifier's confidence is its likeliest class's share; whoever reads its label gets the same", async () => {
    const file = await put("boosted.onnx", files.boostedClassifier());
    const input = await putInput(node.context, {
      type: "assay/input/1",
      data: { asset: table.id, root: table.root, statement: table.statement },
      select: { first: 1, count: 1 },
    });
    for (const index of [0, 1]) {
      const name = `boosted ${index}`;
      const model = await call<ImportedModel>("model.import", { file, columns, index, name });
      const { output, confidenceBps } = await execute(node.context, BigInt(model.id), input);
      const share = Number(output) / 1e18;
      expect(confidenceBps).toBe(Math.floor(Math.max(share, Math.fround(1 - share)) * 10_000));
      expect(confidenceBps).toBeGreaterThanOrEqual(5000);
    }
  });
});

describe("quantize (SPEC M9)", () => {
  test("an imported network in integers: report, answers, repeated by verify", async () => {
    const rows = Array.from({ length: 80 }, (_, i) =>
      [0, 1, 2].map((j) => Number(Math.fround(Math.sin(i * 1.7 + j * 2.3) * 3).toFixed(4))),
    );
    const data = await call<PublishedTable>("assets.publish", {
      content: `a,b,c\n${rows.map((row) => row.join(",")).join("\n")}\n`,
      name: "waves",
    });
    const model = await call<ImportedModel>("model.import", {
      file: await put("p.onnx", files.torchPerceptron()),
      columns,
    });
    const small = await call<QuantizedModel>("model.quantize", { model: model.id, data: data.id });
    expect(small).toMatchObject({
      existing: false,
      calibration: { first: 0, count: 40 },
      evaluation: { first: 40, count: 40 },
      samples: 40,
    });
    expect(small.worstDifference).toBeGreaterThan(0);
    expect(small.worstDifference).toBeLessThan(0.05);
    expect(small.agreement).toBeGreaterThan(0.9);
    const [exact, whole] = await Promise.all(
      [model.id, small.id].map(
        async (id) => (await call<RunOutput>("model.run", { model: id, data: data.id, row: 40, rows: 40 })).rows,
      ),
    );
    const worst = Math.max(
      ...(exact ?? []).map(({ answer }, i) => Math.abs(Number(answer) - Number(whole?.[i]?.answer))),
    );
    expect(worst).toBeCloseTo(small.worstDifference, 12);
    const report = await verifyReceipt(
      node.context,
      await call<Receipt>("assets.receipt", { id: small.id }),
      models.verifiers ?? {},
    );
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.checks.map(({ name }) => name)).toContain("quantised again");
    expect((await call<Inspection>("model.inspect", { model: small.id })).multiplyAdds).toBe(3 * 16 + 16);
  });

  test("an integer program decides and says why, over and over the same", async () => {
    const model = await call<ImportedModel>("model.import", {
      file: await put("p.onnx", files.torchPerceptron()),
      columns,
    });
    const small = await call<QuantizedModel>("model.quantize", { model: model.id, data: table.id });
    const select = { first: 2, count: 1 };
    const input = await putInput(node.context, {
      type: "assay/input/1",
      data: { asset: table.id, root: table.root, statement: table.statement },
      select,
    });
    const result = await execute(node.context, BigInt(small.id), input);
    expect(result).toEqual(await execute(node.context, BigInt(small.id), input));
    const { rows } = await call<RunOutput>("model.run", { model: small.id, data: table.id, row: 2 });
    expect(Number(result.output) / 1e18).toBeCloseTo(Number(rows[0]?.answer), 14);
    expect(result.why.contributions.map(({ name }) => name)).toEqual(columns);
    const sum = result.why.contributions.reduce((total, { value }) => total + value, result.why.base);
    expect(sum).toBeCloseTo(Number(result.output) / 1e18, 5);
    const said = await call<Explanation>("model.explain", { model: small.id, data: table.id, row: 2 });
    expect(said.output).toBe(rows[0]?.answer);
    const two = await putInput(node.context, {
      type: "assay/input/1",
      data: { asset: table.id, root: table.root, statement: table.statement },
      select: { first: 1, count: 2 },
    });
    await expect(execute(node.context, BigInt(small.id), two)).rejects.toThrow(/exactly 1 rows/);
  });

  test("an operator without an integer form is named", async () => {
    const model = await call<ImportedModel>("model.import", {
      file: await put("trees.onnx", files.boostedRegressor()),
      columns,
    });
    await expect(call("model.quantize", { model: model.id, data: table.id })).rejects.toMatchObject({
      name: "UnsupportedOperatorError",
      data: { operator: "TreeEnsembleRegressor" },
    });
  });
});

describe("export (SPEC M7)", () => {
  test("an imported model comes back as it was", async () => {
    const bytes = files.torchPerceptron();
    const model = await call<ImportedModel>("model.import", { file: await put("p.onnx", bytes), columns });
    const out = join(dir, "out.onnx");
    const exported = await call<Exported>("model.export", { model: model.id, out });
    expect(exported).toMatchObject({ root: sha256Hex(bytes), size: bytes.length, base64: null });
    expect(new Uint8Array(await readFile(out))).toEqual(bytes);
  });
});
