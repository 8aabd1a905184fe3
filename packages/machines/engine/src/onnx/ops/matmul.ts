import { infoOf, isLong } from "../dtype.ts";
import { engineOp } from "../kernels.ts";
import { numbersOf, type OnnxTensor, zeros } from "../tensor.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { broadcastOffsets, broadcastShape, combined, mapped, product, step, stored, transposed } from "./shared.ts";

/** [m, k] times [k, n]; every element is one sum from +0, k ascending. */
function multiply(
  a: Float64Array,
  b: Float64Array,
  m: number,
  k: number,
  n: number,
  f: (x: number) => number,
): Float64Array {
  const result = new Float64Array(m * n);
  for (let row = 0; row < m; row++)
    for (let j = 0; j < k; j++) {
      const left = a[row * k + j] as number;
      for (let column = 0; column < n; column++)
        result[row * n + column] = f((result[row * n + column] as number) + f(left * (b[j * n + column] as number)));
    }
  return result;
}

function multiplyLong(a: readonly bigint[], b: readonly bigint[], m: number, k: number, n: number): bigint[] {
  return Array.from({ length: m * n }, (_, at) => {
    const [row, column] = [Math.floor(at / n), at % n];
    let sum = 0n;
    for (let j = 0; j < k; j++) sum += (a[row * k + j] as bigint) * (b[j * n + column] as bigint);
    return sum;
  });
}

/** One matrix product of a float type: the engine's kernel for binary32 and less, binary64 otherwise. */
export function matrix(
  dtype: string,
  a: Float32Array | Float64Array,
  b: Float32Array | Float64Array,
  m: number,
  k: number,
  n: number,
): ArrayLike<number> {
  if (dtype !== "float64" && a instanceof Float32Array && b instanceof Float32Array) {
    if (m * n === 0 || k === 0) return new Float32Array(m * n);
    return engineOp(
      "matmul",
      [
        { shape: [m, k], values: a },
        { shape: [k, n], values: b },
      ],
      {},
      (m * k * n) / 8,
    );
  }
  return multiply(Float64Array.from(a), Float64Array.from(b), m, k, n, (x) => x);
}

/** NumPy matmul of any ranks from 1. */
export function matmul(call: Call, a: OnnxTensor, b: OnnxTensor): OnnxTensor {
  const dtype = call.expectSame(a, b);
  call.expectKind(a, "float", "int", "uint");
  if (a.shape.length === 0 || b.shape.length === 0) throw call.fault("it does not take scalars");
  const left = a.shape.length === 1 ? [1, ...a.shape] : a.shape;
  const right = b.shape.length === 1 ? [...b.shape, 1] : b.shape;
  const [m, k] = left.slice(-2) as [number, number];
  const [depth, n] = right.slice(-2) as [number, number];
  if (k !== depth) throw call.fault(`[${a.shape}] does not multiply [${b.shape}]`);
  const batch = broadcastShape(left.slice(0, -2), right.slice(0, -2));
  const [as, bs] = [broadcastOffsets(left.slice(0, -2), batch), broadcastOffsets(right.slice(0, -2), batch)];
  const full = [...batch, ...(a.shape.length === 1 ? [] : [m]), ...(b.shape.length === 1 ? [] : [n])];
  const result = zeros(dtype, full);
  const float = infoOf(dtype).kind === "float";
  for (let i = 0; i < as.length; i++) {
    const [from, other] = [(as[i] as number) * m * k, (bs[i] as number) * k * n];
    const [x, y] = [a.data.slice(from, from + m * k), b.data.slice(other, other + k * n)];
    const part = isLong(dtype)
      ? multiplyLong(Array.from(x as BigInt64Array), Array.from(y as BigInt64Array), m, k, n)
      : float
        ? matrix(dtype, x as Float32Array, y as Float32Array, m, k, n)
        : multiply(Float64Array.from(x as Int32Array), Float64Array.from(y as Int32Array), m, k, n, (v) => v);
    if (isLong(dtype)) for (let j = 0; j < m * n; j++) result.data[i * m * n + j] = part[j] as number;
    else {
      const rounded = stored(dtype, [m * n], part as ArrayLike<number>);
      for (let j = 0; j < m * n; j++) result.data[i * m * n + j] = rounded.data[j] as number;
    }
  }
  return result;
}

function gemm(call: Call): OnnxTensor[] {
  let [a, b] = [call.tensor(0), call.tensor(1)];
  if (a.shape.length !== 2 || b.shape.length !== 2) throw call.fault("it takes matrices");
  if (call.int("transA", 0) !== 0) a = transposed(a, [1, 0]);
  if (call.int("transB", 0) !== 0) b = transposed(b, [1, 0]);
  const [alpha, beta, c] = [call.float("alpha", 1), call.float("beta", 1), call.optional(2)];
  const scale = (x: OnnxTensor, by: number): OnnxTensor => {
    if (by === 1) return x;
    if (isLong(x.dtype)) throw call.unsupported("alpha and beta other than 1 with 64-bit whole numbers");
    return mapped(x, (v) => by * v);
  };
  const y = scale(matmul(call, a, b), alpha);
  if (c === undefined || beta === 0) return [y];
  if (broadcastShape(c.shape, y.shape).join() !== y.shape.join())
    throw call.fault(`[${c.shape}] does not stretch to [${y.shape}]`);
  const more = scale(c, beta);
  if (isLong(y.dtype)) return [combined<bigint>(y, more, y.dtype, (p, q) => p + q)];
  return [combined<number>(y, more, y.dtype, (p, q) => p + q)];
}

