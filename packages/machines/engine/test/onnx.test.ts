import * as ort from "onnxruntime-web";
import { expect, test } from "vitest";
import { Builder } from "../src/graph/build.ts";
import { interpret } from "../src/graph/interpret.ts";
import { exportGraph, exportOnnx } from "../src/onnx/export.ts";
import {
  OnnxError,
  OnnxFormatError,
  OnnxLimitError,
  OnnxModelError,
  UnsupportedOperatorError,
} from "../src/onnx/errors.ts";
import { importOnnx } from "../src/onnx/model.ts";
import { modelSchema } from "../src/onnx/proto.ts";
import { fromNumbers, type OnnxTensor } from "../src/onnx/tensor.ts";
import { decodeMessage, encodeMessage } from "../src/onnx/wire.ts";
import { STREAM, uniform } from "../src/random/philox.ts";
import { Program } from "../src/graph/program.ts";
import { decodeBundle } from "../src/model/bundle.ts";
import { train } from "../src/train/train.ts";
import { DIGIT_RECIPE, digitTable, SERIES_RECIPE, seriesTable } from "./made.ts";
import { WEATHER_RECIPE, weatherTable } from "./weather.ts";

function perceptron(): { bytes: Uint8Array; x: Float32Array; expected: Float32Array } {
  const b = new Builder();
  const widths = [12, 16, 8, 3];
  const tensors = new Map<string, { values: Float32Array }>();
  let value = b.input("x", [5, 12], "data");
  for (let layer = 0; layer < 3; layer++) {
    const [from, to] = [widths[layer] as number, widths[layer + 1] as number];
    tensors.set(`w${layer}`, { values: uniform(from * to, 1, 7, STREAM.init, layer) });
    tensors.set(`b${layer}`, { values: uniform(to, 1, 8, STREAM.init, layer) });
    const product = b.op("matmul", [value, b.input(`w${layer}`, [from, to], "param")]);
    value = b.op("add", [product, b.input(`b${layer}`, [1, to], "param")]);
    if (layer < 2) value = b.op(layer === 0 ? "relu" : "tanh", [value]);
  }
  b.output("y", b.op("sigmoid", [b.op("transpose", [value])]));
  const graph = b.finish();
  const x = uniform(60, 2, 9, STREAM.init, 0);
  const values = Object.fromEntries([...tensors].map(([name, tensor]) => [name, tensor.values]));
  const known = interpret(graph, { ...values, x });
  const output = graph.outputs[0]?.value as string;
  return { bytes: exportGraph(graph, tensors), x, expected: known.get(output)?.values as Float32Array };
}

const { bytes, x, expected } = perceptron();

test("an exported graph comes back with the same bits", () => {
  const model = importOnnx(bytes);
  expect(model.inputs).toEqual([{ name: "x", kind: "tensor", dtype: "float32", shape: [5, 12] }]);
  const { y } = model.run({ x: fromNumbers("float32", [5, 12], x) });
  expect((y as OnnxTensor).data).toEqual(expected);
  expect(model.inspect()).toMatchObject({ parameters: 12 * 16 + 16 + 16 * 8 + 8 + 8 * 3 + 3, producer: "assay" });
});

test("onnxruntime-web loads an exported graph and agrees", async () => {
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  const result = await session.run({ x: new ort.Tensor("float32", x, [5, 12]) });
  const peer = result.y?.data as Float32Array;
  expect(peer).toHaveLength(expected.length);
  peer.forEach((value, i) => {
    expect(Math.abs(value - (expected[i] as number))).toBeLessThan(1e-5);
  });
});

test("a trained bundle is exported with its parameters and gives the same answers", async () => {
  const { model } = await train(weatherTable(700), { ...WEATHER_RECIPE, epochs: 1 });
  const file = exportOnnx(model);
  const imported = importOnnx(file);
  const width = imported.inputs[0]?.shape?.[1] as number;
  const sample = uniform(width, 1, 3, STREAM.init, 1);
  const own = imported.run({ x: fromNumbers("float32", [1, width], sample) }).output as OnnxTensor;
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(file, { executionProviders: ["wasm"] });
  const peer = (await session.run({ x: new ort.Tensor("float32", sample, [1, width]) })).output?.data as Float32Array;
  expect(Math.abs((peer[0] as number) - (own.data[0] as number))).toBeLessThan(1e-4);
});

