// Forms that the node cases do not reach, held against onnxruntime-web on the same file.
import * as ort from "onnxruntime-web";
import { expect, test } from "vitest";
import { importOnnx } from "../src/onnx/model.ts";
import { modelSchema } from "../src/onnx/proto.ts";
import { encodeTensor, fromNumbers, longs, type OnnxTensor } from "../src/onnx/tensor.ts";
import { encodeMessage } from "../src/onnx/wire.ts";
import { STREAM, uniform } from "../src/random/philox.ts";

type Value = number | string | readonly number[] | readonly string[];
interface Case {
  readonly op: string;
  readonly domain?: string;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly shape: readonly number[];
  readonly initial?: readonly OnnxTensor[];
  /** Names of further operands; "" leaves one out, a number picks from `initial`. */
  readonly more?: readonly ("" | number)[];
  readonly outputs?: readonly number[];
}

const isFloat = (name: string): boolean =>
  /alpha|beta|weights|values$|value_float|floats|offset|scale|coefficients|intercepts|threshold/.test(name);

function attribute(name: string, value: Value): Record<string, unknown> {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  if (typeof value === "string") return { name, s: bytes(value), type: 3 };
  if (typeof value === "number")
    return isFloat(name) ? { name, f: value, type: 1 } : { name, i: BigInt(value), type: 2 };
  if (typeof value[0] === "string") return { name, strings: (value as readonly string[]).map(bytes), type: 8 };
  if (isFloat(name)) return { name, floats: value, type: 6 };
  return { name, ints: (value as readonly number[]).map(BigInt), type: 7 };
}

function fileOf({ op, domain = "", attributes, shape, initial = [], more = [], outputs = [1] }: Case): Uint8Array {
  const slot = (name: string, elemType: number, dims?: readonly number[]) => ({
    name,
    type: {
      tensorType: {
        elemType,
        ...(dims === undefined ? {} : { shape: { dim: dims.map((n) => ({ value: BigInt(n) })) } }),
      },
    },
  });
  const node = {
    opType: op,
    domain,
    input: ["x", ...more.map((entry) => (entry === "" ? "" : `c${entry}`))],
    output: outputs.map((_, i) => `y${i}`),
    attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
  };
  return encodeMessage(modelSchema, {
    irVersion: 8n,
    opsetImport: [
      { domain: "", version: 17n },
      { domain: "ai.onnx.ml", version: 3n },
    ],
    graph: {
      name: "g",
      node: [node],
      initializer: initial.map((tensor, i) => encodeTensor(tensor, `c${i}`)),
      input: [slot("x", 1, shape)],
      output: outputs.map((type, i) => slot(`y${i}`, type)),
    },
  });
}

const random = (shape: readonly number[], seed: number): OnnxTensor =>
  fromNumbers(
    "float32",
    shape,
    uniform(
      shape.reduce((a, b) => a * b, 1),
      1,
      seed,
      STREAM.init,
      9,
    ),
  );

const tree = {
  nodes_treeids: [0, 0, 0, 0, 0, 1, 1, 1],
  nodes_nodeids: [0, 1, 2, 3, 4, 0, 1, 2],
  nodes_featureids: [0, 1, 0, 0, 0, 2, 0, 0],
  nodes_modes: ["BRANCH_LEQ", "BRANCH_LT", "LEAF", "LEAF", "LEAF", "BRANCH_GT", "LEAF", "LEAF"],
  nodes_values: [0.1, -0.2, 0, 0, 0, 0.3, 0, 0],
  nodes_truenodeids: [1, 2, 0, 0, 0, 1, 0, 0],
  nodes_falsenodeids: [4, 3, 0, 0, 0, 2, 0, 0],
};
const leaves = (prefix: string, ids: readonly number[], weights: readonly number[]) => ({
  [`${prefix}_treeids`]: [0, 0, 0, 1, 1],
  [`${prefix}_nodeids`]: [2, 3, 4, 1, 2],
  [`${prefix}_ids`]: ids,
  [`${prefix}_weights`]: weights,
});
const SIGNED = [0.5, -0.25, 0.75, -1.5, 0.25];
const ml = { domain: "ai.onnx.ml", shape: [16, 3] };
const layer = (gates: number, directions: number): OnnxTensor[] => [
  random([directions, gates * 4, 3], 11),
  random([directions, gates * 4, 4], 12),
  random([directions, gates * 8], 13),
];
const both = { hidden_size: 4, direction: "bidirectional" };

