import { batchMatmul } from "../graph/batchMatmul.ts";
import type { Builder } from "../graph/build.ts";
import { type Attributes, type Shape, sizeOf } from "../graph/ir.ts";
import { slideOf } from "./ops/conv.ts";
import type { Call } from "./ops/op.ts";
import { product, transposed } from "./ops/shared.ts";
import type { OnnxTensor } from "./tensor.ts";

/** A node has no counterpart among the engine's operators: its model runs node by node. */
export class NotCompiled extends Error {
  override name = "NotCompiled";
}

/** What a rule works with: operands as values of the graph, constants as tensors. */
export interface Lower {
  readonly b: Builder;
  readonly call: Call;
  /** Operand as a value of the graph, constants included; throws NotCompiled unless it is float32. */
  value(index: number): string;
  /** Operand as a constant, if it is one. */
  constant(index: number): OnnxTensor | undefined;
  /** Whether operand `index` is given. */
  has(index: number): boolean;
  /** A constant of the graph. */
  tensor(tensor: OnnxTensor): string;
}

type Rule = (l: Lower) => string;

const not = (why: string): NotCompiled => new NotCompiled(why);

const binary =
  (op: string): Rule =>
  ({ b, value }) =>
    b.op(op, [value(0), value(1)]);

const unary =
  (op: string): Rule =>
  ({ b, value }) =>
    b.op(op, [value(0)]);

/** The same elements under the shape that the operator itself finds. */
function reshaped({ b, call, value }: Lower, shape: Shape): string {
  if (sizeOf(shape) !== sizeOf(b.shape(value(0)))) throw call.fault(`[${b.shape(value(0))}] cannot become [${shape}]`);
  return b.op("reshape", [value(0)], { shape: [...shape] });
}

function constantNumbers(l: Lower, index: number): number[] | undefined {
  if (!l.has(index)) return undefined;
  const tensor = l.constant(index);
  if (tensor === undefined) throw not("an operand that is computed at run time");
  return Array.from(tensor.data as ArrayLike<number | bigint>, Number);
}

/** A reshape by the operator's own rule, found by running it on a tensor of the right shape without elements' values. */
function moved(l: Lower): string {
  const { b, call, value } = l;
  const shape = b.shape(value(0));
  const rank = shape.length;
  const { opType } = call.node;
  const axes = constantNumbers(l, 1) ?? call.ints("axes");
  if (opType === "Flatten") {
    const axis = call.axis(call.int("axis", 1), rank, rank);
    return reshaped(l, [product(shape, 0, axis), product(shape, axis)]);
  }
  if (opType === "Squeeze") {
    const out = new Set(
      axes?.map((axis) => call.axis(axis, rank)) ?? shape.flatMap((extent, i) => (extent === 1 ? [i] : [])),
    );
    return reshaped(
      l,
      shape.filter((_, i) => !out.has(i)),
    );
  }
  if (opType === "Unsqueeze") {
    const given = axes ?? [];
    const out = new Set(given.map((axis) => call.axis(axis, rank + given.length)));
    let next = 0;
    return reshaped(
      l,
      Array.from({ length: rank + given.length }, (_, i) => (out.has(i) ? 1 : (shape[next++] as number))),
    );
  }
  const wanted = constantNumbers(l, 1) ?? [];
  const keep = call.int("allowzero", 0) !== 0;
  const target = wanted.map((extent, i) => (extent === 0 && !keep ? (shape[i] ?? 0) : extent));
  const free = target.indexOf(-1);
  if (free >= 0) target[free] = sizeOf(shape) / product(target.filter((_, i) => i !== free));
  return reshaped(l, target);
}

function transpose({ b, call, value }: Lower): string {
  const rank = b.shape(value(0)).length;
  const perm = (call.ints("perm") ?? Array.from({ length: rank }, (_, i) => rank - 1 - i)).map((axis) =>
    call.axis(axis, rank),
  );
  return b.op("permute", [value(0)], { perm });
}

