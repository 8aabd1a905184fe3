// Small models in the shapes that exporters write, made here.
import { modelSchema } from "@machines/engine/onnx/proto.ts";
import { encodeTensor, fromNumbers, longs, type OnnxTensor } from "@machines/engine/onnx/tensor.ts";
import { encodeMessage } from "@machines/engine/onnx/wire.ts";
import { STREAM, uniform } from "@machines/engine/random/philox.ts";

type Fields = Record<string, unknown>;
type Value =
  | number
  | string
  | { readonly f: number }
  | readonly string[]
  | readonly number[]
  | { readonly floats: readonly number[] };

const text = new TextEncoder();

/** An attribute: whole numbers are ints, `{ f }` and `{ floats }` are floats. */
function attribute(name: string, value: Value): Fields {
  if (typeof value === "string") return { name, s: text.encode(value), type: 3 };
  if (typeof value === "number") return { name, i: BigInt(value), type: 2 };
  if (!Array.isArray(value))
    return "f" in value
      ? { name, f: value.f, type: 1 }
      : { name, floats: (value as { floats: number[] }).floats, type: 6 };
  if (typeof value[0] === "string")
    return { name, strings: (value as string[]).map((word) => text.encode(word)), type: 8 };
  return { name, ints: (value as number[]).map(BigInt), type: 7 };
}

/** One node of a file. */
export function node(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Readonly<Record<string, Value>> = {},
  domain = "",
): Fields {
  return {
    opType,
    domain,
    name: `${opType}_${output[0]}`,
    input,
    output,
    attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
  };
}

/** A tensor slot; a number is an extent, a word an open one. */
export function slot(name: string, elemType: number, dims: readonly (number | string)[]): Fields {
  const dim = dims.map((extent) => (typeof extent === "number" ? { value: BigInt(extent) } : { param: extent }));
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

/** A sequence slot, as ZipMap's result has. */
const sequenceSlot = (name: string, keyType: number): Fields => ({
  name,
  type: { sequenceType: { elemType: { mapType: { keyType, valueType: { tensorType: { elemType: 1 } } } } } },
});

interface File {
  readonly producer?: string;
  readonly opset?: number;
  readonly nodes: readonly Fields[];
  readonly initial?: Readonly<Record<string, OnnxTensor>>;
  readonly inputs: readonly Fields[];
  readonly outputs: readonly Fields[];
}

/** An ONNX file. */
export function fileOf({ producer = "test", opset = 17, nodes, initial = {}, inputs, outputs }: File): Uint8Array {
  return encodeMessage(modelSchema, {
    irVersion: 8n,
    producerName: producer,
    opsetImport: [
      { domain: "", version: BigInt(opset) },
      { domain: "ai.onnx.ml", version: 3n },
    ],
    graph: {
      name: "g",
      node: nodes,
      initializer: Object.entries(initial).map(([name, tensor]) => encodeTensor(tensor, name)),
      input: inputs,
      output: outputs,
    },
  });
}

/** Random weights. */
export function weights(shape: readonly number[], seed: number, scale = 1): OnnxTensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return fromNumbers("float32", shape, uniform(size, scale, seed, STREAM.init, 7));
}

const ML = "ai.onnx.ml";

/** As skl2onnx writes a pipeline of StandardScaler and LogisticRegression with ZipMap. */
export function logisticPipeline(): Uint8Array {
  return fileOf({
    producer: "skl2onnx",
    nodes: [
      node("Scaler", ["X"], ["variable"], { offset: { floats: [10, 5, 3] }, scale: { floats: [0.25, 0.5, 1] } }, ML),
      node(
        "LinearClassifier",
        ["variable"],
        ["label", "probability_tensor"],
        {
          classlabels_ints: [0, 1],
          coefficients: { floats: [-0.5, 0.25, 1, 0.5, -0.25, -1] },
          intercepts: { floats: [0.125, -0.125] },
          multi_class: 1,
          post_transform: "LOGISTIC",
        },
        ML,
      ),
      node("Normalizer", ["probability_tensor"], ["probabilities"], { norm: "L1" }, ML),
      node("Cast", ["label"], ["output_label"], { to: 7 }),
      node("ZipMap", ["probabilities"], ["output_probability"], { classlabels_int64s: [0, 1] }, ML),
    ],
    inputs: [slot("X", 1, ["N", 3])],
    outputs: [slot("output_label", 7, ["N"]), sequenceSlot("output_probability", 7)],
  });
}