const CASES: readonly (readonly [string, Case])[] = [
  [
    "trees, regression, two targets",
    {
      ...ml,
      op: "TreeEnsembleRegressor",
      attributes: { ...tree, ...leaves("target", [0, 1, 0, 1, 0], SIGNED), n_targets: 2, aggregate_function: "MAX" },
    },
  ],
  [
    "trees, regression, mean",
    {
      ...ml,
      op: "TreeEnsembleRegressor",
      attributes: {
        ...tree,
        ...leaves("target", [0, 0, 0, 0, 0], SIGNED),
        n_targets: 1,
        aggregate_function: "AVERAGE",
      },
    },
  ],
  [
    "trees, three classes",
    {
      ...ml,
      op: "TreeEnsembleClassifier",
      outputs: [7, 1],
      attributes: {
        ...tree,
        ...leaves("class", [0, 1, 2, 1, 2], [0.5, 0.25, 0.75, 1.5, 0.375]),
        classlabels_int64s: [10, 20, 30],
        post_transform: "SOFTMAX",
      },
    },
  ],
  [
    "trees, one signed score",
    {
      ...ml,
      op: "TreeEnsembleClassifier",
      outputs: [7, 1],
      attributes: {
        ...tree,
        ...leaves("class", [0, 0, 0, 0, 0], SIGNED),
        classlabels_int64s: [0, 1],
        post_transform: "LOGISTIC",
      },
    },
  ],
  [
    "trees, one probability",
    {
      ...ml,
      op: "TreeEnsembleClassifier",
      outputs: [7, 1],
      attributes: {
        ...tree,
        ...leaves("class", [0, 0, 0, 0, 0], [0.1, 0.3, 0.45, 0.05, 0.5]),
        classlabels_int64s: [0, 1],
      },
    },
  ],
  [
    "linear regression",
    {
      ...ml,
      op: "LinearRegressor",
      attributes: { coefficients: [0.5, -1, 2, 1, 0.25, -0.75], intercepts: [0.1, -0.2], targets: 2 },
    },
  ],
  [
    "linear classification",
    {
      ...ml,
      op: "LinearClassifier",
      outputs: [7, 1],
      attributes: {
        coefficients: [0.5, -1, 2, 1, 0.25, -0.75, -1, 1, 1],
        intercepts: [0.1, -0.2, 0],
        classlabels_ints: [3, 4, 5],
        post_transform: "SOFTMAX",
        multi_class: 1,
      },
    },
  ],
  [
    "linear classification, two classes",
    {
      ...ml,
      op: "LinearClassifier",
      outputs: [7, 1],
      attributes: {
        coefficients: [0.5, -1, 2, -0.5, 1, -2],
        intercepts: [0.1, -0.1],
        classlabels_ints: [0, 1],
        post_transform: "LOGISTIC",
        multi_class: 1,
      },
    },
  ],
  ["scaler", { ...ml, op: "Scaler", attributes: { offset: [0.5, -1, 2], scale: [2, 0.5, 1.25] } }],
  ["normalizer L2", { ...ml, op: "Normalizer", attributes: { norm: "L2" } }],
  ["normalizer L1", { ...ml, op: "Normalizer", attributes: { norm: "L1" } }],
  ["binarizer", { ...ml, op: "Binarizer", attributes: { threshold: 0.25 } }],
  [
    "LSTM in both directions",
    { op: "LSTM", shape: [5, 2, 3], attributes: both, initial: layer(4, 2), more: [0, 1, 2], outputs: [1, 1, 1] },
  ],
  [
    "GRU in both directions",
    {
      op: "GRU",
      shape: [5, 2, 3],
      attributes: { ...both, linear_before_reset: 1 },
      initial: layer(3, 2),
      more: [0, 1, 2],
      outputs: [1, 1],
    },
  ],
  [
    "GRU",
    {
      op: "GRU",
      shape: [5, 2, 3],
      attributes: { hidden_size: 4, direction: "reverse" },
      initial: layer(3, 1),
      more: [0, 1, 2],
      outputs: [1, 1],
    },
  ],
  ["RNN", { op: "RNN", shape: [5, 2, 3], attributes: both, initial: layer(1, 2), more: [0, 1, 2], outputs: [1, 1] }],
  [
    "convolution in groups",
    {
      op: "Conv",
      shape: [2, 4, 9, 8],
      attributes: { group: 2, strides: [2, 1], pads: [1, 0, 2, 1], dilations: [1, 2] },
      initial: [random([6, 2, 3, 3], 21), random([6], 22)],
      more: [0, 1],
    },
  ],
  [
    "convolution over a line",
    {
      op: "Conv",
      shape: [2, 3, 11],
      attributes: { auto_pad: "SAME_LOWER", strides: [2] },
      initial: [random([4, 3, 4], 23)],
      more: [0],
    },
  ],
  [
    "convolution over a volume",
    {
      op: "Conv",
      shape: [1, 2, 4, 5, 4],
      attributes: { pads: [1, 1, 1, 0, 0, 0] },
      initial: [random([3, 2, 2, 2, 3], 24)],
      more: [0],
    },
  ],
  [
    "transposed convolution",
    {
      op: "ConvTranspose",
      shape: [1, 4, 5, 4],
      attributes: { group: 2, strides: [2, 3], pads: [1, 0, 0, 1], output_padding: [1, 1] },
      initial: [random([4, 3, 3, 3], 25), random([6], 26)],
      more: [0, 1],
    },
  ],
  [
    "average pool with padding",
    {
      op: "AveragePool",
      shape: [1, 2, 7, 7],
      attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 1 },
    },
  ],
  [
    "resize linear",
    {
      op: "Resize",
      shape: [1, 2, 5, 7],
      attributes: { mode: "linear" },
      initial: [longs([1, 2, 8, 4])],
      more: ["", "", 0],
    },
  ],
  [
    "resize cubic",
    {
      op: "Resize",
      shape: [1, 2, 5, 7],
      attributes: { mode: "cubic", coordinate_transformation_mode: "align_corners" },
      initial: [longs([1, 2, 8, 9])],
      more: ["", "", 0],
    },
  ],
  ["local response", { op: "LRN", shape: [2, 6, 3, 3], attributes: { size: 5, alpha: 0.5, beta: 0.75 } }],
  [
    "einsum",
    {
      op: "Einsum",
      shape: [2, 3, 4],
      attributes: { equation: "...ij,kj->...ik" },
      initial: [random([5, 4], 27)],
      more: [0],
    },
  ],
  [
    "reflected padding",
    { op: "Pad", shape: [2, 5], attributes: { mode: "reflect" }, initial: [longs([1, 3, 0, 4])], more: [0] },
  ],
];

test.each(CASES)("%s agrees with onnxruntime-web", async (_, made) => {
  ort.env.wasm.numThreads = 1;
  const file = fileOf(made);
  const x = random(made.shape, 5);
  const session = await ort.InferenceSession.create(file, { executionProviders: ["wasm"] });
  const peer = await session.run({ x: new ort.Tensor("float32", x.data as Float32Array, [...made.shape]) });
  const own = importOnnx(file).run({ x });
  for (const name of session.outputNames) {
    const [mine, theirs] = [own[name] as OnnxTensor, peer[name] as ort.Tensor];
    expect(mine.shape, name).toEqual(theirs.dims);
    Array.from(theirs.data as Float32Array, Number).forEach((value, i) => {
      expect(
        Math.abs(Number(mine.data[i]) - value),
        `${name}[${i}]: ${Number(mine.data[i])} against ${value}`,
      ).toBeLessThan(2e-5 + 1e-4 * Math.abs(value));
    });
  }
  await session.release();
});
