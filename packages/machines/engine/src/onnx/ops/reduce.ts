import { infoOf, isLong, makeData } from "../dtype.ts";
import { engineOp } from "../kernels.ts";
import { longs, type OnnxTensor, zeros } from "../tensor.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { functionsOf, laneSum, larger, product, smaller, step, stored, transposed } from "./shared.ts";

/** The reduced axes moved to the end: rows to reduce, and the shape of the result. */
export interface Rows {
  readonly tensor: OnnxTensor;
  readonly rows: number;
  readonly count: number;
  readonly shape: readonly number[];
}

/** Brings `axes` to the end. */
export function rowsOf(x: OnnxTensor, axes: readonly number[], keep: boolean): Rows {
  const reduced = new Set(axes);
  const kept = x.shape.map((_, axis) => axis).filter((axis) => !reduced.has(axis));
  const order = [...kept, ...[...reduced].sort((a, b) => a - b)];
  const tensor = order.every((axis, i) => axis === i) ? x : transposed(x, order);
  const rows = product(kept.map((axis) => x.shape[axis] as number));
  const count = product([...reduced].map((axis) => x.shape[axis] as number));
  const shape = x.shape.flatMap((extent, axis) => (reduced.has(axis) ? (keep ? [1] : []) : [extent]));
  return { tensor, rows, count, shape };
}

function axesOf(call: Call, x: OnnxTensor): number[] | undefined {
  const given = call.numbers(1) ?? call.ints("axes");
  if (given === undefined || given.length === 0)
    return call.int("noop_with_empty_axes", 0) !== 0 ? undefined : x.shape.map((_, axis) => axis);
  return given.map((axis) => call.axis(axis, x.shape.length));
}

type RowRule = (
  values: ArrayLike<number>,
  at: number,
  count: number,
  f: (x: number) => number,
  x: OnnxTensor,
) => number;
type LongRule = (values: readonly bigint[]) => bigint;

function reduction(name: string, rule: RowRule, long?: LongRule): OnnxOp {
  return define(name, [1, 11, 13, 18, 20], "axes keepdims noop_with_empty_axes", (call) => {
    const x = call.tensor(0);
    call.expectKind(x, "float", "int", "uint", ...(name === "ReduceMax" || name === "ReduceMin" ? ["bool"] : []));
    const axes = axesOf(call, x);
    const { tensor, rows, count, shape } = rowsOf(x, axes ?? [], call.int("keepdims", 1) !== 0);
    if (name.startsWith("ReduceLog") && infoOf(x.dtype).kind !== "float")
      throw call.unsupported(`${x.dtype} is not reduced this way`);
    if (isLong(x.dtype)) {
      if (long === undefined) throw call.unsupported(`${x.dtype} is not reduced this way`);
      const result = zeros(x.dtype, shape);
      for (let row = 0; row < rows; row++)
        result.data[row] = long(Array.from((tensor.data as BigInt64Array).subarray(row * count, (row + 1) * count)));
      return [result];
    }
    const f = infoOf(x.dtype).kind === "float" ? step(x.dtype) : (v: number): number => v;
    const values = tensor.data as Float32Array;
    if (name === "ReduceSum" && x.dtype === "float32" && rows * count > 0)
      return [{ dtype: x.dtype, shape, data: engineOp("rowsum", [{ shape: [rows, count], values }]) }];
    return [
      stored(
        x.dtype,
        shape,
        Float64Array.from({ length: rows }, (_, row) => rule(values, row * count, count, f, x)),
      ),
    ];
  });
}

function sumOf(map: (x: number, f: (x: number) => number) => number): RowRule {
  return (values, at, count, f) =>
    laneSum(
      Float64Array.from({ length: count }, (_, j) => map(values[at + j] as number, f)),
      0,
      count,
      1,
      f,
    );
}

function extremum(sign: 1 | -1): RowRule {
  return (values, at, count, _, { dtype }) => {
    const { kind, bits } = infoOf(dtype);
    let best: number;
    if (kind === "float") best = -sign * Number.POSITIVE_INFINITY;
    else if (kind === "int") best = sign > 0 ? -(2 ** (bits - 1)) : 2 ** (bits - 1) - 1;
    else best = sign > 0 ? 0 : kind === "bool" ? 1 : 2 ** bits - 1;
    for (let j = 0; j < count; j++) {
      const value = values[at + j] as number;
      if (Number.isNaN(value)) return value;
      if (sign * value > sign * best) best = value;
    }
    return best;
  };
}

const total = sumOf((x) => x);
const squares = sumOf((x, f) => f(x * x));
const absolute = sumOf((x) => Math.abs(x));
const sumLong: LongRule = (values) => values.reduce((sum, value) => sum + value, 0n);

