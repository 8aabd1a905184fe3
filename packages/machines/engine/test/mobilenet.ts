import { modelSchema } from "../src/onnx/proto.ts";
import { encodeTensor, fromNumbers, longs, type OnnxTensor } from "../src/onnx/tensor.ts";
import { encodeMessage } from "../src/onnx/wire.ts";
import { STREAM, uniform } from "../src/random/philox.ts";

type Fields = Record<string, unknown>;

const ints = (name: string, values: readonly number[]): Fields => ({ name, ints: values.map(BigInt), type: 7 });
const int = (name: string, value: number): Fields => ({ name, i: BigInt(value), type: 2 });

/** Expansion, channels, repeats and first stride of the seven stages (Sandler et al., 2018, table 2). */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/**
 * A network of MobileNetV2's shape with random weights as an ONNX file, batch normalisation folded as exporters do:
 * input `x` [1, 3, size, size], output `y` [1, classes]. `width` scales the channels.
 */
export function mobilenetFile(size = 224, width = 1, classes = 1000): Uint8Array {
  const nodes: Fields[] = [];
  const initial: Fields[] = [];
  let count = 0;
  const weight = (shape: readonly number[], scale: number): string => {
    const name = `w${initial.length}`;
    const total = shape.reduce((a, b) => a * b, 1);
    const tensor: OnnxTensor = fromNumbers("float32", shape, uniform(total, scale, 1, STREAM.init, initial.length));
    initial.push(encodeTensor(tensor, name));
    return name;
  };
  initial.push(
    encodeTensor(fromNumbers("float32", [], [0]), "zero"),
    encodeTensor(fromNumbers("float32", [], [6]), "six"),
  );
  const emit = (opType: string, input: readonly string[], attribute: readonly Fields[] = []): string => {
    const output = `v${count++}`;
    nodes.push({ opType, name: `${opType}_${output}`, input, output: [output], attribute });
    return output;
  };
  const conv = (
    x: string,
    from: number,
    to: number,
    k: number,
    stride: number,
    group: number,
    clamp: boolean,
  ): string => {
    const pad = (k - 1) / 2;
    const scale = Math.sqrt(3 / ((from / group) * k * k));
    const w = weight([to, from / group, k, k], scale);
    const y = emit(
      "Conv",
      [x, w, weight([to], 0.1)],
      [
        ints("kernel_shape", [k, k]),
        ints("strides", [stride, stride]),
        ints("pads", [pad, pad, pad, pad]),
        int("group", group),
      ],
    );
    return clamp ? emit("Clip", [y, "zero", "six"]) : y;
  };
  const scaled = (channels: number): number => Math.max(4, Math.round((channels * width) / 4) * 4);
  let channels = scaled(32);
  let value = conv("x", 3, channels, 3, 2, 1, true);
  for (const [expansion, wide, repeats, first] of STAGES)
    for (let i = 0; i < repeats; i++) {
      const stride = i === 0 ? first : 1;
      const [inner, to] = [channels * expansion, scaled(wide)];
      let y = expansion === 1 ? value : conv(value, channels, inner, 1, 1, 1, true);
      y = conv(y, inner, inner, 3, stride, inner, true);
      y = conv(y, inner, to, 1, 1, 1, false);
      value = stride === 1 && channels === to ? emit("Add", [value, y]) : y;
      channels = to;
    }
  const last = scaled(1280);
  value = emit("GlobalAveragePool", [conv(value, channels, last, 1, 1, 1, true)]);
  initial.push(encodeTensor(longs([1, -1]), "flat"));
  value = emit("Reshape", [value, "flat"]);
  nodes.push({
    opType: "Gemm",
    name: "classes",
    input: [value, weight([classes, last], Math.sqrt(3 / last)), weight([classes], 0.1)],
    output: ["y"],
    attribute: [int("transB", 1)],
  });
  const slot = (name: string, dims: readonly number[]): Fields => ({
    name,
    type: { tensorType: { elemType: 1, shape: { dim: dims.map((n) => ({ value: BigInt(n) })) } } },
  });
  return encodeMessage(modelSchema, {
    irVersion: 8n,
    producerName: "test",
    opsetImport: [{ domain: "", version: 17n }],
    graph: {
      name: "mobilenet",
      node: nodes,
      initializer: initial,
      input: [slot("x", [1, 3, size, size])],
      output: [slot("y", [1, classes])],
    },
  });
}
