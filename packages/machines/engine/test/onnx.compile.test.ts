import * as ort from "onnxruntime-web";
import { expect, test } from "vitest";
import { toHexBits } from "../src/bits.ts";
import { importOnnx } from "../src/onnx/model.ts";
import { modelSchema } from "../src/onnx/proto.ts";
import { encodeTensor, fromNumbers, longs, type OnnxTensor } from "../src/onnx/tensor.ts";
import { encodeMessage } from "../src/onnx/wire.ts";
import { STREAM, uniform } from "../src/random/philox.ts";
import { mobilenetFile } from "./mobilenet.ts";

type Fields = Record<string, unknown>;

const random = (shape: readonly number[], seed: number, scale = 1): OnnxTensor =>
  fromNumbers(
    "float32",
    shape,
    uniform(
      shape.reduce((a, b) => a * b, 1),
      scale,
      seed,
      STREAM.init,
      31,
    ),
  );
const int = (name: string, value: number): Fields => ({ name, i: BigInt(value), type: 2 });
const ints = (name: string, values: readonly number[]): Fields => ({ name, ints: values.map(BigInt), type: 7 });
const float = (name: string, value: number): Fields => ({ name, f: value, type: 1 });

interface Chain {
  readonly shape: readonly number[];
  readonly opset?: number;
  readonly steps: readonly {
    readonly op: string;
    readonly more?: readonly OnnxTensor[];
    readonly attributes?: readonly Fields[];
  }[];
}

function fileOf({ shape, opset = 17, steps }: Chain): Uint8Array {
  const initial: Fields[] = [];
  const node = steps.map(({ op, more = [], attributes = [] }, i) => {
    const names = more.map((tensor) => {
      initial.push(encodeTensor(tensor, `c${initial.length}`));
      return `c${initial.length - 1}`;
    });
    return {
      opType: op,
      name: `n${i}`,
      input: [i === 0 ? "x" : `v${i}`, ...names],
      output: [i === steps.length - 1 ? "y" : `v${i + 1}`],
      attribute: attributes,
    };
  });
  const slot = (name: string, dims: readonly number[]): Fields => ({
    name,
    type: { tensorType: { elemType: 1, shape: { dim: dims.map((n) => ({ value: BigInt(n) })) } } },
  });
  return encodeMessage(modelSchema, {
    irVersion: 8n,
    opsetImport: [{ domain: "", version: BigInt(opset) }],
    graph: {
      name: "g",
      node,
      initializer: initial,
      input: [slot("x", shape)],
      output: [{ name: "y", type: { tensorType: { elemType: 1 } } }],
    },
  });
}

const CHAINS: Readonly<Record<string, Chain>> = {
  elementwise: {
    shape: [3, 5, 7],
    steps: [
      { op: "Add", more: [random([5, 1], 1)] },
      { op: "Mul", more: [random([7], 2)] },
      { op: "HardSwish" },
      { op: "Neg" },
      { op: "Softplus" },
      { op: "Log" },
      { op: "Pow", more: [fromNumbers("float32", [], [2])] },
      { op: "HardSigmoid", attributes: [float("alpha", 0.25), float("beta", 0.375)] },
      { op: "Reciprocal" },
      { op: "Sqrt" },
      { op: "Tanh" },
    ],
  },
  shapes: {
    shape: [2, 3, 4],
    steps: [
      { op: "Transpose", attributes: [ints("perm", [2, 0, 1])] },
      { op: "Unsqueeze", more: [longs([0, 3])] },
      { op: "Squeeze", more: [longs([0])] },
      { op: "Flatten", attributes: [int("axis", 2)] },
      { op: "Reshape", more: [longs([0, -1, 1])] },
      { op: "Identity" },
      { op: "Dropout" },
    ],
  },
  norms: {
    shape: [2, 4, 6, 5],
    steps: [
      { op: "LayerNormalization", more: [random([5], 3), random([5], 4)], attributes: [int("axis", -1)] },
      { op: "InstanceNormalization", more: [random([4], 5), random([4], 6)] },
      {
        op: "BatchNormalization",
        more: [random([4], 7), random([4], 8), random([4], 9), fromNumbers("float32", [4], [0.5, 1, 2, 0.25])],
      },
      { op: "Softmax", attributes: [int("axis", 1)] },
      { op: "ReduceMean", attributes: [ints("axes", [1, 3]), int("keepdims", 0)] },
    ],
  },
  "softmax before version 13": {
    shape: [2, 3, 4],
    opset: 11,
    steps: [{ op: "Softmax" }, { op: "ReduceSum", attributes: [ints("axes", [0]), int("keepdims", 1)] }],
  },
  products: {
    shape: [2, 6, 8],
    steps: [
      { op: "MatMul", more: [random([8, 9], 10)] },
      { op: "Reshape", more: [longs([12, 9])] },
      {
        op: "Gemm",
        more: [random([5, 9], 11), random([5], 12)],
        attributes: [int("transB", 1), float("alpha", 0.5), float("beta", 1.5)],
      },
    ],
  },
  "one axis": {
    shape: [2, 6, 20],
    steps: [
      {
        op: "Conv",
        more: [random([8, 3, 3], 13), random([8], 14)],
        attributes: [ints("kernel_shape", [3]), ints("pads", [2, 1]), ints("strides", [2]), int("group", 2)],
      },
      { op: "Relu" },
    ],
  },
  pooling: {
    shape: [1, 3, 11, 9],
    steps: [
      {
        op: "MaxPool",
        attributes: [ints("kernel_shape", [3, 2]), ints("pads", [1, 0, 1, 1]), ints("strides", [1, 1])],
      },
      {
        op: "AveragePool",
        attributes: [ints("kernel_shape", [3, 3]), ints("pads", [1, 1, 1, 1]), int("count_include_pad", 1)],
      },
      { op: "GlobalAveragePool" },
    ],
  },
};

