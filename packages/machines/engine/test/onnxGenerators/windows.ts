import type { Dtype } from "../../src/onnx/dtype.ts";
import { longs, type OnnxTensor } from "../../src/onnx/tensor.ts";
import type { Dice } from "../onnxMade.ts";
import { type Attributes, type Make, maybe, axisOf, stretch } from "./make.ts";

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

/** Operators that move a window, normalise or multiply. */
export const WINDOWS: Readonly<Record<string, Make>> = {
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
};