function matmul(l: Lower): string {
  const { b, value } = l;
  const [x, y] = [value(0), value(1)];
  const [left, right] = [b.shape(x), b.shape(y)];
  if (left.length === 2 && right.length === 2) return b.op("matmul", [x, y]);
  const [k, n] = right.slice(-2) as [number, number];
  if (left.length >= 2 && right.length === 2) {
    const flat = b.op("reshape", [x], { shape: [sizeOf(left) / k, k] });
    return b.op("reshape", [b.op("matmul", [flat, y])], { shape: [...left.slice(0, -1), n] });
  }
  const batch = left.slice(0, -2);
  if (left.length < 3 || batch.join() !== right.slice(0, -2).join())
    throw not("matrices that are stretched over each other");
  const g = product(batch);
  const pairs = batchMatmul(
    b,
    b.op("reshape", [x], { shape: [g, ...left.slice(-2)] }),
    b.op("reshape", [y], { shape: [g, ...right.slice(-2)] }),
  );
  return b.op("reshape", [pairs], { shape: [...batch, left.at(-2) as number, n] });
}

/** An operation whose second operand may be stretched, but not the first. */
function onto(b: Builder, op: string, y: string, more: string): string {
  const result = b.op(op, [y, more]);
  if (b.shape(result).join() !== b.shape(y).join()) throw not("an operand that does not stretch to the result");
  return result;
}

function gemm(l: Lower): string {
  const { b, call, value, constant, has, tensor } = l;
  const side = (index: number, flip: boolean): string => {
    const fixed = constant(index);
    if (!flip) return value(index);
    return fixed === undefined ? b.op("transpose", [value(index)]) : tensor(transposed(fixed, [1, 0]));
  };
  const [alpha, beta] = [call.float("alpha", 1), call.float("beta", 1)];
  const scaled = (x: string, by: number): string => (by === 1 ? x : b.op("mul", [b.scalar(by), x]));
  const y = scaled(b.op("matmul", [side(0, call.int("transA", 0) !== 0), side(1, call.int("transB", 0) !== 0)]), alpha);
  return has(2) && beta !== 0 ? onto(b, "add", y, scaled(value(2), beta)) : y;
}

/** A list per channel as [C, 1, ...] beside [N, C, ...]. */
function perChannel(l: Lower, x: string, rank: number): string {
  const { b } = l;
  return b.op("reshape", [x], { shape: [sizeOf(b.shape(x)), ...new Array<number>(rank - 2).fill(1)] });
}

function conv(l: Lower): string {
  const { b, call, value, has } = l;
  const [x, w] = [value(0), value(1)];
  const [from, weights] = [b.shape(x), b.shape(w)];
  const size = from.slice(2);
  const kernel = call.ints("kernel_shape") ?? weights.slice(2);
  if ((size.length !== 1 && size.length !== 2) || kernel.join() !== weights.slice(2).join())
    throw not("this convolution");
  const slide = slideOf(call, size, kernel);
  const line = size.length === 1;
  const pair = (list: readonly number[], one: number): number[] => (line ? [one, ...list] : [...list]);
  const wide = (value: string, shape: Shape): string =>
    line ? b.op("reshape", [value], { shape: [shape[0] as number, shape[1] as number, 1, shape[2] as number] }) : value;
  const attrs: Attributes = {
    strides: pair(slide.strides, 1),
    dilations: pair(slide.dilations, 1),
    pads: [...pair(slide.before, 0), ...pair(slide.after, 0)],
    groups: call.int("group", 1),
  };
  const image = b.op("conv2d", [wide(x, from), wide(w, weights)], attrs);
  const shape = b.shape(image);
  const y = line
    ? b.op("reshape", [image], { shape: [shape[0] as number, shape[1] as number, shape[3] as number] })
    : image;
  return has(2) ? onto(b, "add", y, perChannel(l, value(2), from.length)) : y;
}

function batchNorm(l: Lower): string {
  const { b, call, value, constant, tensor } = l;
  if (call.int("training_mode", 0) !== 0 || call.node.output.slice(1).some((name) => name !== ""))
    throw not("training mode");
  const rank = b.shape(value(0)).length;
  const variance = constant(4);
  if (variance === undefined || rank < 2) throw not("a variance that is computed at run time");
  const epsilon = call.float("epsilon", Math.fround(1e-5));
  const f = Math.fround;
  const root = tensor({ ...variance, data: (variance.data as Float32Array).map((v) => f(Math.sqrt(f(v + epsilon)))) });
  const [scale, bias, mean, deviation] = [value(1), value(2), value(3), root].map((one) =>
    perChannel(l, one, rank),
  ) as [string, string, string, string];
  const centred = b.op("div", [b.op("sub", [value(0), mean]), deviation]);
  return b.op("add", [b.op("mul", [scale, centred]), bias]);
}

