import { sigmoid32 } from "../../ops/sigmoid/reference.ts";
import { softplus32 } from "../../ops/softplus/reference.ts";
import { type Dtype, infoOf, isLong, roundEven } from "../dtype.ts";
import { engineOp } from "../kernels.ts";
import * as math from "../math.ts";
import type { OnnxTensor } from "../tensor.ts";
import { zeros } from "../tensor.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { combined, functionsOf, mapped, step } from "./shared.ts";

type Rule = (x: number, f: (x: number) => number) => number;

function float(
  name: string,
  since: readonly number[],
  make: (call: Call, dtype: Dtype) => Rule,
  attributes = "",
): OnnxOp {
  return define(name, since, attributes, (call) => {
    const x = call.tensor(0);
    call.expectKind(x, "float");
    const rule = make(call, x.dtype);
    const f = step(x.dtype);
    return [mapped(x, (value) => rule(value, f))];
  });
}

/** A function that the engine has a kernel for. */
function kernel(name: string, op: string, since: readonly number[], wide: (x: number) => number): OnnxOp {
  return define(name, since, "", (call) => {
    const x = call.tensor(0);
    call.expectKind(x, "float", ...(name === "Relu" ? ["int"] : []));
    if (x.dtype === "float32")
      return [{ ...x, data: engineOp(op, [{ shape: [x.data.length], values: x.data as Float32Array }]) }];
    if (isLong(x.dtype)) return [longMap(x, (v) => (v > 0n ? v : 0n))];
    if (x.dtype === "float64" || infoOf(x.dtype).kind !== "float") return [mapped(x, wide)];
    const y = engineOp(op, [{ shape: [x.data.length], values: x.data as Float32Array }]);
    return [mapped({ ...x, data: y }, (value) => value)];
  });
}

function longMap(x: OnnxTensor, rule: (v: bigint) => bigint): OnnxTensor {
  const y = zeros(x.dtype, x.shape);
  for (let i = 0; i < y.data.length; i++) y.data[i] = rule(x.data[i] as bigint);
  return y;
}

function signed(
  name: string,
  since: readonly number[],
  rule: (x: number) => number,
  long: (v: bigint) => bigint,
): OnnxOp {
  return define(name, since, "", (call) => {
    const x = call.tensor(0);
    call.expectKind(x, "float", "int", ...(name === "Neg" ? [] : ["uint"]));
    return [isLong(x.dtype) ? longMap(x, long) : mapped(x, rule)];
  });
}

const plain = (name: string, since: readonly number[], rule: (x: number) => number): OnnxOp =>
  float(name, since, () => rule);

function logistic(dtype: Dtype): (x: number) => number {
  if (dtype !== "float64") return sigmoid32;
  return (x) => (x >= 0 ? 1 / (1 + math.exp(-x)) : math.exp(x) / (1 + math.exp(x)));
}

const wideSoftplus = (x: number): number => (x > 0 ? x + math.log1p(math.exp(-x)) : math.log1p(math.exp(x)));

function softplus(dtype: Dtype): (x: number) => number {
  return dtype === "float64" ? wideSoftplus : softplus32;
}

function gelu(call: Call, dtype: Dtype): Rule {
  const { tanh } = functionsOf(dtype);
  if (call.string("approximate", "none") === "tanh")
    return (x, f) => {
      const inner = f(f(0.7978845608028654) * f(x + f(f(0.044715) * f(f(x * x) * x))));
      return f(f(0.5 * x) * f(1 + tanh(inner)));
    };
  return (x, f) => f(f(0.5 * x) * f(1 + f(math.erf(f(x * f(Math.SQRT1_2))))));
}

