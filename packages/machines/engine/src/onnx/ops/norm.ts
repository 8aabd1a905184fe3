import { engineOp } from "../kernels.ts";
import * as math from "../math.ts";
import type { OnnxTensor } from "../tensor.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { rowsOf } from "./reduce.ts";
import { broadcastOffsets, functionsOf, laneSum, product, step, stored, transposed } from "./shared.ts";

type Values = ArrayLike<number>;

/** Softmax of every row; binary32 and less on the engine's kernel. */
export function softmaxRows(dtype: string, values: Float32Array | Float64Array, rows: number, count: number): Values {
  if (rows * count === 0) return values;
  if (values instanceof Float32Array) return engineOp("softmax", [{ shape: [rows, count], values }]);
  const result = new Float64Array(values.length);
  for (let row = 0; row < rows; row++) {
    let most = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < count; j++) most = Math.max(most, values[row * count + j] as number);
    for (let j = 0; j < count; j++) result[row * count + j] = math.exp((values[row * count + j] as number) - most);
    const sum = laneSum(result, row * count, count, 1, step(dtype as "float64"));
    for (let j = 0; j < count; j++) result[row * count + j] = (result[row * count + j] as number) / sum;
  }
  return result;
}

/** log of {@link softmaxRows}: x - log sum exp x. */
export function logSoftmaxRows(values: Float32Array | Float64Array, rows: number, count: number): Values {
  if (rows * count === 0) return values;
  const wide = values instanceof Float64Array;
  const f = wide ? (x: number): number => x : Math.fround;
  const { exp, log } = functionsOf(wide ? "float64" : "float32");
  const result = new Float64Array(values.length);
  for (let row = 0; row < rows; row++) {
    let most = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < count; j++) most = Math.max(most, values[row * count + j] as number);
    const shifted = Float64Array.from({ length: count }, (_, j) => f((values[row * count + j] as number) - most));
    const total = log(laneSum(shifted.map(exp), 0, count, 1, f));
    for (let j = 0; j < count; j++) result[row * count + j] = f((shifted[j] as number) - total);
  }
  return result;
}

/** Applies a rule to rows: along one axis from version 13 on, before that along all axes from `axis` on. */
function along(name: string, rule: (x: OnnxTensor, rows: number, count: number) => Values): OnnxOp {
  return define(name, [1, 11, 13], "axis", (call) => {
    const x = call.tensor(0);
    call.expectKind(x, "float");
    const rank = x.shape.length;
    const axis = call.axis(call.int("axis", call.opset < 13 ? 1 : -1), Math.max(1, rank));
    if (call.opset < 13) return [stored(x.dtype, x.shape, rule(x, product(x.shape, 0, axis), product(x.shape, axis)))];
    if (rank === 0) return [stored(x.dtype, x.shape, rule(x, 1, 1))];
    const { tensor, rows, count } = rowsOf(x, [axis], true);
    const result = stored(x.dtype, tensor.shape, rule(tensor, rows, count));
    const order = x.shape.map((_, i) => (i === axis ? rank - 1 : i < axis ? i : i - 1));
    return [transposed(result, order)];
  });
}

function hardmax({ data }: OnnxTensor, rows: number, count: number): Values {
  const result = new Float64Array(rows * count);
  for (let row = 0; row < rows; row++) {
    let best = 0;
    for (let j = 1; j < count; j++)
      if ((data[row * count + j] as number) > (data[row * count + best] as number)) best = j;
    result[row * count + best] = 1;
  }
  return result;
}

/** Mean and variance of one row, by lanes. */
function moments(values: Values, at: number, count: number, f: (x: number) => number): readonly [number, number] {
  const mean = f(laneSum(values, at, count, 1, f) / count);
  const squares = Float64Array.from({ length: count }, (_, j) => {
    const d = f((values[at + j] as number) - mean);
    return f(d * d);
  });
  return [mean, f(laneSum(squares, 0, count, 1, f) / count)];
}

/** (x - mean) / sqrt(variance + epsilon) of every row, and both moments. */
function normalised(
  x: OnnxTensor,
  rows: number,
  count: number,
  epsilon: number,
): { y: Float64Array; mean: number[]; inverse: number[] } {
  const f = step(x.dtype);
  const data = x.data as Float32Array;
  const [y, mean, inverse]: [Float64Array, number[], number[]] = [new Float64Array(data.length), [], []];
  for (let row = 0; row < rows; row++) {
    const [m, v] = moments(data, row * count, count, f);
    const r = f(1 / f(Math.sqrt(f(v + epsilon))));
    for (let j = 0; j < count; j++) y[row * count + j] = f(f((data[row * count + j] as number) - m) * r);
    mean.push(m);
    inverse.push(r);
  }
  return { y, mean, inverse };
}

