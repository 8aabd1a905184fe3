import { Builder } from "../src/graph/build.ts";
import type { Graph, Shape } from "../src/graph/ir.ts";
import { sizeOf } from "../src/graph/ir.ts";
import { STREAM, uniform } from "../src/random/philox.ts";
import { type OnnxNode, type OnnxValue, onnxModel } from "./onnxModel.ts";

/** One layer of a network that is written once and read by Assay and by its peers alike. */
export type Layer =
  | {
      readonly kind: "conv";
      readonly out: number;
      readonly size: number;
      readonly stride?: number;
      readonly groups?: number;
      readonly clamp?: "relu" | "relu6";
    }
  | { readonly kind: "dense"; readonly out: number; readonly clamp?: "relu" }
  | { readonly kind: "maxpool" | "average"; readonly size: number }
  | { readonly kind: "flatten" }
  /** Adds what stood before the last `over` layers. */
  | { readonly kind: "residual"; readonly over: number };

/** The network for Assay and for ONNX runtimes, with the same weights. */
export interface Network {
  readonly graph: Graph;
  readonly weights: readonly Required<OnnxValue>[];
  readonly onnx: Uint8Array;
  readonly input: Shape;
  readonly output: Shape;
}

/** Writes both forms; weights are uniform, scaled by fan-in, from Philox. */
export function network(input: Shape, layers: readonly Layer[]): Network {
  const b = new Builder();
  const nodes: OnnxNode[] = [];
  const weights: Required<OnnxValue>[] = [];
  const param = (shape: Shape, limit: number): string => {
    const name = `w${weights.length}`;
    weights.push({ name, shape, values: uniform(sizeOf(shape), limit, 9, STREAM.init, weights.length) });
    return b.input(name, shape, "param");
  };
  const limits: OnnxValue[] = [];
  const limit = (name: string, value: number): string => {
    if (!limits.some((known) => known.name === name)) limits.push({ name, shape: [], values: Float32Array.of(value) });
    return name;
  };
  const onnx = (op: string, inputs: readonly string[], output: string, attrs?: OnnxNode["attrs"]): string => {
    nodes.push({ op, inputs, output, ...(attrs === undefined ? {} : { attrs }) });
    return output;
  };
  let value = b.input("x", input, "data");
  const trail = [value];
  const clamped = (clamp: "relu" | "relu6" | undefined): void => {
    if (clamp === undefined) return;
    const before = value;
    value = clamp === "relu" ? b.op("relu", [value]) : b.op("clip", [value], { low: 0, high: 6 });
    if (clamp === "relu") onnx("Relu", [before], value);
    else onnx("Clip", [before, limit("low", 0), limit("high", 6)], value);
  };
  for (const layer of layers) {
    const shape = b.shape(value);
    const before = value;
    if (layer.kind === "conv") {
      const { out, size, stride = 1, groups = 1 } = layer;
      const inputs = (shape[1] as number) / groups;
      const pad = Math.floor(size / 2);
      const attrs = { strides: [stride, stride], pads: [pad, pad, pad, pad] };
      const w = param([out, inputs, size, size], Math.sqrt(6 / (inputs * size * size)));
      const bias = param([out], 0.1);
      const sum = b.op("conv2d", [value, w], { ...attrs, groups });
      value = b.op("add", [sum, b.op("reshape", [bias], { shape: [out, 1, 1] })]);
      onnx("Conv", [before, w, bias], value, { ...attrs, group: groups, kernel_shape: [size, size] });
      clamped(layer.clamp);
    } else if (layer.kind === "dense") {
      const inputs = shape[1] as number;
      const w = param([inputs, layer.out], Math.sqrt(6 / inputs));
      const bias = param([layer.out], 0.1);
      const product = b.op("matmul", [value, w]);
      value = b.op("add", [product, bias]);
      onnx("MatMul", [before, w], product);
      onnx("Add", [product, bias], value);
      clamped(layer.clamp);
    } else if (layer.kind === "flatten") {
      value = b.op("reshape", [value], { shape: [shape[0] as number, sizeOf(shape.slice(1))] });
      onnx("Flatten", [before], value);
    } else if (layer.kind === "residual") {
      const earlier = trail.at(-1 - layer.over) as string;
      value = b.op("add", [earlier, value]);
      onnx("Add", [earlier, before], value);
    } else {
      const attrs = { kernel: [layer.size, layer.size], strides: [layer.size, layer.size] };
      value = b.op(layer.kind === "maxpool" ? "maxpool" : "avgpool", [value], attrs);
      onnx(layer.kind === "maxpool" ? "MaxPool" : "AveragePool", [before], value, {
        kernel_shape: attrs.kernel,
        strides: attrs.strides,
      });
    }
    trail.push(value);
  }
  const output = b.shape(value);
  b.output("y", value);
  const model = { input: { name: "x", shape: input }, output: { name: value, shape: output } };
  return {
    graph: b.finish(),
    weights,
    onnx: onnxModel({ ...model, initial: [...weights, ...limits], nodes }),
    input,
    output,
  };
}

/** Three layers of 1,024 by 1,024 with relu between them. */
export function perceptron(batch: number): Network {
  const hidden = { kind: "dense", out: 1024, clamp: "relu" } as const;
  return network([batch, 1024], [hidden, hidden, { kind: "dense", out: 1024 }]);
}

/** 32 images of 28 x 28: two convolutions with pooling, one dense layer. */
export function smallCnn(): Network {
  return network(
    [32, 1, 28, 28],
    [
      { kind: "conv", out: 16, size: 3, clamp: "relu" },
      { kind: "maxpool", size: 2 },
      { kind: "conv", out: 32, size: 3, clamp: "relu" },
      { kind: "maxpool", size: 2 },
      { kind: "flatten" },
      { kind: "dense", out: 10 },
    ],
  );
}

/** MobileNetV2's published stages: expansion, channels, repeats, first stride. */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** The shape of MobileNetV2 1.0 at 224 x 224, one image; normalisation is folded into weights and biases. */
export function mobilenet(): Network {
  const layers: Layer[] = [{ kind: "conv", out: 32, size: 3, stride: 2, clamp: "relu6" }];
  let channels = 32;
  for (const [expansion, out, repeats, first] of STAGES)
    for (let repeat = 0; repeat < repeats; repeat++) {
      const [stride, wide] = [repeat === 0 ? first : 1, channels * expansion];
      if (expansion > 1) layers.push({ kind: "conv", out: wide, size: 1, clamp: "relu6" });
      layers.push({ kind: "conv", out: wide, size: 3, stride, groups: wide, clamp: "relu6" });
      layers.push({ kind: "conv", out, size: 1 });
      if (stride === 1 && channels === out) layers.push({ kind: "residual", over: expansion > 1 ? 3 : 2 });
      channels = out;
    }
  layers.push({ kind: "conv", out: 1280, size: 1, clamp: "relu6" }, { kind: "average", size: 7 }, { kind: "flatten" });
  return network([1, 3, 224, 224], [...layers, { kind: "dense", out: 1000 }]);
}