test.each([
  ["a convolutional network on images", digitTable(120, 12, 4), DIGIT_RECIPE],
  ["a transformer on rows", seriesTable(120, 6), SERIES_RECIPE],
] as const)(
  "%s is exported, runs as one program with the bundle's bits, and onnxruntime-web agrees",
  async (_, table, recipe) => {
    const { model } = await train(table, { ...recipe, epochs: 1 });
    const { graph, tensors } = decodeBundle(model);
    const file = exportOnnx(model);
    const imported = importOnnx(file);
    const shape = imported.inputs[0]?.shape as number[];
    const x = fromNumbers(
      "float32",
      shape,
      uniform(
        shape.reduce((a, b) => a * b, 1),
        1,
        3,
        STREAM.init,
        2,
      ),
    );
    const own = new Program(graph);
    for (const { name } of graph.inputs)
      own.write(name, name === "x" ? (x.data as Float32Array) : (tensors.get(name)?.values as Float32Array));
    own.run();
    const bits = own.read("output");
    expect((imported.run({ x }).output as OnnxTensor).data).toEqual(bits);
    ort.env.wasm.numThreads = 1;
    const session = await ort.InferenceSession.create(file, { executionProviders: ["wasm"] });
    const peer = (await session.run({ x: new ort.Tensor("float32", x.data as Float32Array, shape) })).output
      ?.data as Float32Array;
    for (const [i, value] of peer.entries()) expect(Math.abs(value - (bits[i] as number))).toBeLessThan(1e-4);
  },
);

test("reading and writing a message gives the same bytes", () => {
  expect(encodeMessage(modelSchema, decodeMessage(modelSchema, bytes))).toEqual(bytes);
});

type Fields = Record<string, unknown>;

/** A model of one graph in opset 17. */
function fileOf(graph: Fields, version = 17n): Uint8Array {
  return encodeMessage(modelSchema, {
    irVersion: 8n,
    opsetImport: [{ domain: "", version }],
    graph: { name: "g", ...graph },
  });
}

const vector = (name: string, extent: bigint): Fields => ({
  name,
  type: { tensorType: { elemType: 1, shape: { dim: [{ value: extent }] } } },
});
const node = (opType: string, input: string[], output: string[], more: Fields = {}): Fields => ({
  opType,
  input,
  output,
  ...more,
});
const io = { input: [vector("x", 2n)], output: [vector("y", 2n)] };

test("an operator that is not built in is refused by name and node", () => {
  const file = fileOf({ ...io, node: [node("Frobnicate", ["x"], ["y"], { name: "n7" })] });
  expect(() => importOnnx(file)).toThrow(UnsupportedOperatorError);
  expect(() => importOnnx(file)).toThrow(/Frobnicate \(node "n7"\)/);
  const strange = node("Relu", ["x"], ["y"], { name: "n8", attribute: [{ name: "leak", f: 1, type: 1 }] });
  expect(() => importOnnx(fileOf({ ...io, node: [strange] }))).toThrow(/attribute "leak"/);
});