function pool(l: Lower): string {
  const { b, call, value } = l;
  const size = b.shape(value(0)).slice(2);
  const kernel = call.ints("kernel_shape") ?? [];
  if (size.length !== 2 || kernel.length !== 2 || call.int("ceil_mode", 0) !== 0 || call.wants(1))
    throw not("this form of pooling");
  const slide = slideOf(call, size, kernel);
  const attrs: Attributes = {
    kernel: [...kernel],
    strides: [...slide.strides],
    dilations: [...slide.dilations],
    pads: [...slide.before, ...slide.after],
  };
  if (call.node.opType === "MaxPool") return b.op("maxpool", [value(0)], attrs);
  const padded = [...slide.before, ...slide.after].some((n) => n > 0);
  if (padded && call.int("count_include_pad", 0) === 0) throw not("means that leave the padding out");
  return b.op("avgpool", [value(0)], attrs);
}

/** Mean of the last axis, lanes and tree as everywhere, then one division. */
function rowMean(b: Builder, x: string): string {
  return b.op("div", [b.op("rowsum", [x]), b.scalar(b.shape(x).at(-1) as number)]);
}

function globalMean({ b, value }: Lower): string {
  const [n, c, ...rest] = b.shape(value(0)) as [number, number, ...number[]];
  const rows = b.op("reshape", [value(0)], { shape: [n * c, product(rest)] });
  return b.op("reshape", [rowMean(b, rows)], { shape: [n, c, ...rest.map(() => 1)] });
}

function reduce(l: Lower): string {
  const { b, call, value } = l;
  const shape = b.shape(value(0));
  const given = constantNumbers(l, 1) ?? call.ints("axes") ?? [];
  if (given.length === 0 && call.int("noop_with_empty_axes", 0) !== 0) throw not("a reduction along no axis");
  const axes = new Set(
    given.length === 0 ? shape.map((_, i) => i) : given.map((axis) => call.axis(axis, shape.length)),
  );
  const kept = shape.map((_, i) => i).filter((i) => !axes.has(i));
  const perm = [...kept, ...[...axes].sort((p, q) => p - q)];
  const ordered = perm.every((axis, i) => axis === i) ? value(0) : b.op("permute", [value(0)], { perm });
  const rows = b.op("reshape", [ordered], {
    shape: [product(kept.map((i) => shape[i] as number)), product([...axes].map((i) => shape[i] as number))],
  });
  const result = call.node.opType === "ReduceMean" ? rowMean(b, rows) : b.op("rowsum", [rows]);
  const keep = call.int("keepdims", 1) !== 0;
  return b.op("reshape", [result], {
    shape: shape.flatMap((extent, i) => (axes.has(i) ? (keep ? [1] : []) : [extent])),
  });
}

function softmax({ b, call, value }: Lower): string {
  const shape = b.shape(value(0));
  const rank = shape.length;
  if (rank === 0) throw not("a scalar");
  const axis = call.axis(call.int("axis", call.opset < 13 ? 1 : -1), rank);
  if (call.opset < 13) {
    const rows = b.op("reshape", [value(0)], { shape: [product(shape, 0, axis), product(shape, axis)] });
    return b.op("reshape", [b.op("softmax", [rows])], { shape: [...shape] });
  }
  if (axis === rank - 1) return b.op("softmax", [value(0)]);
  const perm = [...shape.map((_, i) => i).filter((i) => i !== axis), axis];
  const back = shape.map((_, i) => perm.indexOf(i));
  return b.op("permute", [b.op("softmax", [b.op("permute", [value(0)], { perm })])], { perm: back });
}

function clip(l: Lower): string {
  const { b, call, value } = l;
  const limit = (index: number, name: string): number | undefined => {
    if (l.has(index)) return constantNumbers(l, index)?.[0];
    return call.has(name) ? call.float(name, 0) : undefined;
  };
  const [low, high] = [limit(1, "min"), limit(2, "max")];
  const attrs = { ...(low === undefined ? {} : { low }), ...(high === undefined ? {} : { high }) };
  if ((low ?? Number.NEGATIVE_INFINITY) > (high ?? Number.POSITIVE_INFINITY)) throw not("limits in the wrong order");
  return Object.keys(attrs).length === 0 ? value(0) : b.op("clip", [value(0)], attrs);
}