/** Elementwise functions of one operand. */
export const unaryOps: readonly OnnxOp[] = [
  kernel("Exp", "exp", [6, 13], math.exp),
  kernel("Log", "log", [6, 13], math.log),
  kernel("Sqrt", "sqrt", [6, 13], Math.sqrt),
  kernel("Tanh", "tanh", [6, 13], math.tanh),
  kernel("Sigmoid", "sigmoid", [6, 13], logistic("float64")),
  kernel("Softplus", "softplus", [1, 22], wideSoftplus),
  kernel("Relu", "relu", [6, 13, 14], (x) => (x > 0 || Number.isNaN(x) ? x : 0)),
  signed("Abs", [6, 13], Math.abs, (v) => (v < 0n ? -v : v)),
  signed(
    "Neg",
    [6, 13],
    (x) => -x,
    (v) => -v,
  ),
  signed("Sign", [9, 13], Math.sign, (v) => (v > 0n ? 1n : v < 0n ? -1n : 0n)),
  plain("Reciprocal", [6, 13], (x) => 1 / x),
  plain("Floor", [6, 13], Math.floor),
  plain("Ceil", [6, 13], Math.ceil),
  plain("Round", [11, 22], roundEven),
  plain("Sin", [7, 22], math.sin),
  plain("Cos", [7, 22], math.cos),
  plain("Tan", [7, 22], math.tan),
  plain("Asin", [7, 22], math.asin),
  plain("Acos", [7, 22], math.acos),
  plain("Atan", [7, 22], math.atan),
  plain("Sinh", [9, 22], math.sinh),
  plain("Cosh", [9, 22], math.cosh),
  plain("Asinh", [9, 22], math.asinh),
  plain("Acosh", [9, 22], math.acosh),
  plain("Atanh", [9, 22], math.atanh),
  plain("Erf", [9, 13], math.erf),
  float(
    "Elu",
    [6, 22],
    (call, dtype) => {
      const [alpha, { exp }] = [call.float("alpha", 1), functionsOf(dtype)];
      return (x, f) => (x < 0 ? f(alpha * f(exp(x) - 1)) : x);
    },
    "alpha",
  ),
  float(
    "Celu",
    [12],
    (call, dtype) => {
      const [alpha, { exp }] = [call.float("alpha", 1), functionsOf(dtype)];
      return (x, f) => (x < 0 ? f(alpha * f(exp(f(x / alpha)) - 1)) : x);
    },
    "alpha",
  ),
  float(
    "Selu",
    [6, 22],
    (call, dtype) => {
      const alpha = call.float("alpha", Math.fround(1.6732632423543772));
      const [gamma, { exp }] = [call.float("gamma", Math.fround(1.0507009873554805)), functionsOf(dtype)];
      return (x, f) => f(gamma * (x > 0 ? x : f(f(alpha * exp(x)) - alpha)));
    },
    "alpha gamma",
  ),
  float(
    "LeakyRelu",
    [6, 16],
    (call) => {
      const alpha = call.float("alpha", Math.fround(0.01));
      return (x) => (x < 0 ? alpha * x : x);
    },
    "alpha",
  ),
  float(
    "ThresholdedRelu",
    [10, 22],
    (call) => {
      const alpha = call.float("alpha", 1);
      return (x) => (x > alpha || Number.isNaN(x) ? x : 0);
    },
    "alpha",
  ),
  float(
    "HardSigmoid",
    [6, 22],
    (call) => {
      const [alpha, beta] = [call.float("alpha", Math.fround(0.2)), call.float("beta", 0.5)];
      return (x, f) => Math.max(0, Math.min(1, f(f(alpha * x) + beta)));
    },
    "alpha beta",
  ),
  float("HardSwish", [14, 22], () => (x, f) => f(x * Math.max(0, Math.min(1, f(f(f(1 / 6) * x) + 0.5))))),
  float("Softsign", [1, 22], () => (x, f) => f(x / f(1 + Math.abs(x)))),
  float("Mish", [18, 22], (_, dtype) => {
    const [soft, { tanh }] = [softplus(dtype), functionsOf(dtype)];
    return (x, f) => f(x * tanh(soft(x)));
  }),
  float(
    "Swish",
    [24],
    (call, dtype) => {
      const [alpha, sigmoid] = [call.float("alpha", 1), logistic(dtype)];
      return (x, f) => f(x * sigmoid(f(alpha * x)));
    },
    "alpha",
  ),
  float("Gelu", [20], gelu, "approximate"),
  define("SwiGLU", [28], "alpha", (call) => {
    const [a, b, alpha] = [call.tensor(0), call.tensor(1), call.float("alpha", 1)];
    const [dtype, sigmoid, f] = [call.expectSame(a, b), logistic(a.dtype), step(a.dtype)];
    call.expectKind(a, "float");
    return [combined<number>(a, b, dtype, (x, y) => f(f(x * sigmoid(f(alpha * x))) * y))];
  }),
  define("Shrink", [9], "bias lambd", (call) => {
    const [bias, lambd] = [call.float("bias", 0), call.float("lambd", 0.5)];
    return [mapped(call.tensor(0), (x) => (x < -lambd ? x + bias : x > lambd ? x - bias : 0))];
  }),
  define("IsNaN", [9, 13, 20], "", (call) => [mapped(call.tensor(0), (x) => (Number.isNaN(x) ? 1 : 0), "bool")]),
  define("IsInf", [10, 20], "detect_negative detect_positive", (call) => {
    const [low, high] = [call.int("detect_negative", 1) !== 0, call.int("detect_positive", 1) !== 0];
    const test = (x: number): boolean =>
      (low && x === Number.NEGATIVE_INFINITY) || (high && x === Number.POSITIVE_INFINITY);
    return [mapped(call.tensor(0), (x) => (test(x) ? 1 : 0), "bool")];
  }),
  define("Not", [1], "", (call) => {
    call.expectKind(call.tensor(0), "bool");
    return [mapped(call.tensor(0), (x) => 1 - x)];
  }),
  define("BitwiseNot", [18], "", (call) => {
    const x = call.tensor(0);
    call.expectKind(x, "int", "uint");
    return [isLong(x.dtype) ? longMap(x, (v) => ~v) : mapped(x, (v) => ~v)];
  }),
  define("Identity", [1, 13, 14, 16, 19, 21, 23, 24, 25], "", (call) => [call.inputs[0]]),
];