const HOSTILE: readonly (readonly [string, Uint8Array, new (...args: never[]) => Error])[] = [
  ["nothing", new Uint8Array(), OnnxModelError],
  ["an endless number", new Uint8Array(64).fill(0xff), OnnxFormatError],
  ["a length beyond the end", Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f), OnnxFormatError],
  [
    "a cycle",
    fileOf({ ...io, node: [node("Relu", ["b"], ["a"]), node("Relu", ["a"], ["b"]), node("Relu", ["b"], ["y"])] }),
    OnnxModelError,
  ],
  [
    "a value given twice",
    fileOf({ ...io, node: [node("Relu", ["x"], ["y"]), node("Exp", ["x"], ["y"])] }),
    OnnxModelError,
  ],
  ["an output that nothing gives", fileOf({ ...io, node: [] }), OnnxModelError],
  [
    "a huge shape",
    fileOf({ ...io, input: [vector("x", 2n ** 62n)], node: [node("Relu", ["x"], ["y"])] }),
    OnnxModelError,
  ],
  [
    "a large shape",
    fileOf({ ...io, input: [vector("x", 2n ** 40n)], node: [node("Relu", ["x"], ["y"])] }),
    OnnxLimitError,
  ],
  [
    "a negative extent",
    fileOf({ ...io, initializer: [{ name: "w", dims: [-3n], dataType: 1 }], node: [node("Relu", ["x"], ["y"])] }),
    OnnxModelError,
  ],
  [
    "a huge initialiser",
    fileOf({
      ...io,
      initializer: [{ name: "w", dims: [2n ** 26n], dataType: 1, rawData: new Uint8Array(8) }],
      node: [node("Relu", ["x"], ["y"])],
    }),
    OnnxFormatError,
  ],
  [
    "an unknown type",
    fileOf({ ...io, initializer: [{ name: "w", dims: [1n], dataType: 99 }], node: [node("Relu", ["x"], ["y"])] }),
    OnnxModelError,
  ],
  [
    "external data",
    fileOf({
      ...io,
      initializer: [
        {
          name: "w",
          dims: [1n],
          dataType: 1,
          externalData: [{ key: "location", value: "../../etc/passwd" }],
          dataLocation: 1,
        },
      ],
      node: [node("Relu", ["x"], ["y"])],
    }),
    OnnxModelError,
  ],
  [
    "an operator set from the future",
    fileOf({ ...io, node: [node("Relu", ["x"], ["y"])] }, 900n),
    UnsupportedOperatorError,
  ],
];

test.each(HOSTILE)("%s ends in a typed error", (_, file, kind) => {
  const started = performance.now();
  expect(() => importOnnx(file)).toThrow(kind);
  expect(performance.now() - started).toBeLessThan(2000);
});

test("a small file cannot ask for a huge result", () => {
  const shape = { name: "s", dims: [3n], dataType: 7, int64Data: [100_000n, 100_000n, 100_000n] };
  const file = fileOf({ ...io, initializer: [shape], node: [node("ConstantOfShape", ["s"], ["y"])] });
  expect(() => importOnnx(file).run({ x: fromNumbers("float32", [2], [1, 2]) })).toThrow(OnnxLimitError);
});

test("a subgraph that calls itself for ever stops", () => {
  const body = {
    name: "b",
    input: [vector("i", 1n), vector("c", 1n), vector("v", 2n)],
    output: [vector("c2", 1n), vector("v2", 2n)],
    node: [node("Identity", ["c"], ["c2"]), node("Identity", ["v"], ["v2"])],
  };
  const loop = node("Loop", ["", "t", "x"], ["y"], { attribute: [{ name: "body", g: body, type: 5 }] });
  const truth = { name: "t", dims: [], dataType: 9, rawData: Uint8Array.of(1) };
  const model = importOnnx(fileOf({ ...io, initializer: [truth], node: [loop] }));
  expect(() => model.run({ x: fromNumbers("float32", [2], [1, 2]) })).toThrow(OnnxLimitError);
});

test("many large values at a time are refused", () => {
  const size = { name: "s", dims: [1n], dataType: 7, int64Data: [2n ** 25n] };
  const zero = { name: "zero", dims: [1n], dataType: 9, rawData: Uint8Array.of(0) };
  const copies = Array.from({ length: 20 }, (_, i) => node("Identity", ["e"], [`e${i}`]));
  const expand = node("Expand", ["zero", "s"], ["e"]);
  const file = fileOf({ ...io, initializer: [size, zero], node: [expand, ...copies, node("Relu", ["x"], ["y"])] });
  expect(() => importOnnx(file).run({ x: fromNumbers("float32", [2], [1, 2]) })).toThrow(/holds more than/);
});

test("wrong feeds are refused", () => {
  const model = importOnnx(bytes);
  expect(() => model.run({})).toThrow(/"x" is missing/);
  expect(() => model.run({ x: fromNumbers("float32", [5, 11], new Float32Array(55)) })).toThrow(OnnxModelError);
  expect(() => model.run({ x: fromNumbers("int32", [5, 12], new Int32Array(60)) })).toThrow(/must be float32/);
  expect(() => model.run({ z: fromNumbers("float32", [5, 12], x) })).toThrow(OnnxError);
});
