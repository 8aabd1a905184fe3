import { modelSchema, type GraphProto, type ModelProto, type NodeProto, type TensorProto } from "./proto.ts";
import { domainOf } from "./check.ts";
import { Call } from "./ops/op.ts";
import { readProto } from "./model.ts";
import { decodeTensor, encodeTensor, type OnnxTensor } from "./tensor.ts";
import { encodeMessage } from "./wire.ts";

/** A rewritten file and what was done to it; the same file when nothing was. */
export interface Rewritten {
  readonly bytes: Uint8Array;
  readonly rewrites: readonly string[];
}

interface Pair {
  readonly conv: NodeProto;
  readonly norm: NodeProto;
}

/** Convolutions with weights in the file whose only reader is a batch normalisation with statistics in the file. */
function pairsOf(graph: GraphProto, initial: ReadonlyMap<string, TensorProto>): Pair[] {
  const readers = new Map<string, NodeProto[]>();
  for (const node of graph.node) for (const name of node.input) readers.set(name, [...(readers.get(name) ?? []), node]);
  const inner = graph.node.some(({ attribute }) =>
    attribute.some(({ g, graphs }) => g !== undefined || graphs.length > 0),
  );
  const kept = new Set(graph.output.map(({ name = "" }) => name));
  if (inner) return [];
  return graph.node.flatMap((conv) => {
    const [result = ""] = conv.output;
    const [norm, ...more] = readers.get(result) ?? [];
    if (conv.opType !== "Conv" || domainOf(conv.domain) !== "" || norm === undefined || more.length > 0) return [];
    const plain =
      norm.opType === "BatchNormalization" &&
      norm.input[0] === result &&
      !kept.has(result) &&
      norm.output.slice(1).every((name) => name === "") &&
      norm.attribute.every(({ name, i }) => name !== "training_mode" || (i ?? 0n) === 0n);
    const constant = [...conv.input.slice(1), ...norm.input.slice(1)].every(
      (name) => name === "" || initial.get(name)?.dataType === 1,
    );
    return plain && constant ? [{ conv, norm }] : [];
  });
}

/** w' = w s, b' = (b - mean) s + shift with s = scale / sqrt(variance + epsilon); every operation rounds to binary32. */
function folded(
  w: OnnxTensor,
  bias: OnnxTensor | undefined,
  norm: readonly OnnxTensor[],
  epsilon: number,
): OnnxTensor[] {
  const f = Math.fround;
  const [scale, shift, mean, variance] = norm.map(({ data }) => data as Float32Array) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const channels = w.shape[0] ?? 0;
  const per = w.data.length / Math.max(1, channels);
  const factor = Float32Array.from({ length: channels }, (_, c) =>
    f((scale[c] as number) / f(Math.sqrt(f((variance[c] as number) + epsilon)))),
  );
  const data = (w.data as Float32Array).map((value, i) => f(value * (factor[Math.floor(i / per)] as number)));
  const start = bias === undefined ? new Float32Array(channels) : (bias.data as Float32Array);
  const moved = Float32Array.from({ length: channels }, (_, c) =>
    f(f(f((start[c] as number) - (mean[c] as number)) * (factor[c] as number)) + (shift[c] as number)),
  );
  return [
    { ...w, data },
    { dtype: "float32", shape: [channels], data: moved },
  ];
}

/**
 * Writes batch normalisation into the weights of the convolution before it. The rewritten model is another model: its
 * answers differ from the file's in the last bits, since products are rounded in another place. What remains of the
 * file is what the reader understands; the same file gives the same bytes. Throws OnnxFormatError, OnnxModelError.
 */
export function foldBatchNorm(bytes: Uint8Array): Rewritten {
  const proto = readProto(bytes);
  const { graph } = proto;
  if (graph === undefined) return { bytes, rewrites: [] };
  const initial = new Map(graph.initializer.map((tensor) => [tensor.name ?? "", tensor]));
  for (const { name = "" } of graph.input) initial.delete(name);
  const pairs = pairsOf(graph, initial);
  if (pairs.length === 0) return { bytes, rewrites: [] };
  const nodes = new Map<NodeProto, NodeProto | undefined>();
  const added: Record<string, unknown>[] = [];
  pairs.forEach(({ conv, norm }, index) => {
    const read = (name: string | undefined): OnnxTensor => decodeTensor(initial.get(name ?? "") as TensorProto);
    const bias = (conv.input[2] ?? "") === "" ? undefined : read(conv.input[2]);
    const epsilon = new Call(norm, [], 1, () => []).float("epsilon", Math.fround(1e-5));
    const [w, b] = folded(read(conv.input[1]), bias, norm.input.slice(1).map(read), epsilon) as [
      OnnxTensor,
      OnnxTensor,
    ];
    const names = [`assay.folded.${index}.w`, `assay.folded.${index}.b`];
    added.push(encodeTensor(w, names[0]), encodeTensor(b, names[1]));
    nodes.set(conv, { ...conv, input: [conv.input[0] ?? "", ...names], output: [norm.output[0] ?? ""] });
    nodes.set(norm, undefined);
  });
  return {
    bytes: rewritten(proto, graph, nodes, added),
    rewrites: [`folded ${pairs.length} batch normalisations into convolutions`],
  };
}

function rewritten(
  proto: ModelProto,
  graph: GraphProto,
  nodes: ReadonlyMap<NodeProto, NodeProto | undefined>,
  added: readonly Record<string, unknown>[],
): Uint8Array {
  const node = graph.node.flatMap((one) => {
    if (!nodes.has(one)) return [one];
    const now = nodes.get(one);
    return now === undefined ? [] : [now];
  });
  const read = new Set([...node.flatMap(({ input }) => input), ...graph.output.map(({ name = "" }) => name)]);
  const inputs = new Set(graph.input.map(({ name = "" }) => name));
  const kept = graph.initializer.filter(({ name = "" }) => read.has(name) || inputs.has(name));
  const body = { ...graph, node, initializer: [...kept, ...added] };
  return encodeMessage(modelSchema, { ...proto, graph: body } as unknown as Record<string, unknown>);
}