test.each(Object.entries(CHAINS))("%s: one program, the same bits", (_, chain) => {
  const model = importOnnx(fileOf(chain));
  const size = chain.shape.reduce((a, b) => a * b, 1);
  const x = uniform(size, 2, 5, STREAM.init, 32);
  const special = x.slice();
  for (const [i, value] of [Number.NaN, Number.POSITIVE_INFINITY, -0, 0, 1e-42, -1e-42].entries())
    special[(i * 5) % size] = value;
  for (const values of [x, special]) {
    const feeds = { x: fromNumbers("float32", chain.shape, values) };
    expect(model.obstacle(feeds)).toBeUndefined();
    const [whole, nodes] = [model.run(feeds).y as OnnxTensor, model.run(feeds, { nodes: true }).y as OnnxTensor];
    expect(whole.shape).toEqual(nodes.shape);
    expect(toHexBits(whole.data as Float32Array)).toBe(toHexBits(nodes.data as Float32Array));
  }
});

test("an operator without counterpart is named, and the model runs node by node", () => {
  const model = importOnnx(fileOf({ shape: [4], steps: [{ op: "Relu" }, { op: "Erf" }, { op: "Exp" }] }));
  const feeds = { x: random([4], 1) };
  expect(model.obstacle(feeds)).toMatchObject({ node: "n1", operator: "Erf" });
  expect((model.run(feeds).y as OnnxTensor).data).toHaveLength(4);
});

test("a budget holds for programs too", () => {
  const model = importOnnx(fileOf({ shape: [64, 64], steps: [{ op: "MatMul", more: [random([64, 64], 2)] }] }));
  expect(() => model.run({ x: random([64, 64], 3) }, { budget: 1000 })).toThrow(/MatMul \(node "n0"\).*cost more/);
});

test("a network of MobileNetV2's shape: same bits, and onnxruntime-web agrees", async () => {
  const file = mobilenetFile(64, 0.25, 10);
  const model = importOnnx(file);
  const x = random([1, 3, 64, 64], 21);
  expect(model.obstacle({ x })).toBeUndefined();
  const [whole, nodes] = [model.run({ x }).y as OnnxTensor, model.run({ x }, { nodes: true }).y as OnnxTensor];
  expect(toHexBits(whole.data as Float32Array)).toBe(toHexBits(nodes.data as Float32Array));
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(file, { executionProviders: ["wasm"] });
  const peer = (await session.run({ x: new ort.Tensor("float32", x.data as Float32Array, [...x.shape]) })).y
    ?.data as Float32Array;
  const size = Math.max(...peer.map(Math.abs));
  for (const [i, value] of peer.entries())
    expect(Math.abs((whole.data[i] as number) - value)).toBeLessThan(1e-3 * size);
});
