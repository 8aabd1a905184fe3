import { type Dtype, infoOf, isLong } from "../dtype.ts";
import { engineOp } from "../kernels.ts";
import * as math from "../math.ts";
import { numbersOf, type OnnxTensor, zeros } from "../tensor.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { broadcastShape, combined, expanded, larger, mapped, smaller, step, stored } from "./shared.ts";

type Long = (x: bigint, y: bigint) => bigint;
type Small = (x: number, y: number) => number;

function arithmetic(name: string, kernel: string, rule: Small, long: Long): OnnxOp {
  return define(name, [7, 13, 14], "", (call) => {
    const [a, b] = [call.tensor(0), call.tensor(1)];
    const dtype = call.expectSame(a, b);
    call.expectKind(a, "float", "int", "uint");
    if (dtype === "float32") {
      const shape = broadcastShape(a.shape, b.shape);
      const operands = [a, b].map(({ shape, data }) => ({ shape, values: data as Float32Array }));
      return [{ dtype, shape, data: engineOp(kernel, operands) }];
    }
    if (
      name === "Div" &&
      infoOf(dtype).kind !== "float" &&
      Array.from(b.data as Int32Array).some((y) => Number(y) === 0)
    )
      throw call.fault("division of whole numbers by zero");
    return [
      isLong(dtype) ? combined<bigint>(a, b, dtype, long) : combined<number>(a, b, dtype, whole(name, dtype, rule)),
    ];
  });
}

/** Whole numbers: products keep their low 32 bits, quotients drop their fraction. */
function whole(name: string, dtype: Dtype, rule: Small): Small {
  if (infoOf(dtype).kind === "float") return rule;
  if (name === "Mul") return Math.imul;
  return name === "Div" ? (x, y) => Math.trunc(x / y) : rule;
}

function comparison(name: string, since: readonly number[], rule: (x: number, y: number) => boolean): OnnxOp {
  return define(name, since, "", (call) => {
    const [a, b] = [call.tensor(0), call.tensor(1)];
    call.expectSame(a, b);
    if (name !== "Equal") call.expectKind(a, "float", "int", "uint");
    return [combined<number>(a, b, "bool", (x, y) => (rule(x, y) ? 1 : 0))];
  });
}

function logic(name: string, rule: Small): OnnxOp {
  return define(name, [7], "", (call) => {
    const [a, b] = [call.tensor(0), call.tensor(1)];
    call.expectKind(a, "bool");
    call.expectKind(b, "bool");
    return [combined<number>(a, b, "bool", rule)];
  });
}

function bitwise(name: string, rule: Small, long: Long): OnnxOp {
  return define(name, [18], "", (call) => {
    const [a, b] = [call.tensor(0), call.tensor(1)];
    const dtype = call.expectSame(a, b);
    call.expectKind(a, "int", "uint");
    return [isLong(dtype) ? combined<bigint>(a, b, dtype, long) : combined<number>(a, b, dtype, rule)];
  });
}

const orNan =
  (rule: Small): Small =>
  (x, y) =>
    Number.isNaN(x) || Number.isNaN(y) ? Number.NaN : rule(x, y);

function variadic(name: string, since: readonly number[], rule: Small, long: Long, mean = false): OnnxOp {
  return define(name, since, "", (call) => {
    const [first, ...rest] = call.tensors();
    if (first === undefined) throw call.fault("it needs an operand");
    call.expectKind(first, "float", ...(since.length > 3 && !mean ? ["int", "uint"] : []));
    let result = first;
    for (const next of rest) {
      const dtype = call.expectSame(result, next);
      result = isLong(dtype)
        ? combined<bigint>(result, next, dtype, long)
        : combined<number>(result, next, dtype, rule);
    }
    return [mean ? mapped(result, (x) => x / (rest.length + 1)) : result];
  });
}

function modulo(call: Call): OnnxTensor[] {
  const [a, b] = [call.tensor(0), call.tensor(1)];
  const dtype = call.expectSame(a, b);
  const truncated = call.int("fmod", 0) === 1;
  const { kind } = infoOf(dtype);
  if (kind === "float" && !truncated) throw call.unsupported("floats need fmod = 1");
  if (kind !== "float" && Array.from(b.data as Int32Array).some((y) => Number(y) === 0))
    throw call.fault("division of whole numbers by zero");
  if (isLong(dtype))
    return [
      combined<bigint>(a, b, dtype, (x, y) => (truncated || x % y === 0n || x < 0n === y < 0n ? x % y : (x % y) + y)),
    ];
  return [combined<number>(a, b, dtype, (x, y) => (truncated || x % y === 0 || x < 0 === y < 0 ? x % y : (x % y) + y))];
}

function power(call: Call): OnnxTensor[] {
  const [a, b] = [call.tensor(0), call.tensor(1)];
  const { kind } = infoOf(a.dtype);
  if (kind === "float") {
    const y: OnnxTensor = { dtype: "float64", shape: b.shape, data: Float64Array.from(numbersOf(b)) };
    return [combined<number>(a, y, a.dtype, math.pow)];
  }
  call.expectKind(a, "int", "uint");
  const y = numbersOf(b);
  for (let i = 0; i < y.length; i++)
    if (!Number.isInteger(y[i]) || (y[i] as number) < 0 || (y[i] as number) > 4096)
      throw call.unsupported("a whole number takes whole exponents from 0 to 4096");
  const bits = BigInt(infoOf(a.dtype).bits);
  const wide: OnnxTensor = {
    dtype: "int64",
    shape: a.shape,
    data: BigInt64Array.from(Array.from(a.data as Int32Array, BigInt)),
  };
  const exponent: OnnxTensor = { dtype: "int64", shape: b.shape, data: BigInt64Array.from(Array.from(y, BigInt)) };
  const result = combined<bigint>(wide, exponent, "int64", (x, n) => BigInt.asIntN(64, x ** n));
  if (isLong(a.dtype))
    return [
      a.dtype === "int64"
        ? result
        : {
            ...result,
            dtype: a.dtype,
            data: BigUint64Array.from(result.data as BigInt64Array, (v) => BigInt.asUintN(64, v)),
          },
    ];
  return [
    stored(
      a.dtype,
      result.shape,
      Array.from(result.data as BigInt64Array, (v) => Number(BigInt.asIntN(Number(bits), v))),
    ),
  ];
}

