import { exp32 } from "../../ops/exp/reference.ts";
import { log32 } from "../../ops/log/reference.ts";
import { tanh32 } from "../../ops/tanh/reference.ts";
import { type Data, type Dtype, infoOf, isLong, roundTo } from "../dtype.ts";
import { OnnxModelError } from "../errors.ts";
import * as math from "../math.ts";
import { countOf, type OnnxTensor, stridesOf, zeros } from "../tensor.ts";

/** The common shape under NumPy broadcasting; throws OnnxModelError when there is none. */
export function broadcastShape(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes)
    shape.forEach((extent, axis) => {
      const at = rank - shape.length + axis;
      if (result[at] !== extent && extent !== 1) {
        if (result[at] !== 1) throw new OnnxModelError(`Shapes [${shapes.join("] and [")}] do not broadcast.`);
        result[at] = extent;
      }
    });
  return result;
}

/** For every place of `to`, row-major, the offset given by `strides` from `start`. */
export function offsetsBy(to: readonly number[], strides: readonly number[], start = 0): Int32Array {
  const offsets = new Int32Array(countOf(to));
  const index = new Array<number>(to.length).fill(0);
  let at = start;
  for (let i = 0; i < offsets.length; i++) {
    offsets[i] = at;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      at += strides[axis] as number;
      if ((index[axis] as number) < (to[axis] as number)) break;
      at -= (strides[axis] as number) * (to[axis] as number);
      index[axis] = 0;
    }
  }
  return offsets;
}

/** For every place of `to`, row-major, the offset in a tensor of shape `from` stretched to it. */
export function broadcastOffsets(from: readonly number[], to: readonly number[]): Int32Array {
  const strides = stridesOf(from);
  const skip = to.length - from.length;
  return offsetsBy(
    to,
    to.map((_, axis) => (axis < skip || from[axis - skip] === 1 ? 0 : (strides[axis - skip] as number))),
  );
}

/** A tensor stretched to a shape. */
export function expanded(tensor: OnnxTensor, shape: readonly number[]): OnnxTensor {
  return tensor.shape.length === shape.length && tensor.shape.every((extent, axis) => extent === shape[axis])
    ? tensor
    : gathered(tensor, shape, broadcastOffsets(tensor.shape, shape));
}

/** A tensor whose elements are picked from another by offset. */
export function gathered(tensor: OnnxTensor, shape: readonly number[], offsets: ArrayLike<number>): OnnxTensor {
  const result = zeros(tensor.dtype, shape);
  const { data } = tensor;
  if (offsets.length !== result.data.length) throw new OnnxModelError("Offsets do not fill the shape.");
  for (let i = 0; i < offsets.length; i++) {
    const value = data[offsets[i] as number];
    if (value === undefined) throw new OnnxModelError("A place outside of the operand is asked for.");
    result.data[i] = value as number;
  }
  return result;
}

/** Copies `count` elements from place `from` of one list to place `to` of another of the same type. */
export function copyRun(into: Data, to: number, data: Data, from: number, count: number): void {
  if (Array.isArray(data)) for (let i = 0; i < count; i++) into[to + i] = data[from + i] as string;
  else (into as Float32Array).set((data as Float32Array).subarray(from, from + count), to);
}

/** Rounds after every operation: to binary32, or not at all where the type is float64. */
export function step(dtype: Dtype): (x: number) => number {
  return dtype === "float64" ? (x) => x : Math.fround;
}

/** Puts numbers into a tensor of a type, rounding floats to it. */
export function stored(dtype: Dtype, shape: readonly number[], values: ArrayLike<number>): OnnxTensor {
  const result = zeros(dtype, shape);
  const { data } = result;
  const small = infoOf(dtype).form !== undefined;
  const long = isLong(dtype);
  for (let i = 0; i < data.length; i++) {
    const value = values[i] as number;
    if (long) data[i] = BigInt(Math.trunc(value));
    else data[i] = small ? roundTo(dtype, value) : value;
  }
  return result;
}

/** The elementary functions of a float type: the engine's polynomials for binary32 and less, binary64 otherwise. */
export function functionsOf(dtype: Dtype): {
  exp: (x: number) => number;
  log: (x: number) => number;
  tanh: (x: number) => number;
} {
  return dtype === "float64" ? math : { exp: exp32, log: log32, tanh: tanh32 };
}

/** Calls `compute` on every element and rounds to the type. */
export function mapped(tensor: OnnxTensor, compute: (x: number) => number, dtype: Dtype = tensor.dtype): OnnxTensor {
  const { data, shape } = tensor;
  if (dtype === "float32" && data instanceof Float32Array) {
    const result = new Float32Array(data.length);
    for (let i = 0; i < result.length; i++) result[i] = compute(data[i] as number);
    return { dtype, shape, data: result };
  }
  const values = new Float64Array(data.length);
  for (let i = 0; i < values.length; i++) values[i] = compute(Number(data[i]));
  return stored(dtype, shape, values);
}

/** Combines two stretched tensors element by element. */
export function combined<T extends number | bigint | string>(
  a: OnnxTensor,
  b: OnnxTensor,
  dtype: Dtype,
  compute: (x: T, y: T) => number | bigint | string | boolean,
): OnnxTensor {
  const shape = broadcastShape(a.shape, b.shape);
  const [left, right] = [expanded(a, shape).data, expanded(b, shape).data];
  const result = zeros(dtype, shape);
  const data: Data = result.data;
  const small = infoOf(dtype).form !== undefined;
  for (let i = 0; i < data.length; i++) {
    const value = compute(left[i] as T, right[i] as T);
    data[i] = small ? roundTo(dtype, value as number) : (value as number);
  }
  return result;
}

/** The larger of two comparable values, the first when neither is. */
export function larger<T extends number | bigint>(x: T, y: T): T {
  if (y > x) return y;
  return x;
}

/** The smaller of two comparable values, the first when neither is. */
export function smaller<T extends number | bigint>(x: T, y: T): T {
  if (y < x) return y;
  return x;
}

/** Product of extents in [from, to). */
export function product(shape: readonly number[], from = 0, to = shape.length): number {
  return shape.slice(from, to).reduce((count, extent) => count * extent, 1);
}

/** Axes in another order. */
export function transposed(tensor: OnnxTensor, perm: readonly number[]): OnnxTensor {
  const strides = stridesOf(tensor.shape);
  const shape = perm.map((axis) => tensor.shape[axis] as number);
  return gathered(
    tensor,
    shape,
    offsetsBy(
      shape,
      perm.map((axis) => strides[axis] as number),
    ),
  );
}

/** Elements as binary32 when the type is float32 or smaller. */
export function asFloat32(tensor: OnnxTensor): Float32Array {
  return tensor.data instanceof Float32Array ? tensor.data : Float32Array.from(tensor.data as Float64Array, Number);
}

/**
 * Sum of `count` values from `at` in steps of `stride`, by the contract of row reductions: 16 strided lanes from +0,
 * then a fixed tree; every sum rounded.
 */
export function laneSum(
  values: ArrayLike<number>,
  at: number,
  count: number,
  stride: number,
  round: (x: number) => number,
): number {
  const lanes = new Float64Array(16);
  for (let j = 0; j < count; j++)
    lanes[j % 16] = round((lanes[j % 16] as number) + (values[at + j * stride] as number));
  for (let width = 8; width >= 1; width /= 2)
    for (let j = 0; j < width; j++) lanes[j] = round((lanes[j] as number) + (lanes[j + width] as number));
  return lanes[0] as number;
}
