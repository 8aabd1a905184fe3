import type { Dtype } from "../src/onnx/dtype.ts";
import { longs, type OnnxTensor } from "../src/onnx/tensor.ts";
import type { AttributeValue, Dice, NodeCase } from "./onnxMade.ts";

type Attributes = Record<string, AttributeValue>;
type Make = (d: Dice) => Omit<NodeCase, "op"> & { readonly op?: string };

const FLOATS: readonly Dtype[] = ["float32", "float32", "float32", "float64", "float16"];
const WHOLE: readonly Dtype[] = ["int32", "int64", "int8", "uint8", "int16", "uint16", "uint32", "uint64"];
const float = (d: Dice): Dtype => d.pick(...FLOATS);
const whole = (d: Dice): Dtype => d.pick(...WHOLE);
const number = (d: Dice): Dtype => (d.coin() ? float(d) : whole(d));
const any = (d: Dice): Dtype => d.pick<Dtype>(float(d), whole(d), "bool", "string");
const maybe = (d: Dice, attributes: Attributes): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(() => d.coin()));
const axisOf = (d: Dice, rank: number): number => d.whole(-rank, rank - 1);
const scalar = (dtype: Dtype, value: number): OnnxTensor =>
  ({
    dtype,
    shape: [],
    data: dtype === "int64" ? BigInt64Array.of(BigInt(value)) : Float32Array.of(value),
  }) as OnnxTensor;
/** A shape that stretches to another. */
const stretch = (d: Dice, shape: readonly number[]): number[] =>
  shape.slice(d.whole(0, shape.length)).map((n) => (d.next() < 0.3 ? 1 : n));

const unary =
  (
    opsets: readonly number[],
    type: (d: Dice) => Dtype = float,
    low = -3,
    high = 3,
    attributes: (d: Dice) => Attributes = () => ({}),
  ): Make =>
  (d) => ({
    opset: d.pick(...opsets),
    inputs: [d.tensor(type(d), d.shape(d.whole(0, 3), 0), low, high)],
    attributes: attributes(d),
  });

const binary =
  (
    opsets: readonly number[],
    type: (d: Dice) => Dtype,
    low = -3,
    high = 3,
    attributes: (d: Dice) => Attributes = () => ({}),
  ): Make =>
  (d) => {
    const [dtype, shape] = [type(d), d.shape(d.whole(0, 3))];
    const [a, b] = [
      d.tensor(dtype, stretch(d, shape), low, high),
      d.tensor(dtype, d.coin() ? shape : stretch(d, shape), low, high),
    ];
    return { opset: d.pick(...opsets), inputs: [a, b], attributes: attributes(d) };
  };

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

const windows = (d: Dice, size: readonly number[], dilate = true): Attributes => {
  const rank = size.length;
  const kernel = size.map((n) => d.whole(1, Math.min(3, n)));
  const attributes: Attributes = { kernel_shape: kernel, ...maybe(d, { strides: size.map(() => d.whole(1, 3)) }) };
  if (dilate && d.next() < 0.3) attributes.dilations = size.map(() => d.whole(1, 2));
  // With dilations, or strides beyond the window, the peer pads SAME otherwise than the standard says.
  const plain =
    attributes.dilations === undefined &&
    ((attributes.strides as number[] | undefined) ?? []).every((s, i) => s <= (kernel[i] as number));
  const auto = d.pick("NOTSET", "NOTSET", "VALID", ...(plain ? ["SAME_UPPER", "SAME_LOWER"] : []));
  if (auto === "NOTSET" && d.coin())
    attributes.pads = Array.from({ length: 2 * rank }, (_, i) => d.whole(0, (kernel[i % rank] as number) - 1));
  if (auto !== "NOTSET" || d.coin()) attributes.auto_pad = auto;
  return attributes;
};

const pool =
  (
    opsets: readonly number[],
    more: (d: Dice, opset: number) => Attributes,
    outputs = 1,
    type: (d: Dice) => Dtype = () => "float32",
  ): Make =>
  (d) => {
    const size = d.shape(d.whole(1, 3), 3, 7);
    const opset = d.pick(...opsets);
    return {
      opset,
      inputs: [d.tensor(type(d), [...d.shape(2, 1, 2), ...size])],
      attributes: { ...windows(d, size, opset >= 19), ...more(d, opset) },
      outputs: d.whole(1, outputs),
    };
  };

const conv =
  (op: "Conv" | "ConvTranspose"): Make =>
  (d) => {
    const size = d.shape(d.whole(1, 3), 4, 6);
    const group = d.pick(1, 1, 2);
    const [c, m] = [group * d.whole(1, 2), d.whole(1, 2)];
    const attributes: Attributes = { ...windows(d, size), group };
    const kernel = attributes.kernel_shape as number[];
    if (d.coin()) delete attributes.kernel_shape;
    if (op === "ConvTranspose") {
      const strides = (attributes.strides as number[] | undefined) ?? size.map(() => 1);
      if (d.next() < 0.4 && attributes.auto_pad === undefined)
        attributes.output_padding = strides.map((s) => d.whole(0, Math.max(0, s - 1)));
      else if (d.next() < 0.2) attributes.output_shape = size.map((n, i) => n * (strides[i] as number));
    }
    const w = d.tensor("float32", op === "Conv" ? [group * m, c / group, ...kernel] : [c, m, ...kernel]);
    const x = d.tensor("float32", [d.whole(1, 2), c, ...size]);
    return {
      opset: d.pick(7, 11, 13, 17),
      inputs: [x, w, ...(d.coin() ? [d.tensor("float32", [group * m])] : [])],
      attributes,
    };
  };

const resize: Make = (d) => {
  const opset = d.pick(10, 11, 13, 18, 19);
  const shape = [1, 1, d.whole(2, 5), d.whole(2, 5)];
  const mode = d.pick("nearest", "linear", "cubic");
  const x = d.tensor("float32", shape);
  const scales = (): OnnxTensor => ({
    dtype: "float32",
    shape: [4],
    data: Float32Array.of(1, 1, d.pick(0.5, 1, 2, 3, 0.6, 1.5), d.pick(0.5, 2, 1.7, 2.5)),
  });
  if (opset === 10)
    return {
      opset,
      op: "Resize",
      inputs: [x, scales()],
      attributes: { mode: mode === "cubic" ? "linear" : mode },
      fixed: [1],
    };
  // Aligned corners count places of the scaled extent here and of its whole part there: whole scales only.
  const aligned = d.next() < 0.2;
  if (aligned)
    return {
      opset: d.pick(11, 13, 18),
      inputs: [
        x,
        { dtype: "float32", shape: [0], data: new Float32Array(0) },
        { dtype: "float32", shape: [4], data: Float32Array.of(1, 1, d.whole(1, 3), d.whole(1, 3)) },
      ],
      attributes: { mode: d.pick("linear", "cubic"), coordinate_transformation_mode: "align_corners" },
      fixed: [1, 2],
    };
  const attributes: Attributes = {
    mode,
    coordinate_transformation_mode: d.pick(
      "half_pixel",
      "asymmetric",
      "pytorch_half_pixel",
      ...(opset >= 19 ? ["half_pixel_symmetric"] : []),
    ),
  };
  if (mode === "nearest") attributes.nearest_mode = d.pick("round_prefer_floor", "round_prefer_ceil", "floor", "ceil");
  if (mode === "cubic") Object.assign(attributes, maybe(d, { exclude_outside: 1, "cubic_coeff_a:f": -0.5 }));
  if (opset >= 18 && mode !== "nearest" && d.coin()) attributes.antialias = 1;
  const sizes = d.coin();
  const empty: OnnxTensor = { dtype: "float32", shape: [0], data: new Float32Array(0) };
  return {
    opset,
    inputs: sizes
      ? [x, opset < 13 ? empty : undefined, opset < 13 ? empty : undefined, longs([1, 1, d.whole(1, 9), d.whole(1, 9)])]
      : [x, opset < 13 ? empty : undefined, scales()],
    attributes,
    fixed: [1, 2, 3],
  };
};