function shift(call: Call): OnnxTensor[] {
  const [a, b] = [call.tensor(0), call.tensor(1)];
  const dtype = call.expectSame(a, b);
  call.expectKind(a, "uint");
  const left = call.string("direction", "") === "LEFT";
  if (!left && call.string("direction", "") !== "RIGHT") throw call.fault("direction must be LEFT or RIGHT");
  const { bits } = infoOf(dtype);
  if (isLong(dtype))
    return [combined<bigint>(a, b, dtype, (x, n) => (n > 63n ? 0n : left ? BigInt.asUintN(64, x << n) : x >> n))];
  return [combined<number>(a, b, dtype, (x, n) => (n >= bits ? 0 : left ? x << n : x >>> n))];
}

function clip(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  call.expectKind(x, "float", "int", "uint");
  if (call.has("min") || call.has("max")) call.expectKind(x, "float");
  const bound = (index: number, name: string): number | bigint | undefined => {
    const tensor = call.optional(index);
    if (tensor !== undefined) return tensor.data[0] as number | bigint;
    return call.has(name) ? call.float(name, 0) : undefined;
  };
  const [low, high] = [bound(1, "min"), bound(2, "max")];
  const result = zeros(x.dtype, x.shape);
  for (let i = 0; i < result.data.length; i++) {
    let value = x.data[i] as number | bigint;
    if (low !== undefined && value < low) value = low;
    if (high !== undefined && value > high) value = high;
    result.data[i] = value as number;
  }
  return [result];
}

function where(call: Call): OnnxTensor[] {
  const [test, a, b] = [call.tensor(0), call.tensor(1), call.tensor(2)];
  call.expectKind(test, "bool");
  const shape = broadcastShape(test.shape, a.shape, b.shape);
  const [chosen, left, right] = [expanded(test, shape), expanded(a, shape), expanded(b, shape)];
  const result = zeros(call.expectSame(a, b), shape);
  for (let i = 0; i < result.data.length; i++)
    result.data[i] = (chosen.data[i] !== 0 ? left.data[i] : right.data[i]) as number;
  return [result];
}

/** Elementwise operators of two or more operands, with NumPy broadcasting. */
export const binaryOps: readonly OnnxOp[] = [
  arithmetic(
    "Add",
    "add",
    (x, y) => x + y,
    (x, y) => x + y,
  ),
  arithmetic(
    "Sub",
    "sub",
    (x, y) => x - y,
    (x, y) => x - y,
  ),
  arithmetic(
    "Mul",
    "mul",
    (x, y) => x * y,
    (x, y) => x * y,
  ),
  arithmetic(
    "Div",
    "div",
    (x, y) => x / y,
    (x, y) => x / y,
  ),
  comparison("Equal", [7, 11, 13, 19], (x, y) => x === y),
  comparison("Less", [7, 9, 13], (x, y) => x < y),
  comparison("Greater", [7, 9, 13], (x, y) => x > y),
  comparison("LessOrEqual", [12, 16], (x, y) => x <= y),
  comparison("GreaterOrEqual", [12, 16], (x, y) => x >= y),
  logic("And", (x, y) => x & y),
  logic("Or", (x, y) => x | y),
  logic("Xor", (x, y) => x ^ y),
  bitwise(
    "BitwiseAnd",
    (x, y) => x & y,
    (x, y) => x & y,
  ),
  bitwise(
    "BitwiseOr",
    (x, y) => x | y,
    (x, y) => x | y,
  ),
  bitwise(
    "BitwiseXor",
    (x, y) => x ^ y,
    (x, y) => x ^ y,
  ),
  variadic("Max", [6, 8, 12, 13], orNan(larger), larger),
  variadic("Min", [6, 8, 12, 13], orNan(smaller), smaller),
  variadic(
    "Sum",
    [6, 8, 13],
    (x, y) => x + y,
    (x, y) => x + y,
  ),
  variadic(
    "Mean",
    [6, 8, 13],
    (x, y) => x + y,
    (x, y) => x + y,
    true,
  ),
  define("Mod", [10, 13], "fmod", modulo),
  define("Pow", [7, 12, 13, 15], "", power),
  define("BitShift", [11], "direction", shift),
  define("Clip", [6, 11, 12, 13], "min max", clip),
  define("Where", [9, 16], "", where),
  define("PRelu", [7, 9, 16], "", (call) => {
    const [x, slope] = [call.tensor(0), call.tensor(1)];
    const dtype = call.expectSame(x, slope);
    if (isLong(dtype)) return [combined<bigint>(x, slope, dtype, (a, b) => (a < 0n ? a * b : a))];
    return [combined<number>(x, slope, dtype, (a, b) => (a < 0 ? step(dtype)(a * b) : a))];
  }),
];
