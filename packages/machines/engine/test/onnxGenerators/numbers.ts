import type { Dtype } from "../../src/onnx/dtype.ts";
import { longs } from "../../src/onnx/tensor.ts";
import type { Dice } from "../onnxMade.ts";
import { type Make, float, whole, number, any, maybe, axisOf, scalar, stretch, unary, binary } from "./make.ts";

const reduce =
  (since18: boolean): Make =>
  (d) => {
    const x = d.tensor(
      d.pick<Dtype>("float32", "float32", "float64", "int32", "int64"),
      d.shape(d.whole(0, 3)),
      since18 ? 0 : -3,
      3,
    );
    const rank = x.shape.length;
    const axes = Array.from({ length: rank }, (_, i) => i)
      .filter(() => d.coin())
      .map((i) => (d.coin() ? i : i - rank));
    const opset = d.pick(11, 12, 13, 18, 20);
    const keep = maybe(d, { keepdims: d.whole(0, 1) });
    if (opset < 18) return { opset, inputs: [x], attributes: { ...keep, ...(axes.length > 0 ? { axes } : {}) } };
    return {
      opset,
      inputs: [x, d.coin() ? longs(axes) : undefined],
      attributes: { ...keep, ...maybe(d, { noop_with_empty_axes: d.whole(0, 1) }) },
    };
  };

const softmaxLike: Make = (d) => {
  const rank = d.whole(1, 4);
  return {
    opset: d.pick(7, 11, 12, 13, 17),
    inputs: [d.tensor("float32", d.shape(rank))],
    attributes: maybe(d, { axis: d.whole(0, rank - 1) }),
  };
};

function reduceSum(made: ReturnType<Make>): ReturnType<Make> {
  if (made.opset < 13 || made.opset >= 18) return made;
  const axes = made.attributes?.axes as number[] | undefined;
  const { axes: _, ...rest } = made.attributes ?? {};
  return { ...made, attributes: rest, inputs: [made.inputs[0], axes === undefined ? undefined : longs(axes)] };
}