const indices = (d: Dice, shape: readonly number[], extent: number): OnnxTensor => ({
  ...d.tensor("int64", shape, -extent, extent - 1),
});

const recurrent =
  (gates: number): Make =>
  (d) => {
    const direction = d.pick("forward", "reverse", "bidirectional");
    const n = direction === "bidirectional" ? 2 : 1;
    const [steps, batch, width, hidden] = [d.whole(1, 4), d.whole(1, 3), d.whole(1, 3), d.whole(1, 3)];
    const t = (shape: number[]): OnnxTensor => d.tensor("float32", shape, -1, 1);
    const attributes: Attributes = { direction, hidden_size: hidden };
    if (gates === 3 && d.coin()) attributes.linear_before_reset = 1;
    const some = d.next() < 0.3;
    if (some) {
      const per = gates === 1 ? 1 : gates === 3 ? 2 : 3;
      attributes.activations = Array.from({ length: per * n }, () =>
        d.pick(
          "Tanh",
          "Sigmoid",
          "Relu",
          "HardSigmoid",
          "Softsign",
          "Softplus",
          "LeakyRelu",
          "ThresholdedRelu",
          "ScaledTanh",
          "Elu",
          "Affine",
        ),
      );
      attributes["activation_alpha:f"] = Array.from({ length: per * n }, () => d.pick(0.2, 0.5, 1));
      attributes["activation_beta:f"] = Array.from({ length: per * n }, () => d.pick(0.5, 1));
    }
    if (d.next() < 0.2) attributes["clip:f"] = 0.7;
    if (gates === 4 && d.next() < 0.2) attributes.input_forget = 1;
    const inputs: (OnnxTensor | undefined)[] = [
      t([steps, batch, width]),
      t([n, gates * hidden, width]),
      t([n, gates * hidden, hidden]),
      d.coin() ? t([n, 2 * gates * hidden]) : undefined,
    ];
    inputs.push(
      d.next() < 0.4
        ? { dtype: "int32", shape: [batch], data: Int32Array.from({ length: batch }, () => d.whole(1, steps)) }
        : undefined,
    );
    inputs.push(d.coin() ? t([n, batch, hidden]) : undefined);
    if (gates === 4)
      inputs.push(d.coin() ? t([n, batch, hidden]) : undefined, d.coin() ? t([n, 3 * hidden]) : undefined);
    return { opset: d.pick(7, 14), inputs, attributes, outputs: gates === 4 ? 3 : 2, fixed: [1, 2] };
  };

const softmaxLike: Make = (d) => {
  const rank = d.whole(1, 4);
  return {
    opset: d.pick(7, 11, 12, 13, 17),
    inputs: [d.tensor("float32", d.shape(rank))],
    attributes: maybe(d, { axis: d.whole(0, rank - 1) }),
  };
};

const quantised = (d: Dice, shape: readonly number[], type: Dtype): OnnxTensor =>
  d.tensor(type, shape, type === "int8" ? -20 : 0, 20);
const scaleOf = (d: Dice, shape: readonly number[] = []): OnnxTensor => d.tensor("float32", shape, 0.05, 0.5);

const topk: Make = (d) => {
  const x = d.tensor(d.pick<Dtype>("float32", "float64", "int32", "int64"), d.shape(d.whole(1, 3)));
  const axis = axisOf(d, x.shape.length);
  const k = d.whole(1, x.shape.at(axis) as number);
  const opset = d.pick(10, 11);
  if (x.dtype !== "float32" && opset < 11)
    return { opset: 11, inputs: [x, longs([k])], attributes: { axis, largest: d.whole(0, 1) }, outputs: 2 };
  return {
    opset,
    inputs: [x, longs([k])],
    attributes: { axis, ...(opset >= 11 ? maybe(d, { largest: d.whole(0, 1) }) : {}) },
    outputs: 2,
  };
};

const slice: Make = (d) => {
  const rank = d.whole(1, 3);
  const x = d.tensor(number(d), d.shape(rank));
  const axes = Array.from({ length: rank }, (_, i) => i).filter(() => d.coin());
  const [starts, ends, steps] = [0, 1, 2].map((k) =>
    axes.map(() => (k === 2 ? d.pick(1, 1, 2, -1, -2) : d.whole(-6, 6))),
  ) as [number[], number[], number[]];
  if (axes.length === 0) return { opset: 13, inputs: [x, longs([0]), longs([1])] };
  if (d.next() < 0.3)
    return { opset: 9, inputs: [{ ...x, ...d.tensor("float32", x.shape) }], attributes: { starts, ends, axes } };
  return {
    opset: d.pick(10, 11, 13),
    inputs: [
      x,
      longs(starts),
      longs(ends),
      longs(axes.map((a) => (d.coin() ? a : a - rank))),
      ...(d.coin() ? [longs(steps)] : []),
    ],
  };
};

const pad: Make = (d) => {
  const rank = d.whole(1, 3);
  const x = d.tensor(d.pick<Dtype>("float32", "int32", "int64", "float64"), d.shape(rank, 2, 5));
  const mode = d.pick("constant", "reflect", "edge", ...(d.coin() ? ["wrap"] : []));
  const opset = mode === "wrap" ? 19 : d.pick(9, 11, 13, 18, 19);
  const pads = Array.from({ length: 2 * rank }, () => d.whole(mode === "constant" ? -1 : 0, 1));
  if (opset === 9) return { opset, inputs: [d.tensor("float32", x.shape)], attributes: { mode, pads, "value:f": 1.5 } };
  return {
    opset,
    inputs: [x, longs(pads), d.coin() && mode === "constant" ? d.tensor(x.dtype, []) : undefined],
    attributes: { mode },
  };
};

const lists = (d: Dice, n: number, low = -2, high = 2): number[] =>
  Array.from({ length: n }, () => Math.fround(low + d.next() * (high - low)));