/** y * scale + bias with both stretched to the shape. */
function affine(
  y: Float64Array,
  shape: readonly number[],
  scale: OnnxTensor,
  bias: OnnxTensor | undefined,
  f: (x: number) => number,
): Float64Array {
  const at = broadcastOffsets(scale.shape, shape);
  const plus = bias === undefined ? undefined : broadcastOffsets(bias.shape, shape);
  return y.map((value, i) => {
    const scaled = f(value * (scale.data[at[i] as number] as number));
    return bias === undefined || plus === undefined ? scaled : f(scaled + (bias.data[plus[i] as number] as number));
  });
}

function layerNorm(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  call.expectKind(x, "float");
  const axis = call.axis(call.int("axis", -1), x.shape.length);
  const [rows, count] = [product(x.shape, 0, axis), product(x.shape, axis)];
  const { y, mean, inverse } = normalised(x, rows, count, call.float("epsilon", Math.fround(1e-5)));
  const moment = x.shape.map((extent, i) => (i < axis ? extent : 1));
  const stash = x.dtype === "float64" ? "float64" : "float32";
  const result = affine(y, x.shape, call.tensor(1), call.optional(2), step(x.dtype));
  return [stored(x.dtype, x.shape, result), stored(stash, moment, mean), stored(stash, moment, inverse)];
}

function rmsNorm(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  call.expectKind(x, "float");
  const axis = call.axis(call.int("axis", -1), x.shape.length);
  const count = product(x.shape, axis);
  const f = step(x.dtype);
  const epsilon = call.float("epsilon", Math.fround(1e-5));
  const data = x.data as Float32Array;
  const y = new Float64Array(data.length);
  for (let at = 0; at < y.length; at += count) {
    const squares = Float64Array.from({ length: count }, (_, j) =>
      f((data[at + j] as number) * (data[at + j] as number)),
    );
    const root = f(Math.sqrt(f(f(laneSum(squares, 0, count, 1, f) / count) + epsilon)));
    for (let j = 0; j < count; j++) y[at + j] = f((data[at + j] as number) / root);
  }
  return [stored(x.dtype, x.shape, affine(y, x.shape, call.tensor(1), undefined, f))];
}

/** A tensor [C] as [C, 1, ...] to stand beside [N, C, ...]. */
function channelwise(tensor: OnnxTensor, rank: number): OnnxTensor {
  return { ...tensor, shape: [tensor.data.length, ...new Array<number>(Math.max(0, rank - 2)).fill(1)] };
}

function groupNorm(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const groups = call.int("num_groups", 1);
  const [n = 1, c = 1] = x.shape;
  if (groups < 1 || c % groups !== 0) throw call.fault(`${c} channels are no multiple of ${groups} groups`);
  const { y } = normalised(x, n * groups, x.data.length / (n * groups), call.float("epsilon", Math.fround(1e-5)));
  const spread = (tensor: OnnxTensor): OnnxTensor => {
    const each = c / tensor.data.length;
    return channelwise(
      stored(
        tensor.dtype,
        [c],
        Array.from({ length: c }, (_, i) => tensor.data[Math.floor(i / each)] as number),
      ),
      x.shape.length,
    );
  };
  return [stored(x.dtype, x.shape, affine(y, x.shape, spread(call.tensor(1)), spread(call.tensor(2)), step(x.dtype)))];
}

function instanceNorm(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  if (x.shape.length < 3) throw call.fault("it takes [N, C, ...]");
  const [n = 1, c = 1] = x.shape;
  const { y } = normalised(x, n * c, product(x.shape, 2), call.float("epsilon", Math.fround(1e-5)));
  const rank = x.shape.length;
  const f = step(x.dtype);
  return [
    stored(
      x.dtype,
      x.shape,
      affine(y, x.shape, channelwise(call.tensor(1), rank), channelwise(call.tensor(2), rank), f),
    ),
  ];
}

function batchNorm(call: Call): (OnnxTensor | undefined)[] {
  const x = call.tensor(0);
  const [scale, bias] = [call.tensor(1), call.tensor(2)];
  let [mean, variance] = [call.tensor(3), call.tensor(4)];
  const training = call.int("training_mode", 0) !== 0;
  if (!training && call.node.output.slice(1).some((name) => name !== ""))
    throw call.unsupported("statistics without training_mode");
  if (call.int("spatial", 1) === 0) throw call.unsupported("spatial = 0");
  const f = step(x.dtype);
  const epsilon = call.float("epsilon", Math.fround(1e-5));
  const [c, inner] = [x.shape[1] ?? 1, product(x.shape, 2)];
  const [runningMean, runningVariance] = [mean, variance];
  if (training) {
    const axes = x.shape.map((_, i) => i).filter((i) => i !== 1);
    const { tensor, count } = rowsOf(x, axes, false);
    const both = Array.from({ length: c }, (_, i) => moments(tensor.data as Float32Array, i * count, count, f));
    mean = stored(
      mean.dtype,
      [c],
      both.map(([m]) => m),
    );
    variance = stored(
      variance.dtype,
      [c],
      both.map(([, v]) => v),
    );
  }
  const values = Float64Array.from({ length: x.data.length }, (_, i) => {
    const channel = Math.floor(i / inner) % c;
    const d = f((x.data[i] as number) - (mean.data[channel] as number));
    const root = f(Math.sqrt(f((variance.data[channel] as number) + epsilon)));
    return f(f((scale.data[channel] as number) * f(d / root)) + (bias.data[channel] as number));
  });
  const y = stored(x.dtype, x.shape, values);
  if (!training) return [y];
  const momentum = call.float("momentum", Math.fround(0.9));
  const blend = (old: OnnxTensor, now: OnnxTensor): OnnxTensor =>
    stored(
      old.dtype,
      old.shape,
      Float64Array.from({ length: c }, (_, i) =>
        f(f((old.data[i] as number) * momentum) + f((now.data[i] as number) * f(1 - momentum))),
      ),
    );
  return [y, blend(runningMean, mean), blend(runningVariance, variance)];
}