/** The whole part of a square root. */
function rootOf(n: bigint): bigint {
  let root = BigInt(Math.floor(Math.sqrt(Number(n))));
  while (root * root > n) root--;
  while ((root + 1n) * (root + 1n) <= n) root++;
  return root;
}

const logSumExp: RowRule = (values, at, count, f, x) => {
  const { exp, log } = functionsOf(x.dtype);
  const most = extremum(1)(values, at, count, f, x);
  if (!Number.isFinite(most)) return most;
  const shifted = Float64Array.from({ length: count }, (_, j) => exp(f((values[at + j] as number) - most)));
  return f(most + log(laneSum(shifted, 0, count, 1, f)));
};

function argument(name: string, sign: 1 | -1): OnnxOp {
  return define(name, [1, 11, 12, 13], "axis keepdims select_last_index", (call) => {
    const x = call.tensor(0);
    const axis = call.axis(call.int("axis", 0), x.shape.length);
    const last = call.int("select_last_index", 0) !== 0;
    const { tensor, rows, count, shape } = rowsOf(x, [axis], call.int("keepdims", 1) !== 0);
    if (count === 0) throw call.fault("the axis is empty");
    const data = tensor.data as Float32Array;
    const pick = (row: number): number => {
      let best = 0;
      for (let j = 1; j < count; j++) {
        const [value, most] = [data[row * count + j] as number, data[row * count + best] as number];
        if (sign > 0 ? value > most : value < most) best = j;
        else if (last && value === most) best = j;
      }
      return best;
    };
    return [
      longs(
        Array.from({ length: rows }, (_, row) => pick(row)),
        shape,
      ),
    ];
  });
}

function cumulative(
  name: string,
  since: readonly number[],
  first: number,
  rule: (x: number, y: number) => number,
): OnnxOp {
  return define(name, since, "exclusive reverse", (call) => {
    const x = call.tensor(0);
    const axis = call.axis(call.number(1, 0), x.shape.length);
    const count = x.shape[axis] as number;
    const inner = product(x.shape, axis + 1);
    const [exclusive, reverse] = [call.int("exclusive", 0) !== 0, call.int("reverse", 0) !== 0];
    const result = { dtype: x.dtype, shape: x.shape, data: makeData(x.dtype, x.data.length) };
    const long = isLong(x.dtype);
    const f = infoOf(x.dtype).kind === "float" ? step(x.dtype) : (v: number): number => v;
    for (let outer = 0; outer < product(x.shape, 0, axis); outer++)
      for (let i = 0; i < inner; i++) {
        let sum: number | bigint = long ? BigInt(first) : first;
        for (let j = 0; j < count; j++) {
          const at = (outer * count + (reverse ? count - 1 - j : j)) * inner + i;
          const before: number | bigint = sum;
          const value = x.data[at] as number;
          sum = long ? (rule(sum as number, value) as number | bigint) : f(rule(sum as number, value));
          result.data[at] = (exclusive ? before : sum) as number;
        }
      }
    return [result];
  });
}

/** Reductions along axes; sums follow the order of row reductions, products ascend. */
export const reduceOps: readonly OnnxOp[] = [
  reduction("ReduceSum", total, sumLong),
  reduction(
    "ReduceMean",
    (v, at, n, f, x) => f(total(v, at, n, f, x) / n),
    (v) => (v.length === 0 ? 0n : sumLong(v) / BigInt(v.length)),
  ),
  reduction("ReduceMax", extremum(1), (v) => v.reduce((a, b) => larger(a, b))),
  reduction("ReduceMin", extremum(-1), (v) => v.reduce((a, b) => smaller(a, b))),
  reduction(
    "ReduceProd",
    (v, at, n, f) => {
      let result = 1;
      for (let j = 0; j < n; j++) result = f(result * (v[at + j] as number));
      return result;
    },
    (v) => v.reduce((a, b) => a * b, 1n),
  ),
  reduction("ReduceL1", absolute, (v) => sumLong(v.map((x) => (x < 0n ? -x : x)))),
  reduction(
    "ReduceL2",
    (v, at, n, f, x) => f(Math.sqrt(squares(v, at, n, f, x))),
    (v) => rootOf(sumLong(v.map((x) => x * x))),
  ),
  reduction("ReduceSumSquare", squares, (v) => sumLong(v.map((x) => x * x))),
  reduction("ReduceLogSum", (v, at, n, f, x) => functionsOf(x.dtype).log(total(v, at, n, f, x))),
  reduction("ReduceLogSumExp", logSumExp),
  argument("ArgMax", 1),
  argument("ArgMin", -1),
  cumulative("CumSum", [11, 14], 0, (x, y) => x + y),
  cumulative("CumProd", [26], 1, (x, y) => x * y),
];