/** Operators on numbers one by one, along an axis, and sums along axes. */
export const NUMBERS: Readonly<Record<string, Make>> = {
  ...Object.fromEntries(
    ["Exp", "Tanh", "Sigmoid", "Floor", "Ceil", "Reciprocal"].map((op) => [op, unary([7, 13], float)]),
  ),
  Relu: unary([7, 13, 14], (d) => d.pick<Dtype>("float32", "float64", "int32", "int8")),
  Log: unary([7, 13], float, 0.1),
  Sqrt: unary([7, 13], float, 0),
  Softplus: unary([7], float),
  Softsign: unary([7], float),
  Abs: unary([7, 13], number),
  Neg: unary([7, 13], number),
  Sign: unary([9, 13], number),
  Round: unary([11], float),
  Erf: unary([9, 13], float),
  Not: unary([7], () => "bool"),
  ...Object.fromEntries(["Sin", "Cos", "Tan", "Atan"].map((op) => [op, unary([7], float)])),
  ...Object.fromEntries(["Asin", "Acos", "Atanh"].map((op) => [op, unary([9], float, -0.9, 0.9)])),
  ...Object.fromEntries(["Sinh", "Cosh", "Asinh"].map((op) => [op, unary([9], float)])),
  Acosh: unary([9], float, 1, 5),
  IsNaN: unary([9, 13, 20], float),
  IsInf: unary([10, 20], float, -3, 3, (d) => maybe(d, { detect_negative: 0, detect_positive: 1 })),
  BitwiseNot: unary([18], whole),
  Identity: unary([7, 13, 16], any),
  HardSwish: unary([14], float),
  Mish: unary([18], float),
  Gelu: unary([20], float, -3, 3, (d) => maybe(d, { approximate: d.pick("none", "tanh") })),
  Elu: unary([7], float, -3, 3, (d) => maybe(d, { "alpha:f": 0.5 })),
  Selu: unary([7], float, -3, 3, (d) => maybe(d, { "alpha:f": 1.2, "gamma:f": 0.9 })),
  Celu: unary([12], float, -3, 3, (d) => maybe(d, { "alpha:f": 0.7 })),
  LeakyRelu: unary([7, 16], float, -3, 3, (d) => maybe(d, { "alpha:f": 0.3 })),
  ThresholdedRelu: unary([10], float, -3, 3, (d) => maybe(d, { "alpha:f": 0.4 })),
  HardSigmoid: unary([7], float, -3, 3, (d) => maybe(d, { "alpha:f": 0.3, "beta:f": 0.4 })),
  Shrink: unary([9], number, -3, 3, (d) => maybe(d, { "bias:f": 1, "lambd:f": 1 })),
  ...Object.fromEntries(["Add", "Sub", "Mul"].map((op) => [op, binary([7, 13, 14], number)])),
  Div: binary([7, 13, 14], number, 1, 5),
  Pow: binary([7, 12, 13, 15], (d) => d.pick<Dtype>("float32", "float64", "int32", "int64"), 0, 3),
  PRelu: (d) => {
    const shape = d.shape(3);
    return { opset: d.pick(7, 9, 16), inputs: [d.tensor("float32", shape), d.tensor("float32", stretch(d, shape))] };
  },
  ...Object.fromEntries(["And", "Or", "Xor"].map((op) => [op, binary([7], () => "bool")])),
  Equal: binary([7, 11, 13, 19], any),
  Less: binary([7, 9, 13], number),
  Greater: binary([7, 9, 13], number),
  LessOrEqual: binary([12, 16], number),
  GreaterOrEqual: binary([12, 16], number),
  ...Object.fromEntries(["BitwiseAnd", "BitwiseOr", "BitwiseXor"].map((op) => [op, binary([18], whole)])),
  BitShift: binary(
    [11],
    (d) => d.pick<Dtype>("uint8", "uint16", "uint32", "uint64"),
    0,
    9,
    (d) => ({ direction: d.pick("LEFT", "RIGHT") }),
  ),
  Mod: binary([10, 13], number, 1, 9, (d) => ({ fmod: d.whole(0, 1) })),
  ...Object.fromEntries(
    ["Max", "Min", "Sum", "Mean"].map((op) => [
      op,
      (d: Dice) => {
        const [t, shape] = [op === "Max" || op === "Min" ? number(d) : ("float32" as Dtype), d.shape(2)];
        return {
          opset: d.pick(8, 12, 13),
          inputs: Array.from({ length: d.whole(1, 3) }, () => d.tensor(t, stretch(d, shape))),
        };
      },
    ]),
  ),
  Where: (d) => {
    const [t, s] = [any(d), d.shape(d.whole(0, 3))];
    return {
      opset: d.pick(9, 16),
      inputs: [d.tensor("bool", stretch(d, s)), d.tensor(t, s), d.tensor(t, stretch(d, s))],
    };
  },
  Clip: (d) => {
    const opset = d.pick(7, 11, 12, 13);
    if (opset === 7)
      return { opset, inputs: [d.tensor("float32", d.shape(2))], attributes: maybe(d, { "min:f": -1, "max:f": 1 }) };
    const t = opset === 11 ? "float32" : number(d);
    return {
      opset,
      inputs: [d.tensor(t, d.shape(2)), d.coin() ? d.tensor(t, []) : undefined, d.coin() ? d.tensor(t, []) : undefined],
    };
  },
  ...Object.fromEntries(
    ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare"].map(
      (op) => [
        op,
        (d: Dice) => {
          const made = reduce(false)(d);
          return op === "ReduceSum" && made.opset < 13 && made.opset >= 13
            ? made
            : op === "ReduceSum"
              ? reduceSum(made)
              : made;
        },
      ],
    ),
  ),
  ReduceLogSum: reduce(true),
  ReduceLogSumExp: reduce(false),
  ...Object.fromEntries(
    ["ArgMax", "ArgMin"].map((op) => [
      op,
      (d: Dice) => {
        const x = d.tensor(d.pick<Dtype>("float32", "int32", "float64"), d.shape(d.whole(1, 3)));
        return {
          opset: d.pick(11, 12, 13),
          inputs: [
            d.coin()
              ? {
                  ...x,
                  ...d.tensor("float32", x.shape, -1, 1),
                  data: Float32Array.from({ length: x.data.length }, () => d.whole(-1, 1)),
                }
              : x,
          ],
          attributes: maybe(d, { axis: axisOf(d, x.shape.length), keepdims: d.whole(0, 1) }),
        };
      },
    ]),
  ),
  CumSum: (d) => {
    const x = d.tensor(d.pick<Dtype>("float32", "int32", "int64", "float64"), d.shape(d.whole(1, 3)));
    return {
      opset: d.pick(11, 14),
      inputs: [x, scalar("int64", axisOf(d, x.shape.length))],
      attributes: maybe(d, { exclusive: 1, reverse: 1 }),
    };
  },
  Softmax: softmaxLike,
  LogSoftmax: softmaxLike,
  Hardmax: softmaxLike,
};