const svm =
  (classifier: boolean): Make =>
  (d) => {
    const width = d.whole(1, 3);
    const classes = classifier ? d.whole(2, 4) : 1;
    const per = Array.from({ length: classes }, () => d.whole(1, 3));
    const vectors = classifier ? per.reduce((a, b) => a + b, 0) : d.whole(1, 4);
    const linear = d.next() < 0.3;
    const pairs = (classes * (classes - 1)) / 2;
    const x = d.tensor(d.pick<Dtype>("float32", "float32", "float64", "int64"), [d.whole(1, 4), width], -2, 2);
    const kernel = {
      kernel_type: d.pick("LINEAR", "POLY", "RBF", "SIGMOID"),
      "kernel_params:f": [d.pick(0.1, 0.5), d.pick(0, 0.5), d.pick(1, 2, 3)],
    };
    if (!classifier) {
      const one = d.next() < 0.1;
      return {
        domain: "ai.onnx.ml",
        opset: 1,
        inputs: [{ ...d.tensor("float32", x.shape, -2, 2) }],
        attributes: {
          ...kernel,
          "coefficients:f": lists(d, linear ? width : vectors),
          n_supports: linear ? 0 : vectors,
          ...(linear ? {} : { "support_vectors:f": lists(d, vectors * width) }),
          "rho:f": lists(d, 1),
          ...(one ? { one_class: 1 } : {}),
        },
      };
    }
    const labels = Array.from({ length: classes }, (_, i) => i * 2 + 1);
    const proba = d.coin() && !linear;
    return {
      domain: "ai.onnx.ml",
      opset: 1,
      inputs: [x],
      outputs: 2,
      attributes: {
        ...kernel,
        ...(d.coin() ? { classlabels_ints: labels } : { classlabels_strings: labels.map((l) => `c${l}`) }),
        ...(linear
          ? { "coefficients:f": lists(d, classes * width), "rho:f": lists(d, classes) }
          : {
              "coefficients:f": lists(d, vectors * (classes - 1)),
              vectors_per_class: per,
              "support_vectors:f": lists(d, vectors * width),
              "rho:f": lists(d, pairs),
            }),
        ...(proba ? { "prob_a:f": lists(d, pairs, -2, -0.5), "prob_b:f": lists(d, pairs) } : {}),
        ...(d.next() < 0.3 ? { post_transform: d.pick("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO") } : {}),
      },
    };
  };

const roi: Make = (d) => {
  const [n, c, h, w, r] = [d.whole(1, 2), d.whole(1, 2), d.whole(3, 7), d.whole(3, 7), d.whole(1, 3)];
  const box = Array.from({ length: r }, () => {
    const [x, y] = [d.next() * w, d.next() * h];
    return [x, y, x + d.next() * w, y + d.next() * h];
  })
    .flat()
    .map(Math.fround);
  const opset = d.pick(10, 16);
  return {
    opset,
    inputs: [
      d.tensor("float32", [n, c, h, w]),
      { dtype: "float32", shape: [r, 4], data: Float32Array.from(box) },
      { dtype: "int64", shape: [r], data: BigInt64Array.from({ length: r }, () => BigInt(d.whole(0, n - 1))) },
    ],
    attributes: {
      ...maybe(d, {
        mode: d.pick("avg", "max"),
        output_height: d.whole(1, 3),
        output_width: d.whole(1, 3),
        sampling_ratio: d.whole(0, 3),
        "spatial_scale:f": d.pick(1, 0.5),
      }),
      ...(opset >= 16 ? maybe(d, { coordinate_transformation_mode: d.pick("half_pixel", "output_half_pixel") }) : {}),
    },
  };
};

const deform: Make = (d) => {
  const [n, c, h, w] = [d.whole(1, 2), d.pick(2, 4), d.whole(5, 7), d.whole(5, 7)];
  const [kh, kw, m] = [d.whole(1, 3), d.whole(1, 3), d.pick(2, 4)];
  const [group, og] = [d.pick(1, 2), d.pick(1, 2)];
  const [s, p, dil] = [d.shape(2, 1, 2), Array.from({ length: 4 }, () => d.whole(0, 1)), d.shape(2, 1, 2)];
  const out = [h, w].map(
    (size, i) =>
      Math.floor(
        (size + (p[i] as number) + (p[i + 2] as number) - (dil[i] as number) * (([kh, kw][i] as number) - 1) - 1) /
          (s[i] as number),
      ) + 1,
  );
  return {
    opset: d.pick(19, 22),
    inputs: [
      d.tensor("float32", [n, c, h, w]),
      d.tensor("float32", [m, c / group, kh, kw]),
      d.tensor("float32", [n, og * kh * kw * 2, ...out], -2, 2),
      d.coin() ? d.tensor("float32", [m]) : undefined,
      d.coin() ? d.tensor("float32", [n, og * kh * kw, ...out]) : undefined,
    ],
    attributes: { strides: s, pads: p, dilations: dil, group, offset_group: og, kernel_shape: [kh, kw] },
  };
};

const ML = "ai.onnx.ml";