/** Letters of an Einsum operand; the ellipsis becomes capital letters from the right. */
function letters(call: Call, term: string, rank: number): string[] {
  const [head = "", tail] = term.split("...");
  if (tail === undefined) return [...term];
  const middle = rank - head.length - tail.length;
  if (middle < 0 || middle > 20) throw call.fault(`"${term}" does not fit rank ${rank}`);
  return [...head, ...Array.from({ length: middle }, (_, i) => `.${middle - i}`), ...tail];
}

function einsum(call: Call): OnnxTensor[] {
  const equation = call.string("equation", "").replaceAll(" ", "");
  const [left = "", right] = equation.split("->");
  const tensors = call.tensors();
  const terms = left.split(",").map((term, i) => letters(call, term, tensors[i]?.shape.length ?? 0));
  const extents = new Map<string, number>();
  terms.forEach((term, i) => {
    if (term.length !== tensors[i]?.shape.length) throw call.fault(`"${equation}" does not fit its operands`);
    term.forEach((letter, axis) => {
      const extent = tensors[i]?.shape[axis] as number;
      const known = extents.get(letter) ?? 1;
      if (known !== extent && known !== 1 && extent !== 1)
        throw call.fault(`"${letter}" is both ${known} and ${extent}`);
      extents.set(letter, Math.max(known, extent));
    });
  });
  const dots = [...extents.keys()]
    .filter((letter) => letter.startsWith("."))
    .sort()
    .reverse();
  const once = [...extents.keys()]
    .filter((x) => !x.startsWith(".") && terms.flat().filter((y) => y === x).length === 1)
    .sort();
  const out =
    right === undefined
      ? [...dots, ...once]
      : letters(call, right, right.replace("...", "").length + (right.includes("...") ? dots.length : 0));
  const summed = [...extents.keys()].filter((letter) => !out.includes(letter));
  const order = [...out, ...summed];
  const shape = order.map((letter) => extents.get(letter) as number);
  const [outer, inner] = [product(shape, 0, out.length), product(shape, out.length)];
  const views = terms.map((term, i) => viewOffsets(term, tensors[i] as OnnxTensor, order, shape));
  const dtype = tensors[0]?.dtype ?? "float32";
  const f = infoOf(dtype).kind === "float" ? step(dtype) : (x: number): number => x;
  const data = tensors.map(numbersOf);
  const values = new Float64Array(outer);
  for (let i = 0; i < outer; i++) {
    let sum = 0;
    for (let j = 0; j < inner; j++) {
      let term = 1;
      views.forEach((view, t) => {
        term = f(term * ((data[t] as ArrayLike<number>)[view[i * inner + j] as number] as number));
      });
      sum = f(sum + term);
    }
    values[i] = sum;
  }
  return [stored(dtype, shape.slice(0, out.length), values)];
}

/** Offsets of an operand for every place of the whole index space; a letter that stands twice takes the diagonal. */
function viewOffsets(
  term: readonly string[],
  tensor: OnnxTensor,
  order: readonly string[],
  shape: readonly number[],
): Int32Array {
  const axes = order.map((letter) =>
    term.flatMap((own, axis) => (own === letter && tensor.shape[axis] !== 1 ? [axis] : [])),
  );
  const strides = tensor.shape.map((_, axis) => product(tensor.shape, axis + 1));
  const base = axes.map((list) => list.reduce((sum, axis) => sum + (strides[axis] as number), 0));
  const count = product(shape);
  const steps = shape.map((_, axis) => product(shape, axis + 1));
  if (count > 2 ** 26) throw new RangeError("too many terms");
  return Int32Array.from({ length: count }, (_, i) =>
    base.reduce(
      (at, stride, axis) => at + (Math.floor(i / (steps[axis] as number)) % (shape[axis] as number)) * stride,
      0,
    ),
  );
}

function det(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  call.expectKind(x, "float");
  const [rows = 0, n = 0] = x.shape.slice(-2);
  if (rows !== n || x.shape.length < 2) throw call.fault("it takes square matrices");
  const f = step(x.dtype);
  const one = (from: number): number => {
    const a = Float64Array.from((x.data as Float64Array).subarray(from, from + n * n));
    const at = (i: number, j: number): number => a[i * n + j] as number;
    let result = 1;
    for (let k = 0; k < n; k++) {
      let pivot = k;
      for (let i = k + 1; i < n; i++) if (Math.abs(at(i, k)) > Math.abs(at(pivot, k))) pivot = i;
      if (at(pivot, k) === 0) return 0;
      if (pivot !== k) {
        for (let j = 0; j < n; j++) [a[k * n + j], a[pivot * n + j]] = [at(pivot, j), at(k, j)];
        result = -result;
      }
      result = f(result * at(k, k));
      for (let i = k + 1; i < n; i++) {
        const ratio = f(at(i, k) / at(k, k));
        for (let j = k; j < n; j++) a[i * n + j] = f(at(i, j) - f(ratio * at(k, j)));
      }
    }
    return result;
  };
  const shape = x.shape.slice(0, -2);
  return [
    stored(
      x.dtype,
      shape,
      Float64Array.from({ length: product(shape) }, (_, i) => one(i * n * n)),
    ),
  ];
}

/** Products of matrices; every element is one sum from +0 in ascending order of k. */
export const matmulOps: readonly OnnxOp[] = [
  define("MatMul", [1, 9, 13], "", (call) => [matmul(call, call.tensor(0), call.tensor(1))]),
  define("Gemm", [7, 9, 11, 13], "alpha beta transA transB", gemm),
  define("Einsum", [12], "equation", einsum),
  define("Det", [11, 22], "", det),
];