const TREE = {
  nodes_treeids: [0, 0, 0, 0, 0, 1, 1, 1],
  nodes_nodeids: [0, 1, 2, 3, 4, 0, 1, 2],
  nodes_featureids: [0, 1, 0, 0, 0, 2, 0, 0],
  nodes_values: { floats: [10, 6, 0, 0, 0, 3.5, 0, 0] },
  nodes_modes: ["BRANCH_LEQ", "BRANCH_LEQ", "LEAF", "LEAF", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF"],
  nodes_truenodeids: [1, 2, 0, 0, 0, 1, 0, 0],
  nodes_falsenodeids: [4, 3, 0, 0, 0, 2, 0, 0],
  nodes_missing_value_tracks_true: [0, 0, 0, 0, 0, 0, 0, 0],
  nodes_hitrates: { floats: [1, 1, 1, 1, 1, 1, 1, 1] },
};

/** As skl2onnx writes a RandomForestClassifier with word labels. */
export function forestClassifier(): Uint8Array {
  return fileOf({
    producer: "skl2onnx",
    nodes: [
      node(
        "TreeEnsembleClassifier",
        ["X"],
        ["label", "probabilities"],
        {
          ...TREE,
          class_treeids: [0, 0, 0, 0, 0, 0, 1, 1, 1, 1],
          class_nodeids: [2, 2, 3, 3, 4, 4, 1, 1, 2, 2],
          class_ids: [0, 1, 0, 1, 0, 1, 0, 1, 0, 1],
          class_weights: { floats: [0.45, 0.05, 0.25, 0.25, 0.1, 0.4, 0.3, 0.2, 0.05, 0.45] },
          classlabels_strings: ["calm", "storm"],
          post_transform: "NONE",
        },
        ML,
      ),
      node("ZipMap", ["probabilities"], ["output_probability"], { classlabels_strings: ["calm", "storm"] }, ML),
    ],
    inputs: [slot("X", 1, ["N", 3])],
    outputs: [slot("label", 8, ["N"]), sequenceSlot("output_probability", 8)],
  });
}

/** As the exporters of XGBoost and LightGBM write a binary classifier: one score, LOGISTIC, ZipMap. */
export function boostedClassifier(): Uint8Array {
  return fileOf({
    producer: "OnnxMLTools",
    nodes: [
      node(
        "TreeEnsembleClassifier",
        ["input"],
        ["label", "probabilities"],
        {
          ...TREE,
          base_values: { floats: [-0.25] },
          class_treeids: [0, 0, 0, 1, 1],
          class_nodeids: [2, 3, 4, 1, 2],
          class_ids: [0, 0, 0, 0, 0],
          class_weights: { floats: [0.5, -0.25, 0.75, -1.5, 0.25] },
          classlabels_int64s: [0, 1],
          post_transform: "LOGISTIC",
        },
        ML,
      ),
      node("ZipMap", ["probabilities"], ["probability"], { classlabels_int64s: [0, 1] }, ML),
    ],
    inputs: [slot("input", 1, ["None", 3])],
    outputs: [slot("label", 7, ["None"]), sequenceSlot("probability", 7)],
  });
}

/** As XGBoost's exporter writes a regressor. */
export function boostedRegressor(): Uint8Array {
  return fileOf({
    producer: "OnnxMLTools",
    nodes: [
      node(
        "TreeEnsembleRegressor",
        ["input"],
        ["variable"],
        {
          ...TREE,
          base_values: { floats: [0.5] },
          n_targets: 1,
          target_treeids: [0, 0, 0, 1, 1],
          target_nodeids: [2, 3, 4, 1, 2],
          target_ids: [0, 0, 0, 0, 0],
          target_weights: { floats: [0.5, -0.25, 0.75, -1.5, 0.25] },
          post_transform: "NONE",
        },
        ML,
      ),
    ],
    inputs: [slot("input", 1, ["N", 3])],
    outputs: [slot("variable", 1, ["N", 1])],
  });
}

/** As PyTorch's exporter writes a perceptron: Gemm with transposed weights. */
export function torchPerceptron(): Uint8Array {
  return fileOf({
    producer: "pytorch",
    nodes: [
      node("Gemm", ["x", "fc1.weight", "fc1.bias"], ["h"], { alpha: { f: 1 }, beta: { f: 1 }, transB: 1 }),
      node("Relu", ["h"], ["r"]),
      node("Gemm", ["r", "fc2.weight", "fc2.bias"], ["z"], { alpha: { f: 1 }, beta: { f: 1 }, transB: 1 }),
      node("Sigmoid", ["z"], ["y"]),
    ],
    initial: {
      "fc1.weight": weights([16, 3], 1, 0.25),
      "fc1.bias": weights([16], 2, 0.5),
      "fc2.weight": weights([1, 16], 3, 0.5),
      "fc2.bias": weights([1], 4),
    },
    inputs: [slot("x", 1, ["batch", 3])],
    outputs: [slot("y", 1, ["batch", 1])],
  });
}

/** As PyTorch's exporter writes a small network for images: convolutions with batch normalisation in inference form. */
export function torchConvolution(): Uint8Array {
  const stat = (name: string, channels: number, seed: number): Record<string, OnnxTensor> => ({
    [`${name}.weight`]: weights([channels], seed),
    [`${name}.bias`]: weights([channels], seed + 1),
    [`${name}.mean`]: weights([channels], seed + 2, 0.25),
    [`${name}.var`]: fromNumbers(
      "float32",
      [channels],
      Array.from(weights([channels], seed + 3).data as Float32Array, (v) => Math.abs(v) + 0.5),
    ),
  });
  const normal = (name: string, x: string, y: string): Fields =>
    node("BatchNormalization", [x, `${name}.weight`, `${name}.bias`, `${name}.mean`, `${name}.var`], [y], {
      epsilon: { f: 1e-5 },
    });
  return fileOf({
    producer: "pytorch",
    nodes: [
      node("Conv", ["image", "c1.w"], ["a"], {
        kernel_shape: [3, 3],
        pads: [1, 1, 1, 1],
        strides: [2, 2],
        group: 1,
        dilations: [1, 1],
      }),
      normal("n1", "a", "b"),
      node("Clip", ["b", "zero", "six"], ["c"]),
      node("Conv", ["c", "c2.w", "c2.b"], ["d"], {
        kernel_shape: [3, 3],
        pads: [1, 1, 1, 1],
        strides: [1, 1],
        group: 8,
        dilations: [1, 1],
      }),
      normal("n2", "d", "e"),
      node("Relu", ["e"], ["f"]),
      node("Conv", ["f", "c3.w"], ["g"], { kernel_shape: [1, 1] }),
      normal("n3", "g", "h"),
      node("Add", ["c", "h"], ["i"]),
      node("GlobalAveragePool", ["i"], ["j"]),
      node("Flatten", ["j"], ["k"], { axis: 1 }),
      node("Gemm", ["k", "fc.w", "fc.b"], ["logits"], { alpha: { f: 1 }, beta: { f: 1 }, transB: 1 }),
      node("Softmax", ["logits"], ["scores"], { axis: 1 }),
    ],
    initial: {
      "c1.w": weights([8, 3, 3, 3], 11, 0.5),
      ...stat("n1", 8, 21),
      zero: fromNumbers("float32", [], [0]),
      six: fromNumbers("float32", [], [6]),
      "c2.w": weights([8, 1, 3, 3], 12, 0.5),
      "c2.b": weights([8], 13),
      ...stat("n2", 8, 31),
      "c3.w": weights([8, 8, 1, 1], 14, 0.5),
      ...stat("n3", 8, 41),
      "fc.w": weights([5, 8], 15),
      "fc.b": weights([5], 16),
    },
    inputs: [slot("image", 1, ["batch", 3, 16, 16])],
    outputs: [slot("scores", 1, ["batch", 5])],
  });
}

/** As tf2onnx writes a Keras network: images last in channels, transposes, bias as Add, Reshape with a computed shape. */
export function kerasConvolution(): Uint8Array {
  return fileOf({
    producer: "tf2onnx",
    nodes: [
      node("Transpose", ["input_1"], ["nchw"], { perm: [0, 3, 1, 2] }),
      node("Conv", ["nchw", "kernel", "bias"], ["conv"], {
        auto_pad: "SAME_UPPER",
        kernel_shape: [3, 3],
        strides: [2, 2],
      }),
      node("Relu", ["conv"], ["active"]),
      node("MaxPool", ["active"], ["pooled"], { kernel_shape: [2, 2], strides: [2, 2], auto_pad: "VALID" }),
      node("Transpose", ["pooled"], ["nhwc"], { perm: [0, 2, 3, 1] }),
      node("Shape", ["nhwc"], ["shape"]),
      node("Cast", ["shape"], ["shape32"], { to: 6 }),
      node("Slice", ["shape32", "from", "to", "axes"], ["count32"]),
      node("Cast", ["count32"], ["count"], { to: 7 }),
      node("Concat", ["count", "rest"], ["target"], { axis: 0 }),
      node("Reshape", ["nhwc", "target"], ["flat"]),
      node("MatMul", ["flat", "dense.kernel"], ["product"]),
      node("Add", ["product", "dense.bias"], ["dense"]),
      node("Softmax", ["dense"], ["Identity:0"], { axis: 1 }),
    ],
    initial: {
      kernel: weights([4, 1, 3, 3], 51),
      bias: weights([4], 52),
      from: longs([0]),
      to: longs([1]),
      axes: longs([0]),
      rest: longs([-1]),
      "dense.kernel": weights([16, 3], 53),
      "dense.bias": weights([3], 54),
    },
    inputs: [slot("input_1", 1, ["unk__1", 8, 8, 1])],
    outputs: [slot("Identity:0", 1, ["unk__2", 3])],
  });
}