/** (x - mean) / sqrt(variance + epsilon) along the last axis, times one over the root as the operator has it. */
function normalised(b: Builder, x: string, epsilon: number): string {
  const centred = b.op("sub", [x, rowMean(b, x)]);
  const variance = rowMean(b, b.op("mul", [centred, centred]));
  const root = b.op("sqrt", [b.op("add", [variance, b.scalar(epsilon)])]);
  return b.op("mul", [centred, b.op("div", [b.scalar(1), root])]);
}

function layerNorm({ b, call, value, has }: Lower): string {
  if (call.wants(1) || call.wants(2)) throw not("moments as results");
  const shape = b.shape(value(0));
  const axis = call.axis(call.int("axis", -1), shape.length);
  const rows = b.op("reshape", [value(0)], { shape: [product(shape, 0, axis), product(shape, axis)] });
  const y = b.op("reshape", [normalised(b, rows, call.float("epsilon", Math.fround(1e-5)))], { shape: [...shape] });
  const scaled = onto(b, "mul", y, value(1));
  return has(2) ? onto(b, "add", scaled, value(2)) : scaled;
}

function instanceNorm(l: Lower): string {
  const { b, call, value } = l;
  const shape = b.shape(value(0));
  const rows = b.op("reshape", [value(0)], { shape: [product(shape, 0, 2), product(shape, 2)] });
  const y = b.op("reshape", [normalised(b, rows, call.float("epsilon", Math.fround(1e-5)))], { shape: [...shape] });
  return b.op("add", [b.op("mul", [y, perChannel(l, value(1), shape.length)]), perChannel(l, value(2), shape.length)]);
}

function hardSigmoid(b: Builder, x: string, alpha: number, beta: number): string {
  const line = b.op("add", [b.op("mul", [b.scalar(alpha), x]), b.scalar(beta)]);
  return b.op("clip", [line], { low: 0, high: 1 });
}

function power(l: Lower): string {
  const { b, value } = l;
  const exponent = constantNumbers(l, 1);
  if (exponent?.length !== 1 || (l.constant(1)?.shape.length ?? 0) > b.shape(value(0)).length)
    throw not("this exponent");
  if (exponent[0] === 2) return b.op("mul", [value(0), value(0)]);
  if (exponent[0] === 1) return value(0);
  throw not(`exponent ${exponent[0]}`);
}

function sum({ b, call, value }: Lower): string {
  let result = value(0);
  for (let i = 1; i < call.node.input.length; i++) result = b.op("add", [result, value(i)]);
  return call.node.opType === "Mean" ? b.op("div", [result, b.scalar(call.node.input.length)]) : result;
}

/** Rules by operator; each gives the very bits that the operator gives by itself. */
export const RULES: Readonly<Record<string, Rule>> = {
  Add: binary("add"),
  Sub: binary("sub"),
  Mul: binary("mul"),
  Div: binary("div"),
  Relu: unary("relu"),
  Sigmoid: unary("sigmoid"),
  Tanh: unary("tanh"),
  Exp: unary("exp"),
  Log: unary("log"),
  Sqrt: unary("sqrt"),
  Softplus: unary("softplus"),
  Neg: ({ b, value }) => b.op("mul", [value(0), b.scalar(-1)]),
  Reciprocal: ({ b, value }) => b.op("div", [b.scalar(1), value(0)]),
  HardSwish: ({ b, value }) => b.op("mul", [value(0), hardSigmoid(b, value(0), Math.fround(1 / 6), 0.5)]),
  HardSigmoid: ({ b, call, value }) =>
    hardSigmoid(b, value(0), call.float("alpha", Math.fround(0.2)), call.float("beta", 0.5)),
  Identity: ({ value }) => value(0),
  Dropout: ({ call, has, value }) => {
    if (call.wants(1) || has(2)) throw not("a mask or training mode");
    return value(0);
  },
  Clip: clip,
  Pow: power,
  Sum: sum,
  Mean: sum,
  Reshape: moved,
  Flatten: moved,
  Squeeze: moved,
  Unsqueeze: moved,
  Transpose: transpose,
  MatMul: matmul,
  Gemm: gemm,
  Conv: conv,
  BatchNormalization: batchNorm,
  LayerNormalization: layerNorm,
  InstanceNormalization: instanceNorm,
  MaxPool: pool,
  AveragePool: pool,
  GlobalAveragePool: globalMean,
  ReduceMean: reduce,
  ReduceSum: reduce,
  Softmax: softmax,
};