function lpNorm(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const axis = call.axis(call.int("axis", -1), x.shape.length);
  const p = call.int("p", 2);
  if (p !== 1 && p !== 2) throw call.unsupported(`p = ${p}`);
  const f = step(x.dtype);
  const { tensor, rows, count } = rowsOf(x, [axis], true);
  const values = tensor.data as Float32Array;
  const y = new Float64Array(values.length);
  for (let row = 0; row < rows; row++) {
    const sizes = Float64Array.from({ length: count }, (_, j) => {
      const value = values[row * count + j] as number;
      return p === 1 ? Math.abs(value) : f(value * value);
    });
    const sum = laneSum(sizes, 0, count, 1, f);
    const norm = p === 1 ? sum : f(Math.sqrt(sum));
    for (let j = 0; j < count; j++) y[row * count + j] = norm === 0 ? 0 : f((values[row * count + j] as number) / norm);
  }
  const order = x.shape.map((_, i) => (i === axis ? x.shape.length - 1 : i < axis ? i : i - 1));
  return [transposed(stored(x.dtype, tensor.shape, y), order)];
}

function lrn(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const [alpha, beta, bias] = [call.float("alpha", Math.fround(1e-4)), call.float("beta", 0.75), call.float("bias", 1)];
  const size = call.int("size", 0);
  const [c, inner] = [x.shape[1] ?? 1, product(x.shape, 2)];
  const f = step(x.dtype);
  const data = x.data as Float32Array;
  const values = Float64Array.from({ length: data.length }, (_, i) => {
    const channel = Math.floor(i / inner) % c;
    const [from, to] = [
      Math.max(0, channel - Math.floor((size - 1) / 2)),
      Math.min(c - 1, channel + Math.ceil((size - 1) / 2)),
    ];
    let sum = 0;
    for (let k = from; k <= to; k++) {
      const value = data[i + (k - channel) * inner] as number;
      sum = f(sum + f(value * value));
    }
    return f((data[i] as number) / f(math.pow(f(bias + f(f(alpha / size) * sum)), beta)));
  });
  return [stored(x.dtype, x.shape, values)];
}

function meanVariance(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const axes = (call.ints("axes") ?? [0, 2, 3]).map((axis) => call.axis(axis, x.shape.length));
  const { tensor, rows, count } = rowsOf(x, axes, true);
  const f = step(x.dtype);
  const y = new Float64Array(x.data.length);
  const data = tensor.data as Float32Array;
  for (let row = 0; row < rows; row++) {
    const [mean, variance] = moments(data, row * count, count, f);
    const root = f(f(Math.sqrt(variance)) + f(1e-9));
    for (let j = 0; j < count; j++) y[row * count + j] = f(f((data[row * count + j] as number) - mean) / root);
  }
  const kept = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const order = [...kept, ...[...new Set(axes)].sort((a, b) => a - b)];
  return [
    transposed(
      stored(x.dtype, tensor.shape, y),
      x.shape.map((_, i) => order.indexOf(i)),
    ),
  ];
}

/** Softmax and normalisations; sums along rows take 16 lanes and a fixed tree. */
export const normOps: readonly OnnxOp[] = [
  along("Softmax", ({ dtype, data }, rows, count) => softmaxRows(dtype, data as Float32Array, rows, count)),
  along("LogSoftmax", ({ data }, rows, count) => logSoftmaxRows(data as Float32Array, rows, count)),
  along("Hardmax", hardmax),
  define("LayerNormalization", [17], "axis epsilon stash_type", layerNorm),
  define("RMSNormalization", [23], "axis epsilon stash_type", rmsNorm),
  define("GroupNormalization", [18, 21], "num_groups epsilon stash_type", groupNorm),
  define("InstanceNormalization", [6, 22], "epsilon", instanceNorm),
  define("BatchNormalization", [7, 9, 14, 15], "epsilon momentum training_mode spatial", batchNorm),
  define("LpNormalization", [1, 22], "axis p", lpNorm),
  define("LRN", [1, 13], "alpha beta bias size", lrn),
  define("MeanVarianceNormalization", [9, 13], "axes", meanVariance),
];
