import type { Dtype } from "../../src/onnx/dtype.ts";
import { longs, type OnnxTensor } from "../../src/onnx/tensor.ts";
import type { Dice } from "../onnxMade.ts";
import { type Make, maybe, scalar, binary } from "./make.ts";

const quantised = (d: Dice, shape: readonly number[], type: Dtype): OnnxTensor =>
  d.tensor(type, shape, type === "int8" ? -20 : 0, 20);

const scaleOf = (d: Dice, shape: readonly number[] = []): OnnxTensor => d.tensor("float32", shape, 0.05, 0.5);

const loss =
  (outputs: number): Make =>
  (d) => {
    const [n, c, k] = [d.whole(1, 3), d.whole(2, 4), d.whole(1, 3)];
    return {
      opset: d.pick(12, 13),
      inputs: [
        d.tensor("float32", [n, c, k]),
        d.tensor("int64", [n, k], 0, c - 1),
        d.coin() ? d.tensor("float32", [c], 0.1, 1) : undefined,
      ],
      attributes: maybe(d, { reduction: d.pick("none", "sum", "mean"), ignore_index: d.whole(0, c - 1) }),
      outputs,
    };
  };

/** Operators on quantised numbers, boxes, losses, signals and texts. */
export const SIGNALS: Readonly<Record<string, Make>> = {
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
  NegativeLogLikelihoodLoss: loss(1),
  SoftmaxCrossEntropyLoss: loss(2),
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
};
