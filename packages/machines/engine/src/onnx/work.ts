import type { Call } from "./ops/op.ts";
import { isMap, isTensor, type OnnxValue } from "./tensor.ts";

const count = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

/** Extents of operand `index`; none for what is no tensor. */
function shapeAt(call: Call, index: number): readonly number[] {
  const value = call.inputs[index];
  return isTensor(value) ? value.shape : [];
}

function elements(value: OnnxValue | undefined): number {
  if (isTensor(value)) return value.data.length;
  if (value === undefined || value === null) return 0;
  if (isMap(value)) return value.keys.data.length + value.values.data.length;
  return value.reduce((sum, entry) => sum + elements(entry), value.length);
}

/** [.., m, k] times [.., k, n]. */
function product(a: readonly number[], b: readonly number[], flipA = false, flipB = false): number {
  const left = flipA ? [...a].reverse() : a;
  const right = flipB ? [...b].reverse() : b;
  const n = right.length > 1 ? (right.at(-1) as number) : 1;
  const batch = right.length > 2 ? count(right.slice(0, -2)) / Math.max(1, count(left.slice(0, -2))) : 1;
  return count(left) * n * Math.max(1, batch);
}

/** Places of a window over spatial extents. */
function windows(call: Call, size: readonly number[], kernel: readonly number[]): number {
  const rank = size.length;
  const list = (name: string): readonly number[] => call.ints(name) ?? [];
  const [strides, pads, dilations] = [list("strides"), list("pads"), list("dilations")];
  const same = call.string("auto_pad", "NOTSET").startsWith("SAME");
  return size.reduce((places, extent, axis) => {
    const stride = Math.max(1, strides[axis] ?? 1);
    if (same) return places * Math.ceil(extent / stride);
    const reach = ((kernel[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1;
    const room = extent + Math.max(0, pads[axis] ?? 0) + Math.max(0, pads[axis + rank] ?? 0) - reach;
    return places * Math.max(1, Math.ceil((room + 1) / stride));
  }, 1);
}

function convolution(call: Call, x: readonly number[], w: readonly number[]): number {
  return (x[0] ?? 1) * count(w) * windows(call, x.slice(2), w.slice(2));
}

function attention(call: Call): number {
  const [q, k, v] = [shapeAt(call, 0), shapeAt(call, 1), shapeAt(call, 2)];
  const keys = (k.at(-2) ?? 1) + (shapeAt(call, 4).at(-2) ?? 0);
  return count(q) * keys + (count(q) / Math.max(1, q.at(-1) ?? 1)) * keys * (v.at(-1) ?? 1);
}

function recurrent(call: Call): number {
  const [length = 1, batch = 1] = shapeAt(call, 0);
  return length * batch * (count(shapeAt(call, 1)) + count(shapeAt(call, 2)));
}

function trees(call: Call): number {
  const x = shapeAt(call, 0);
  const rows = x.length < 2 ? 1 : (x[0] as number);
  const nodes = Math.max(call.ints("nodes_featureids")?.length ?? 0, call.ints("leaf_targetids")?.length ?? 0);
  const roots = call.ints("tree_roots") ?? call.ints("nodes_treeids") ?? [];
  const many = new Set(roots).size;
  // A tree of n nodes is at most n deep; balanced ones are far from it.
  return nodes + rows * many * Math.min(nodes, 64);
}

function supportVectors(call: Call): number {
  const x = shapeAt(call, 0);
  const rows = x.length < 2 ? 1 : (x[0] as number);
  return rows * ((call.floats("support_vectors")?.length ?? 0) + (call.floats("coefficients")?.length ?? 0));
}

/** Samples of regions: as many a bin as places of the plane when the file leaves the number open. */
function regions(call: Call, bins: number): number {
  const [, c = 1, h = 1, w = 1] = shapeAt(call, 0);
  const ratio = call.int("sampling_ratio", 0);
  return (shapeAt(call, 1)[0] ?? 1) * c * 4 * (ratio > 0 ? bins * ratio * ratio : Math.max(bins, h * w));
}

const RULES: Readonly<Record<string, (call: Call) => number>> = {
  MatMul: (call) => product(shapeAt(call, 0), shapeAt(call, 1)),
  MatMulInteger: (call) => product(shapeAt(call, 0), shapeAt(call, 1)),
  QLinearMatMul: (call) => product(shapeAt(call, 0), shapeAt(call, 3)),
  Gemm: (call) => product(shapeAt(call, 0), shapeAt(call, 1), call.int("transA", 0) !== 0, call.int("transB", 0) !== 0),
  Conv: (call) => convolution(call, shapeAt(call, 0), shapeAt(call, 1)),
  ConvInteger: (call) => convolution(call, shapeAt(call, 0), shapeAt(call, 1)),
  QLinearConv: (call) => convolution(call, shapeAt(call, 0), shapeAt(call, 3)),
  ConvTranspose: (call) => count(shapeAt(call, 0)) * count(shapeAt(call, 1).slice(1)),
  DeformConv: (call) => convolution(call, shapeAt(call, 0), shapeAt(call, 1)) * 4,
  Attention: attention,
  FlexAttention: attention,
  LinearAttention: attention,
  RNN: recurrent,
  GRU: recurrent,
  LSTM: recurrent,
  RoiAlign: (call) => regions(call, call.int("output_height", 1) * call.int("output_width", 1)),
  MaxRoiPool: (call) => count(call.ints("pooled_shape") ?? []) * (shapeAt(call, 1)[0] ?? 1) * count(shapeAt(call, 0)),
  MelWeightMatrix: (call) => Math.max(0, call.number(0, 0) * call.number(1, 0)),
  MaxPool: (call) => pool(call),
  AveragePool: (call) => pool(call),
  LpPool: (call) => pool(call),
  Det: (call) => count(shapeAt(call, 0)) * (shapeAt(call, 0).at(-1) ?? 1),
  NonMaxSuppression: (call) => {
    const [scores, boxes] = [shapeAt(call, 1), shapeAt(call, 0)[1] ?? 1];
    const kept = Math.min(boxes, call.number(2, 0));
    return count(scores) * Math.max(1, kept);
  },
  DFT: (call) => count(shapeAt(call, 0)) * Math.max(1, ...shapeAt(call, 0)),
  STFT: (call) =>
    count(shapeAt(call, 0)) * Math.max(1, ...shapeAt(call, 2), call.inputs[3] === undefined ? 1 : call.number(3, 1)),
  TreeEnsemble: trees,
  TreeEnsembleRegressor: trees,
  TreeEnsembleClassifier: trees,
  SVMClassifier: supportVectors,
  SVMRegressor: supportVectors,
  LinearRegressor: (call) => count(shapeAt(call, 0)) * call.int("targets", 1),
  LinearClassifier: (call) => {
    const x = shapeAt(call, 0);
    return (x.length < 2 ? 1 : (x[0] as number)) * (call.floats("coefficients")?.length ?? 0);
  },
  LRN: (call) => count(shapeAt(call, 0)) * Math.max(1, call.int("size", 1)),
  TopK: (call) => sorting(elements(call.inputs[0])),
  Unique: (call) => sorting(elements(call.inputs[0])),
};

const sorting = (n: number): number => n * Math.max(1, Math.ceil(Math.log2(n + 1)));

function pool(call: Call): number {
  const x = shapeAt(call, 0);
  const kernel = (call.ints("kernel_shape") ?? []).map((k) => Math.max(1, k));
  return count(x.slice(0, 2)) * windows(call, x.slice(2), kernel) * count(kernel);
}

const MULTIPLY = /MatMul|Gemm|Conv|Attention|^RNN$|^GRU$|^LSTM$|^SVM|^Linear/;

function ruleOf(call: Call): number {
  const own = RULES[call.node.opType ?? ""]?.(call) ?? 0;
  return Number.isFinite(own) ? own : 0;
}

/** Multiply-adds of products, convolutions, recurrences and attention; 0 for everything else. */
export function multiplyAddsOf(call: Call): number {
  return MULTIPLY.test(call.node.opType ?? "") ? ruleOf(call) : 0;
}

/** What calling any operator costs, in elements: a loop over nothing takes time too. */
const CALL = 4096;

/**
 * Work of one call in multiply-adds, or in elements read where nothing is multiplied; estimated from operands alone,
 * before anything is computed, so that a run can be refused in time. The same on every machine.
 */
export function workOf(call: Call): number {
  return CALL + call.inputs.reduce((sum: number, value) => sum + elements(value), 0) + ruleOf(call);
}
