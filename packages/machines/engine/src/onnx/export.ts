import { decodeBundle } from "../model/bundle.ts";
import { fromHexBits } from "../bits.ts";
import type { Attributes, Graph, GraphNode, Shape } from "../graph/ir.ts";
import { graphShapes } from "../graph/validate.ts";
import { UnsupportedOperatorError } from "./errors.ts";
import { modelSchema } from "./proto.ts";
import { encodeTensor, longs, type OnnxTensor } from "./tensor.ts";
import { encodeMessage } from "./wire.ts";

/** Operators of the engine that have one name in ONNX and the same meaning. */
const NAMES: Readonly<Record<string, string>> = {
  add: "Add",
  sub: "Sub",
  mul: "Mul",
  div: "Div",
  sqrt: "Sqrt",
  exp: "Exp",
  log: "Log",
  relu: "Relu",
  sigmoid: "Sigmoid",
  tanh: "Tanh",
  softplus: "Softplus",
  matmul: "MatMul",
  softmax: "Softmax",
};

const OPSET = 17n;
const IR_VERSION = 8n;

interface Part {
  readonly nodes: Record<string, unknown>[];
  readonly initial: Record<string, unknown>[];
}

type Fields = Record<string, unknown>;

function attribute(name: string, values: readonly number[]): Fields {
  return { name, ints: values.map(BigInt), type: 7 };
}

const int = (name: string, value: number): Fields => ({ name, i: BigInt(value), type: 2 });

/** Attributes of a sliding window, with the engine's names turned into those of the standard. */
function sliding(attrs: Attributes): Fields[] {
  const list = (name: string, own: string): Fields[] =>
    attrs[own] === undefined ? [] : [attribute(name, attrs[own] as readonly number[])];
  return [
    ...list("kernel_shape", "kernel"),
    ...list("strides", "strides"),
    ...list("pads", "pads"),
    ...list("dilations", "dilations"),
  ];
}

/** Operators that need attributes or constants of their own; the answer says whether there was a way. */
function translateWindow(node: GraphNode, part: Part, emit: Emit): boolean {
  const { op, inputs, output, attrs = {} } = node;
  if (op === "conv2d")
    emit("Conv", inputs, [...sliding(attrs), int("group", (attrs.groups as number | undefined) ?? 1)]);
  else if (op === "maxpool") emit("MaxPool", inputs, sliding(attrs));
  else if (op === "avgpool") {
    const { dilations = [1, 1], ...rest } = attrs;
    if ((dilations as readonly number[]).some((n) => n !== 1)) return false;
    emit("AveragePool", inputs, [...sliding(rest), int("count_include_pad", 1)]);
  } else if (op === "clip") {
    const limits = [attrs.low, attrs.high].map((limit, i) => {
      if (limit === undefined) return "";
      const name = `${output}.${i === 0 ? "low" : "high"}`;
      part.initial.push(encodeTensor({ dtype: "float32", shape: [], data: Float32Array.of(limit as number) }, name));
      return name;
    });
    emit("Clip", [...inputs, ...limits]);
  } else if (op === "rowsum") {
    const axes = `${output}.axes`;
    part.initial.push(encodeTensor(longs([-1]), axes));
    emit("ReduceSum", [...inputs, axes], [int("keepdims", 1)]);
  } else if (op === "logsumexp") emit("ReduceLogSumExp", inputs, [attribute("axes", [-1]), int("keepdims", 1)]);
  else if (op === "fill") {
    const shape = attrs.shape as readonly number[];
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill((attrs.value as number | undefined) ?? 0);
    part.initial.push(encodeTensor({ dtype: "float32", shape, data }, `${output}.value`));
    emit("Identity", [`${output}.value`]);
  } else return false;
  return true;
}

type Emit = (opType: string, inputs: readonly string[], attributes?: Fields[]) => void;

function translate(node: GraphNode, part: Part): void {
  const emit: Emit = (opType, inputs, attributes = []) => {
    part.nodes.push({ input: inputs, output: [node.output], name: node.output, opType, attribute: attributes });
  };
  const name = NAMES[node.op];
  if (name !== undefined) emit(name, node.inputs);
  else if (node.op === "transpose") emit("Transpose", node.inputs, [attribute("perm", [1, 0])]);
  else if (node.op === "permute")
    emit("Transpose", node.inputs, [attribute("perm", node.attrs?.perm as readonly number[])]);
  else if (node.op === "reshape") {
    const shape = `${node.output}.shape`;
    part.initial.push(encodeTensor(longs(node.attrs?.shape as readonly number[]), shape));
    emit("Reshape", [...node.inputs, shape]);
  } else if (!translateWindow(node, part, emit))
    throw new UnsupportedOperatorError(node.op, `it has no counterpart in the exported file (value ${node.output})`, {
      data: { operator: node.op, node: node.output },
    });
}

function valueInfo(name: string, shape: Shape): Record<string, unknown> {
  return {
    name,
    type: { tensorType: { elemType: 1, shape: { dim: shape.map((extent) => ({ value: BigInt(extent) })) } } },
  };
}

/**
 * Writes a graph and its parameters as an ONNX file (opset 17, deterministic bytes). Graph inputs with a tensor become
 * initialisers. Throws UnsupportedOperatorError, naming operator and value, for what has no counterpart.
 */
export function exportGraph(graph: Graph, tensors: ReadonlyMap<string, { readonly values: Float32Array }>): Uint8Array {
  const shapes = graphShapes(graph);
  const part: Part = { nodes: [], initial: [] };
  const add = (name: string, shape: Shape, data: Float32Array): void => {
    const tensor: OnnxTensor = { dtype: "float32", shape, data };
    part.initial.push(encodeTensor(tensor, name));
  };
  for (const { name, shape, bits } of graph.constants) add(name, shape, fromHexBits(bits));
  const free = graph.inputs.filter(({ name, shape }) => {
    const tensor = tensors.get(name);
    if (tensor !== undefined) add(name, shape, tensor.values);
    return tensor === undefined;
  });
  for (const node of graph.nodes) translate(node, part);
  for (const { name, value } of graph.outputs)
    part.nodes.push({ input: [value], output: [name], opType: "Identity", attribute: [] });
  const outputs = graph.outputs.map(({ name, value }) => valueInfo(name, shapes.get(value) as Shape));
  const body = {
    name: "assay",
    node: part.nodes,
    initializer: part.initial,
    input: free.map(({ name, shape }) => valueInfo(name, shape)),
    output: outputs,
  };
  return encodeMessage(modelSchema, {
    irVersion: IR_VERSION,
    producerName: "assay",
    opsetImport: [{ domain: "", version: OPSET }],
    graph: body,
  });
}

/** A model bundle as an ONNX file: input `x` [1, features], output `output` [1, 1]. Throws BundleError on other bytes. */
export function exportOnnx(bundle: Uint8Array): Uint8Array {
  const { graph, tensors } = decodeBundle(bundle);
  if (graph === undefined) throw new UnsupportedOperatorError("The model", "it has no graph to export");
  return exportGraph(graph, tensors);
}