/** Random cases of every operator that onnxruntime knows as well. */
export const GENERATORS: Readonly<Record<string, Make>> = {
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
  MaxPool: pool(
    [8, 10, 11, 12],
    (d, o) => ({
      ...(o >= 10 ? maybe(d, { ceil_mode: 1 }) : {}),
      ...(o >= 10 && d.next() < 0.2 ? { storage_order: 1 } : {}),
    }),
    2,
    (d) => d.pick<Dtype>("float32", "float32", "float64"),
  ),
  AveragePool: pool([7, 10, 11, 19, 22], (d, o) => ({
    ...maybe(d, { count_include_pad: 1 }),
    ...(o >= 10 ? maybe(d, { ceil_mode: 1 }) : {}),
  })),
  LpPool: pool([7, 11, 18], (d) => maybe(d, { p: d.whole(1, 3) })),
  ...Object.fromEntries(
    ["GlobalAveragePool", "GlobalMaxPool"].map((op) => [
      op,
      (d: Dice) => ({ opset: 7, inputs: [d.tensor("float32", d.shape(d.whole(3, 5)))] }),
    ]),
  ),
  GlobalLpPool: (d) => ({
    opset: 7,
    inputs: [d.tensor("float32", d.shape(4))],
    attributes: maybe(d, { p: d.whole(1, 3) }),
  }),
  Conv: conv("Conv"),
  ConvTranspose: conv("ConvTranspose"),
  Resize: resize,
  DeformConv: deform,
  RoiAlign: roi,
  Upsample: (d) => {
    const x = d.tensor("float32", [1, 1, d.whole(2, 4), d.whole(2, 4)]);
    const s = [1, 1, d.pick(1, 2, 3, 1.5), d.pick(1, 2, 2.5)];
    const mode = d.pick("nearest", "linear");
    return d.coin()
      ? { opset: 7, inputs: [x], attributes: { mode, "scales:f": s } }
      : {
          opset: 9,
          inputs: [x, { dtype: "float32", shape: [4], data: Float32Array.from(s) }],
          attributes: { mode },
          fixed: [1],
        };
  },
  MaxRoiPool: (d) => {
    const [c, h, w, r] = [d.whole(1, 2), d.whole(3, 6), d.whole(3, 6), d.whole(1, 3)];
    const rois = Array.from({ length: r }, () => {
      const [a, b] = [d.whole(0, w - 1), d.whole(0, h - 1)];
      return [0, a, b, d.whole(a, w + 1), d.whole(b, h + 1)];
    }).flat();
    return {
      opset: 7,
      inputs: [d.tensor("float32", [1, c, h, w]), { dtype: "float32", shape: [r, 5], data: Float32Array.from(rois) }],
      attributes: { pooled_shape: d.shape(2, 1, 3), ...maybe(d, { "spatial_scale:f": d.pick(1, 0.5) }) },
    };
  },
  RNN: recurrent(1),
  GRU: recurrent(3),
  LSTM: recurrent(4),
  BatchNormalization: (d) => {
    const c = d.whole(1, 3);
    const t = (low = -1): OnnxTensor => d.tensor("float32", [c], low, 2);
    return {
      opset: d.pick(7, 9, 14, 15),
      inputs: [d.tensor("float32", [d.whole(1, 2), c, ...d.shape(d.whole(0, 2))]), t(), t(), t(), t(0.2)],
      attributes: maybe(d, { "epsilon:f": 0.01, "momentum:f": 0.8 }),
    };
  },
  InstanceNormalization: (d) => {
    const c = d.whole(1, 3);
    return {
      opset: 7,
      inputs: [d.tensor("float32", [2, c, ...d.shape(2, 2)]), d.tensor("float32", [c]), d.tensor("float32", [c])],
      attributes: maybe(d, { "epsilon:f": 0.01 }),
    };
  },
  LayerNormalization: (d) => {
    const shape = d.shape(3, 2);
    const axis = axisOf(d, 3);
    const tail = shape.slice(axis < 0 ? axis + 3 : axis);
    return {
      opset: 17,
      inputs: [d.tensor("float32", shape), d.tensor("float32", tail), d.coin() ? d.tensor("float32", tail) : undefined],
      attributes: { axis },
      outputs: d.pick(1, 3),
    };
  },
  GroupNormalization: (d) => {
    const [g, k] = [d.whole(1, 2), d.whole(1, 2)];
    return {
      opset: 21,
      inputs: [d.tensor("float32", [2, g * k, 3]), d.tensor("float32", [g * k]), d.tensor("float32", [g * k])],
      attributes: { num_groups: g },
    };
  },
  LpNormalization: (d) => {
    const r = d.whole(1, 3);
    return {
      opset: 7,
      inputs: [d.tensor("float32", d.shape(r))],
      attributes: maybe(d, { p: d.whole(1, 2), axis: axisOf(d, r) }),
    };
  },
  LRN: (d) => ({
    opset: d.pick(7, 13),
    inputs: [d.tensor("float32", [1, d.whole(1, 5), 2, 2])],
    attributes: { size: d.pick(1, 3, 5), ...maybe(d, { "alpha:f": 0.5, "beta:f": 0.6, "bias:f": 1.5 }) },
  }),
  MeanVarianceNormalization: (d) => ({
    opset: d.pick(9, 13),
    inputs: [d.tensor("float32", d.shape(4, 2))],
    attributes: maybe(d, { axes: [0, 2, 3] }),
  }),
  MatMul: (d) => {
    const [m, k, n] = d.shape(3);
    const t = d.pick<Dtype>("float32", "float64", "int32", "int64", "uint32");
    const b = d.shape(d.whole(0, 2));
    return {
      opset: d.pick(7, 9, 13),
      inputs: [
        d.tensor(t, d.coin() ? [...stretch(d, b), m as number, k as number] : [k as number]),
        d.tensor(t, d.coin() ? [...stretch(d, b), k as number, n as number] : [k as number]),
      ],
    };
  },
  Gemm: (d) => {
    const [m, k, n] = d.shape(3) as [number, number, number];
    const [ta, tb] = [d.whole(0, 1), d.whole(0, 1)];
    return {
      opset: d.pick(7, 9, 11, 13),
      inputs: [
        d.tensor("float32", ta ? [k, m] : [m, k]),
        d.tensor("float32", tb ? [n, k] : [k, n]),
        d.tensor("float32", d.pick([n], [m, n], [1, n], [m, 1], [])),
      ],
      attributes: { transA: ta, transB: tb, ...maybe(d, { "alpha:f": 0.5, "beta:f": 0.25 }) },
    };
  },
  Einsum: (d) => {
    const eq = d.pick(
      "ij,jk->ik",
      "bij,bjk->bik",
      "ij->ji",
      "ii->i",
      "ij->",
      "i,j->ij",
      "...ij,jk->...ik",
      "ij,jk",
      "bij->bi",
      "ij,ij->i",
    );
    const e: Record<string, number> = { i: d.whole(1, 3), j: d.whole(1, 3), k: d.whole(1, 3), b: 2 };
    return {
      opset: 12,
      inputs: (eq.split("->")[0] as string).split(",").map((t) =>
        d.tensor(
          "float32",
          [...t].flatMap((l) => (l === "." ? [] : [e[l] as number])),
        ),
      ),
      attributes: { equation: eq },
    };
  },
  Det: (d) => {
    const n = d.whole(1, 4);
    return { opset: 11, inputs: [d.tensor("float32", [...d.shape(d.whole(0, 1)), n, n])] };
  },
  Reshape: (d) => {
    const [a, b] = d.shape(2);
    return {
      opset: d.pick(7, 13, 14),
      inputs: [
        d.tensor(any(d), [a as number, b as number]),
        longs(d.pick([-1], [0, -1], [b as number, a as number], [a as number, 1, -1])),
      ],
    };
  },
  Transpose: (d) => {
    const r = d.whole(0, 4);
    return {
      opset: d.pick(7, 13),
      inputs: [d.tensor(any(d), d.shape(r, 0))],
      attributes:
        d.coin() && r > 0
          ? { perm: Array.from({ length: r }, (_, i) => i).map((i, _, l) => l[(i + 1) % r] as number) }
          : {},
    };
  },
  Squeeze: (d) => {
    const s = [1, d.whole(1, 2), 1];
    return d.coin()
      ? { opset: d.pick(7, 11), inputs: [d.tensor("float32", s)], attributes: maybe(d, { axes: [0, 2] }) }
      : { opset: 13, inputs: [d.tensor("float32", s), d.coin() ? longs([-1]) : undefined] };
  },
  Unsqueeze: (d) => {
    const s = d.shape(2);
    return d.coin()
      ? { opset: d.pick(7, 11), inputs: [d.tensor("float32", s)], attributes: { axes: d.pick([0], [1, 3], [0, 1]) } }
      : { opset: 13, inputs: [d.tensor("float32", s), longs(d.pick([0], [-1], [3, 0], [1, -1]))] };
  },
  Flatten: (d) => {
    const r = d.whole(0, 4);
    return {
      opset: d.pick(7, 9, 11, 13),
      inputs: [d.tensor("float32", d.shape(r))],
      attributes: maybe(d, { axis: d.whole(0, r) }),
    };
  },
  Concat: (d) => {
    const [t, s] = [any(d), d.shape(d.whole(1, 3))];
    const axis = axisOf(d, s.length);
    const at = axis < 0 ? axis + s.length : axis;
    return {
      opset: d.pick(11, 13),
      inputs: Array.from({ length: d.whole(1, 3) }, () =>
        d.tensor(
          t,
          s.map((n, i) => (i === at ? d.whole(0, 3) : n)),
        ),
      ),
      attributes: { axis },
    };
  },
  Split: (d) => {
    const [a, b] = [d.whole(0, 3), d.whole(0, 3)];
    const x = d.tensor(number(d), [a + b, 2]);
    const o = d.pick(7, 11, 13, 18);
    if (o < 13)
      return { opset: o, inputs: [d.tensor("float32", x.shape)], attributes: { split: [a, b], axis: 0 }, outputs: 2 };
    return { opset: o, inputs: [x, longs([a, b])], attributes: { axis: d.pick(0, -2) }, outputs: 2 };
  },
  Slice: slice,
  Pad: pad,
  Tile: (d) => {
    const r = d.whole(1, 3);
    return { opset: d.pick(7, 13), inputs: [d.tensor(number(d), d.shape(r)), longs(d.shape(r, 0, 3))] };
  },
  DepthToSpace: (d) => ({
    opset: d.pick(11, 13),
    inputs: [d.tensor("float32", [d.whole(1, 2), 4 * d.whole(1, 2), 2, 3])],
    attributes: { blocksize: 2, ...maybe(d, { mode: d.pick("DCR", "CRD") }) },
  }),
  SpaceToDepth: (d) => ({
    opset: d.pick(7, 13),
    inputs: [d.tensor("float32", [2, 2, 4, 2])],
    attributes: { blocksize: 2 },
  }),
  CenterCropPad: (d) => ({ opset: 18, inputs: [d.tensor("float32", d.shape(2, 1, 6)), longs(d.shape(2, 1, 6))] }),
  Trilu: (d) => ({
    opset: 14,
    inputs: [
      d.tensor(d.pick<Dtype>("float32", "int64", "bool"), d.shape(d.whole(2, 3))),
      d.coin() ? scalar("int64", d.whole(-3, 3)) : undefined,
    ],
    attributes: maybe(d, { upper: 0 }),
  }),
  Shape: (d) => {
    const o = d.pick(7, 13, 15);
    return {
      opset: o,
      inputs: [d.tensor("float32", d.shape(d.whole(0, 3)))],
      attributes: o >= 15 ? maybe(d, { start: d.whole(-3, 3), end: d.whole(-3, 3) }) : {},
    };
  },
  Size: (d) => ({ opset: d.pick(7, 13), inputs: [d.tensor("float32", d.shape(d.whole(0, 3), 0))] }),
  Expand: (d) => {
    const s = d.shape(3);
    return { opset: d.pick(8, 13), inputs: [d.tensor(number(d), stretch(d, s)), longs(d.coin() ? s : stretch(d, s))] };
  },
  ReverseSequence: (d) => {
    const [b, t] = d.shape(2, 1, 4) as [number, number];
    const first = d.coin();
    return {
      opset: 10,
      inputs: [
        d.tensor("float32", first ? [b, t, 2] : [t, b, 2]),
        {
          dtype: "int64",
          shape: [b],
          data: BigInt64Array.from({ length: b }, () => BigInt(d.whole(1, t + (d.next() < 0.1 ? 1 : 0)))),
        },
      ],
      attributes: first ? { batch_axis: 0, time_axis: 1 } : {},
    };
  },
  Gather: (d) => {
    const x = d.tensor(number(d), d.shape(d.whole(1, 3)));
    const axis = axisOf(d, x.shape.length);
    return {
      opset: d.pick(11, 13),
      inputs: [x, indices(d, d.shape(d.whole(0, 2)), x.shape.at(axis) as number)],
      attributes: { axis },
    };
  },
  GatherElements: (d) => {
    const x = d.tensor(number(d), d.shape(d.whole(1, 3)));
    const axis = axisOf(d, x.shape.length);
    const at = axis < 0 ? axis + x.shape.length : axis;
    return {
      opset: d.pick(11, 13),
      inputs: [
        x,
        indices(
          d,
          x.shape.map((n, i) => (i === at ? d.whole(1, 4) : d.whole(1, n))),
          x.shape[at] as number,
        ),
      ],
      attributes: { axis },
    };
  },
  GatherND: (d) => {
    const x = d.tensor(number(d), [2, 3, 2]);
    const b = d.whole(0, 1);
    const k = d.whole(1, 2);
    return {
      opset: d.pick(12, 13),
      inputs: [x, d.tensor("int64", [...(b ? [2] : []), d.whole(1, 3), k], -1, 1)],
      attributes: { batch_dims: b },
    };
  },
  ScatterElements: (d) => {
    const x = d.tensor(d.pick<Dtype>("float32", "int32"), d.shape(2, 2));
    const o = d.pick(11, 13, 16, 18);
    const s = x.shape.map((n) => d.whole(1, n));
    const axis = axisOf(d, 2);
    const red = o >= 18 ? d.pick("none", "add", "mul", "max", "min") : o >= 16 ? d.pick("none", "add", "mul") : "none";
    const ix =
      red === "none"
        ? {
            ...longs(
              Array.from({ length: (s[0] as number) * (s[1] as number) }, (_, i) =>
                (axis + 2) % 2 === 0 ? Math.floor(i / (s[1] as number)) : i % (s[1] as number),
              ),
            ),
            shape: s,
          }
        : indices(d, s, x.shape.at(axis) as number);
    return {
      opset: o,
      inputs: [x, ix, d.tensor(x.dtype, s)],
      attributes: { axis, ...(red === "none" ? {} : { reduction: red }) },
    };
  },
  ScatterND: (d) => {
    const o = d.pick(11, 13, 16, 18);
    const red = o >= 18 ? d.pick("none", "add", "mul", "max", "min") : o >= 16 ? d.pick("none", "add", "mul") : "none";
    const k = d.whole(1, 2);
    const n = 2;
    const ix = longs(k === 1 ? [0, 2] : [0, 1, 2, -2]);
    return {
      opset: o,
      inputs: [
        d.tensor("float32", [3, 2, 2]),
        { ...ix, shape: [n, k] },
        d.tensor("float32", [n, ...(k === 1 ? [2, 2] : [2])]),
      ],
      attributes: red === "none" ? {} : { reduction: red },
    };
  },
  OneHot: (d) => {
    const s = d.shape(d.whole(0, 2));
    const depth = d.whole(1, 4);
    const t = number(d);
    return {
      opset: d.pick(9, 11),
      inputs: [
        d.tensor("int64", s, -5, 5),
        scalar("int64", depth),
        { ...d.tensor(d.pick<Dtype>("float32", "int64", "int32"), [2]) },
      ].map((x, i) => (i === 2 && t === "float32" ? d.tensor("float32", [2]) : x)) as OnnxTensor[],
      attributes: maybe(d, { axis: axisOf(d, s.length + 1) }),
    };
  },
  Compress: (d) => {
    const x = d.tensor("float32", d.shape(2));
    return d.coin()
      ? { opset: 11, inputs: [x, d.tensor("bool", [d.whole(1, x.data.length)])] }
      : {
          opset: 11,
          inputs: [x, d.tensor("bool", [d.whole(1, x.shape[1] as number)])],
          attributes: { axis: d.pick(1, -1) },
        };
  },
  NonZero: (d) => ({
    opset: d.pick(9, 13),
    inputs: [d.tensor(d.pick<Dtype>("float32", "int32", "int64", "bool"), d.shape(d.whole(1, 3)))],
  }),
  TopK: topk,
  Unique: (d) => {
    const x = d.tensor(d.pick<Dtype>("int64", "int8", "string", "float32"), d.shape(d.whole(1, 3)));
    const y = x.dtype === "float32" ? { ...x, data: Float32Array.from(x.data as Float32Array, Math.round) } : x;
    return { opset: 11, inputs: [y], attributes: maybe(d, { axis: axisOf(d, x.shape.length), sorted: 0 }), outputs: 4 };
  },
  Cast: (d) => {
    const from = d.pick<Dtype>(float(d), whole(d), "bool");
    const to = d.pick(1, 2, 3, 4, 5, 6, 7, ...(from.startsWith("float") ? [] : [8]), 9, 10, 11, 12, 13);
    return { opset: d.pick(9, 13, 19), inputs: [d.tensor(from, d.shape(2), 0, 100)], attributes: { to } };
  },
  ConstantOfShape: (d) => ({
    opset: 9,
    inputs: [longs(d.shape(d.whole(0, 3), 0))],
    attributes: maybe(d, { value: d.tensor(d.pick<Dtype>("float32", "int64", "bool"), [1]) }),
  }),
  Range: (d) => {
    const t = d.pick<Dtype>("float32", "int64", "int32");
    return { opset: 11, inputs: [d.tensor(t, [], 0, 2), d.tensor(t, [], 3, 9), d.tensor(t, [], 1, 2)] };
  },
  EyeLike: (d) => ({
    opset: 9,
    inputs: [d.tensor("float32", d.shape(2))],
    attributes: maybe(d, { k: d.whole(-2, 2), dtype: d.pick(1, 6, 7, 11) }),
  }),
  Dropout: (d) =>
    d.coin()
      ? {
          opset: d.pick(7, 10),
          inputs: [d.tensor("float32", d.shape(2))],
          attributes: maybe(d, { "ratio:f": 0.3 }),
          outputs: d.whole(1, 2),
        }
      : {
          opset: d.pick(12, 13),
          inputs: [d.tensor("float32", d.shape(2)), d.coin() ? scalar("float32", 0.3) : undefined],
          outputs: d.whole(1, 2),
        },
  QuantizeLinear: (d) => {
    const x = d.tensor("float32", [2, 3]);
    const t = d.pick<Dtype>("uint8", "int8");
    const axis = d.coin();
    return {
      opset: d.pick(13, 19),
      inputs: [x, scaleOf(d, axis ? [3] : []), d.coin() ? quantised(d, axis ? [3] : [], t) : undefined],
      attributes: axis ? { axis: d.pick(1, -1) } : {},
    };
  },
  DequantizeLinear: (d) => {
    const t = d.pick<Dtype>("uint8", "int8", "int32");
    const axis = d.coin();
    return {
      opset: d.pick(13, 19),
      inputs: [
        quantised(d, [2, 3], t),
        scaleOf(d, axis ? [3] : []),
        t !== "int32" && d.coin() ? quantised(d, axis ? [3] : [], t) : undefined,
      ],
      attributes: axis ? { axis: d.pick(1, -1) } : {},
    };
  },
  DynamicQuantizeLinear: (d) => ({ opset: 11, inputs: [d.tensor("float32", d.shape(2))], outputs: 3 }),
  MatMulInteger: (d) => {
    const [m, k, n] = d.shape(3) as [number, number, number];
    const [s, t] = [d.pick<Dtype>("uint8", "int8"), d.pick<Dtype>("uint8", "int8")];
    return {
      opset: 10,
      inputs: [
        quantised(d, [m, k], s),
        quantised(d, [k, n], t),
        d.coin() ? quantised(d, [], s) : undefined,
        d.coin() ? quantised(d, d.pick<number[]>([], [n]), t) : undefined,
      ],
      fixed: [3],
    };
  },
  ConvInteger: (d) => ({
    opset: 10,
    inputs: [
      quantised(d, [1, 2, 4, 4], "uint8"),
      quantised(d, [2, 2, 2, 2], "uint8"),
      d.coin() ? quantised(d, [], "uint8") : undefined,
      d.coin() ? quantised(d, [], "uint8") : undefined,
    ],
    attributes: maybe(d, { pads: [1, 0, 0, 1], strides: [2, 1] }),
  }),
  QLinearMatMul: (d) => {
    const [m, k, n] = d.shape(3) as [number, number, number];
    const t = d.pick<Dtype>("uint8", "int8");
    return {
      opset: 10,
      inputs: [
        quantised(d, [m, k], t),
        scaleOf(d),
        quantised(d, [], t),
        quantised(d, [k, n], t),
        scaleOf(d),
        quantised(d, [], t),
        scaleOf(d),
        quantised(d, [], t),
      ],
    };
  },
  QLinearConv: (d) => ({
    opset: 10,
    inputs: [
      quantised(d, [1, 2, 4, 4], "uint8"),
      scaleOf(d),
      quantised(d, [], "uint8"),
      quantised(d, [3, 2, 2, 2], "uint8"),
      scaleOf(d),
      quantised(d, [], "uint8"),
      scaleOf(d),
      quantised(d, [], "uint8"),
      d.coin() ? d.tensor("int32", [3], -50, 50) : undefined,
    ],
    attributes: maybe(d, { pads: [1, 0, 0, 1], strides: [2, 1] }),
  }),
  GridSample: (d) => {
    const o = d.pick(16, 20);
    return {
      opset: o,
      inputs: [d.tensor("float32", [1, 2, d.whole(2, 4), d.whole(2, 4)]), d.tensor("float32", [1, 3, 3, 2], -1.3, 1.3)],
      attributes: maybe(d, {
        mode: o === 16 ? d.pick("bilinear", "nearest", "bicubic") : d.pick("linear", "nearest", "cubic"),
        padding_mode: d.pick("zeros", "border", "reflection"),
        align_corners: 1,
      }),
    };
  },
  AffineGrid: (d) =>
    d.coin()
      ? {
          opset: 20,
          inputs: [d.tensor("float32", [2, 2, 3]), longs([2, 1, d.whole(1, 3), d.whole(1, 3)])],
          attributes: maybe(d, { align_corners: 1 }),
        }
      : {
          opset: 20,
          inputs: [d.tensor("float32", [1, 3, 4]), longs([1, 1, 2, d.whole(1, 3), 2])],
          attributes: maybe(d, { align_corners: 1 }),
        },
  MaxUnpool: (d) => ({
    opset: d.pick(9, 11),
    inputs: [d.tensor("float32", [1, 1, 2, 2]), { ...longs([1, 3, 8, 14]), shape: [1, 1, 2, 2] }],
    attributes: { kernel_shape: [2, 2], strides: [2, 2] },
  }),
  NonMaxSuppression: (d) => {
    const n = d.whole(1, 6);
    return {
      opset: d.pick(10, 11),
      inputs: [
        d.tensor("float32", [1, n, 4], 0, 1),
        d.tensor("float32", [1, 2, n], 0, 1),
        scalar("int64", d.whole(0, 3)),
        scalar("float32", 0.4),
        d.coin() ? scalar("float32", 0.3) : undefined,
      ],
      attributes: maybe(d, { center_point_box: 1 }),
    };
  },
  NegativeLogLikelihoodLoss: (d) => {
    const [n, c, k] = [d.whole(1, 3), d.whole(2, 4), d.whole(1, 3)];
    return {
      opset: d.pick(12, 13),
      inputs: [
        d.tensor("float32", [n, c, k]),
        d.tensor("int64", [n, k], 0, c - 1),
        d.coin() ? d.tensor("float32", [c], 0.1, 1) : undefined,
      ],
      attributes: maybe(d, { reduction: d.pick("none", "sum", "mean"), ignore_index: d.whole(0, c - 1) }),
    };
  },
  SoftmaxCrossEntropyLoss: (d) => {
    const [n, c, k] = [d.whole(1, 3), d.whole(2, 4), d.whole(1, 3)];
    return {
      opset: d.pick(12, 13),
      inputs: [
        d.tensor("float32", [n, c, k]),
        d.tensor("int64", [n, k], 0, c - 1),
        d.coin() ? d.tensor("float32", [c], 0.1, 1) : undefined,
      ],
      attributes: maybe(d, { reduction: d.pick("none", "sum", "mean"), ignore_index: d.whole(0, c - 1) }),
      outputs: 2,
    };
  },
  Col2Im: (d) => {
    const [kh, kw] = [2, 2];
    const [h, w] = [d.whole(2, 4), d.whole(2, 4)];
    return {
      opset: 18,
      inputs: [d.tensor("float32", [1, kh * kw * 2, (h - 1) * (w - 1)]), longs([h, w]), longs([kh, kw])],
    };
  },
  HannWindow: (d) => ({ opset: 17, inputs: [scalar("int64", d.whole(2, 9))], attributes: maybe(d, { periodic: 0 }) }),
  HammingWindow: (d) => ({
    opset: 17,
    inputs: [scalar("int64", d.whole(2, 9))],
    attributes: maybe(d, { periodic: 0 }),
  }),
  BlackmanWindow: (d) => ({
    opset: 17,
    inputs: [scalar("int64", d.whole(2, 9))],
    attributes: maybe(d, { periodic: 0 }),
  }),
  DFT: (d) => {
    const o = d.pick(17, 20);
    const [inv, one] = [d.whole(0, 1), d.whole(0, 1)];
    const x = d.tensor(d.pick<Dtype>("float32", "float64"), [
      2,
      d.whole(2, 6),
      d.whole(2, 5),
      one && !inv ? 1 : d.whole(1, 2),
    ]);
    const axis = d.pick(1, 2);
    return o === 17
      ? {
          opset: o,
          inputs: [x, d.next() < 0.3 ? scalar("int64", d.whole(2, 7)) : undefined],
          attributes: { axis, inverse: inv, onesided: one },
        }
      : {
          opset: o,
          inputs: [x, d.next() < 0.3 ? scalar("int64", d.whole(2, 7)) : undefined, scalar("int64", axis)],
          attributes: { inverse: inv, onesided: one },
          fixed: [2],
        };
  },
  STFT: (d) => ({
    opset: 17,
    inputs: [
      d.tensor("float32", [1, 16, 1]),
      scalar("int64", d.whole(1, 4)),
      d.coin() ? d.tensor("float32", [8]) : undefined,
      scalar("int64", 8),
    ],
    attributes: maybe(d, { onesided: 0 }),
  }),
  MelWeightMatrix: (d) => ({
    opset: 17,
    inputs: [
      scalar("int64", d.whole(1, 8)),
      scalar("int64", d.pick(8, 16, 64)),
      scalar("int64", 8192),
      scalar("float32", d.pick(0, 100)),
      scalar("float32", d.pick(4000, 3000.5)),
    ],
    attributes: maybe(d, { output_datatype: d.pick(1, 11) }),
  }),
  StringNormalizer: (d) => ({
    opset: 10,
    inputs: [d.tensor("string", d.coin() ? [d.whole(1, 4)] : [1, d.whole(1, 4)])],
    attributes: maybe(d, {
      case_change_action: d.pick("LOWER", "UPPER", "NONE"),
      is_case_sensitive: d.whole(0, 1),
      stopwords: ["a", "AB C"],
    }),
  }),
  RegexFullMatch: (d) => ({
    opset: 20,
    inputs: [
      {
        dtype: "string",
        shape: [4],
        data: Array.from({ length: 4 }, () => d.pick("ab", "abab1", "a-b", "", "x 9", "b1")),
      },
    ],
    attributes: {
      pattern: d.pick("(ab)*\\d?", "[a-b]+-?b", "\\w* \\d", "(a|b)+1|x.*", "^\\b\\w+\\b$", "[^x]{1,3}", ""),
    },
  }),
  StringConcat: binary([20], () => "string"),
  StringSplit: (d) => ({
    opset: 20,
    inputs: [
      { dtype: "string", shape: [4], data: d.pick(["a b c", "", " x  y ", "a,,b"], ["x.com", "a,b,c", "k", "  "]) },
    ],
    attributes: maybe(d, { delimiter: d.pick(",", ".", "", " "), maxsplit: d.whole(0, 2) }),
    outputs: 2,
  }),
  TfIdfVectorizer: (d) => ({
    opset: 9,
    inputs: [d.tensor("int32", d.pick<number[]>([8], [2, 6]), 1, 4)],
    attributes: {
      mode: d.pick("TF", "IDF", "TFIDF"),
      min_gram_length: d.whole(1, 2),
      max_gram_length: 2,
      max_skip_count: d.whole(0, 2),
      ngram_counts: [0, 3],
      ngram_indexes: [0, 1, 2, 3, 4],
      pool_int64s: [1, 2, 3, 1, 2, 3, 4],
      ...maybe(d, { "weights:f": [0.5, 1, 2, 1.5, 0.25] }),
    },
  }),
  Scaler: (d) => ({
    domain: ML,
    opset: 1,
    inputs: [d.tensor(d.pick<Dtype>("float32", "float64", "int32", "int64"), [2, 3])],
    attributes: { "offset:f": lists(d, d.pick(1, 3)), "scale:f": lists(d, d.pick(1, 3)) },
  }),
  Normalizer: (d) => ({
    domain: ML,
    opset: 1,
    inputs: [d.tensor(d.pick<Dtype>("float32", "float64", "int64"), d.pick<number[]>([2, 3], [3]))],
    attributes: maybe(d, { norm: d.pick("MAX", "L1", "L2") }),
  }),
  Imputer: (d) =>
    d.coin()
      ? {
          domain: ML,
          opset: 1,
          inputs: [{ dtype: "float32", shape: [2, 3], data: Float32Array.of(1, Number.NaN, 3, 0, 2, Number.NaN) }],
          attributes: {
            "imputed_value_floats:f": lists(d, d.pick(1, 3)),
            "replaced_value_float:f": d.pick(Number.NaN, 0),
          },
        }
      : {
          domain: ML,
          opset: 1,
          inputs: [d.tensor("int64", [2, 3])],
          attributes: { imputed_value_int64s: [7], replaced_value_int64: 0 },
        },
  Binarizer: (d) => ({
    domain: ML,
    opset: 1,
    inputs: [d.tensor(d.pick<Dtype>("float32", "int64", "float64"), [2, 3])],
    attributes: maybe(d, { "threshold:f": 0.5 }),
  }),
  OneHotEncoder: (d) =>
    d.coin()
      ? {
          domain: ML,
          opset: 1,
          inputs: [d.tensor(d.pick<Dtype>("int64", "float32", "int32"), d.pick<number[]>([3], [2, 2]))],
          attributes: { cats_int64s: [0, 1, 2], ...maybe(d, { zeros: d.whole(0, 1) }) },
        }
      : { domain: ML, opset: 1, inputs: [d.tensor("string", [3])], attributes: { cats_strings: ["a", "bc", ""] } },
  LabelEncoder: (d) =>
    d.pick<() => Omit<NodeCase, "op">>(
      () => ({
        domain: ML,
        opset: 2,
        inputs: [d.tensor("string", [3])],
        attributes: { keys_strings: ["a", "bc"], values_int64s: [5, 6], ...maybe(d, { default_int64: 9 }) },
      }),
      () => ({
        domain: ML,
        opset: 2,
        inputs: [d.tensor("int64", [2, 2])],
        attributes: { keys_int64s: [0, 1], "values_floats:f": [0.5, 1.5], ...maybe(d, { "default_float:f": 9 }) },
      }),
      () => ({
        domain: ML,
        opset: 2,
        inputs: [d.tensor("int64", [2, 2])],
        attributes: { keys_int64s: [0, 1], values_strings: ["x", "y"], ...maybe(d, { default_string: "zz" }) },
      }),
      () => ({
        domain: ML,
        opset: 2,
        inputs: [d.tensor("int64", [2, 2])],
        attributes: { keys_int64s: [0, 1], values_int64s: [3, 4] },
      }),
      () => ({
        domain: ML,
        opset: 1,
        inputs: [d.tensor("string", [3])],
        attributes: { classes_strings: ["a", "bc"], ...maybe(d, { default_int64: 9 }) },
      }),
      () => ({
        domain: ML,
        opset: 1,
        inputs: [d.tensor("int64", [3])],
        attributes: { classes_strings: ["a", "bc"], ...maybe(d, { default_string: "zz" }) },
      }),
    )(),
  CategoryMapper: (d) =>
    d.coin()
      ? {
          domain: ML,
          opset: 1,
          inputs: [d.tensor("string", [3])],
          attributes: { cats_strings: ["a", "bc"], cats_int64s: [5, 6], ...maybe(d, { default_int64: 9 }) },
        }
      : {
          domain: ML,
          opset: 1,
          inputs: [d.tensor("int64", [3])],
          attributes: { cats_strings: ["a", "bc"], cats_int64s: [1, 2], ...maybe(d, { default_string: "q" }) },
        },
  LinearRegressor: (d) => {
    const [w, t] = [d.whole(1, 3), d.whole(1, 2)];
    return {
      domain: ML,
      opset: 1,
      inputs: [d.tensor("float32", [3, w])],
      attributes: {
        "coefficients:f": lists(d, w * t),
        targets: t,
        ...maybe(d, {
          "intercepts:f": lists(d, t),
          post_transform: d.pick("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"),
        }),
      },
    };
  },
  LinearClassifier: (d) => {
    const [w, c] = [d.whole(1, 3), d.whole(1, 3)];
    const labels = Math.max(2, c);
    return {
      domain: ML,
      opset: 1,
      inputs: [d.tensor(d.pick<Dtype>("float32", "float64", "int64"), [3, w])],
      outputs: 2,
      attributes: {
        "coefficients:f": lists(d, w * c),
        "intercepts:f": lists(d, c),
        ...(d.coin()
          ? { classlabels_ints: Array.from({ length: labels }, (_, i) => i + 3) }
          : { classlabels_strings: Array.from({ length: labels }, (_, i) => `l${i}`) }),
        ...maybe(d, {
          multi_class: d.whole(0, 1),
          post_transform: d.pick("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"),
        }),
      },
    };
  },
  FeatureVectorizer: (d) => ({
    domain: ML,
    opset: 1,
    inputs: [d.tensor("float32", [2, 2]), d.tensor(d.pick<Dtype>("float32", "float32"), [2, 3])],
    attributes: { inputdimensions: [2, 3] },
  }),
  ArrayFeatureExtractor: (d) => ({
    domain: ML,
    opset: 1,
    inputs: [
      d.tensor(d.pick<Dtype>("float32", "int64"), d.pick<number[]>([4], [2, 4])),
      { ...longs([0, d.whole(0, 3)]), shape: d.pick<number[]>([2], [1, 2]) },
    ],
  }),
  SVMRegressor: svm(false),
  SVMClassifier: svm(true),
  TreeEnsembleRegressor: (d) => tree(d, false),
  TreeEnsembleClassifier: (d) => tree(d, true),
};

