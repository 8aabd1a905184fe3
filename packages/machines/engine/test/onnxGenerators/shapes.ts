import type { Dtype } from "../../src/onnx/dtype.ts";
import { longs, type OnnxTensor } from "../../src/onnx/tensor.ts";
import type { Dice } from "../onnxMade.ts";
import { type Make, float, whole, number, any, maybe, axisOf, scalar, stretch } from "./make.ts";

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

const indices = (d: Dice, shape: readonly number[], extent: number): OnnxTensor => ({
  ...d.tensor("int64", shape, -extent, extent - 1),
});

/** Operators that move, choose, join and make elements. */
export const SHAPES: Readonly<Record<string, Make>> = {
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
};