function reduceSum(made: ReturnType<Make>): ReturnType<Make> {
  if (made.opset < 13 || made.opset >= 18) return made;
  const axes = made.attributes?.axes as number[] | undefined;
  const { axes: _, ...rest } = made.attributes ?? {};
  return { ...made, attributes: rest, inputs: [made.inputs[0], axes === undefined ? undefined : longs(axes)] };
}

function tree(d: Dice, classifier: boolean): ReturnType<Make> {
  const width = 3;
  const nodes: { tree: number; id: number; mode: string; feature: number; value: number; yes: number; no: number }[] =
    [];
  const leaves: { tree: number; id: number }[] = [];
  const mode = d.pick("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ");
  for (let t = 0; t < d.whole(1, 3); t++) {
    const inner = d.whole(1, 3);
    for (let i = 0; i < inner; i++)
      nodes.push({
        tree: t,
        id: i,
        mode,
        feature: d.whole(0, width - 1),
        value: d.pick(-1, 0, 0.5, 1),
        yes: i + 1 < inner ? i + 1 : 2 * inner,
        no: inner + i,
      });
    for (let i = 0; i <= inner; i++) {
      nodes.push({ tree: t, id: inner + i, mode: "LEAF", feature: 0, value: 0, yes: 0, no: 0 });
      leaves.push({ tree: t, id: inner + i });
    }
  }
  // Of two classes that both have scores, the peer gives labels that are not in the list.
  const classes = classifier ? d.whole(2, 3) : 1;
  const targets = classifier ? classes : d.whole(1, 2);
  const single = classifier && classes === 2;
  const rows = leaves.flatMap((leaf) =>
    Array.from({ length: single ? 1 : targets }, (_, k) => ({ ...leaf, k: single ? 0 : k })),
  );
  const p = classifier ? "class" : "target";
  const positive = d.coin();
  const x = d.tensor(d.pick<Dtype>("float32", "float32", "float64"), [4, width], -2, 2);
  return {
    domain: ML,
    opset: 1,
    inputs: [x],
    outputs: classifier ? 2 : 1,
    attributes: {
      nodes_treeids: nodes.map((n) => n.tree),
      nodes_nodeids: nodes.map((n) => n.id),
      nodes_modes: nodes.map((n) => n.mode),
      nodes_featureids: nodes.map((n) => n.feature),
      "nodes_values:f": nodes.map((n) => n.value),
      nodes_truenodeids: nodes.map((n) => n.yes),
      nodes_falsenodeids: nodes.map((n) => n.no),
      [`${p}_treeids`]: rows.map((r) => r.tree),
      [`${p}_nodeids`]: rows.map((r) => r.id),
      [`${p}_ids`]: rows.map((r) => r.k),
      [`${p}_weights:f`]: lists(d, rows.length, positive ? 0 : -2, positive ? 0.4 : 2),
      ...(classifier
        ? { classlabels_int64s: Array.from({ length: classes }, (_, i) => i + 5) }
        : { n_targets: targets, ...maybe(d, { aggregate_function: d.pick("SUM", "AVERAGE", "MIN", "MAX") }) }),
      ...maybe(d, {
        post_transform: d.pick("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT"),
        "base_values:f": lists(d, single ? 1 : targets),
      }),
    },
  };
}
