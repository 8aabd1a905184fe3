import { countOf, numbersOf, type OnnxTensor, stridesOf, zeros } from "../tensor.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { product, step, stored } from "./shared.ts";

/** How one output coordinate is made: source places and their weights; `outside` takes the extrapolation value. */
interface Tap {
  readonly from: readonly number[];
  readonly weights: readonly number[];
  readonly outside: boolean;
}

interface Axis {
  readonly size: number;
  readonly out: number;
  readonly scale: number;
  readonly roi: readonly [number, number];
}

function coordinate(call: Call, mode: string, i: number, { size, out, scale, roi }: Axis): number {
  const length = scale * size;
  if (mode === "half_pixel") return (i + 0.5) / scale - 0.5;
  if (mode === "asymmetric") return i / scale;
  if (mode === "align_corners") return length <= 1 ? 0 : (i * (size - 1)) / (length - 1);
  if (mode === "pytorch_half_pixel") return out > 1 ? (i + 0.5) / scale - 0.5 : 0;
  if (mode === "half_pixel_symmetric") return (size / 2) * (1 - out / length) + (i + 0.5) / scale - 0.5;
  if (mode === "tf_half_pixel_for_nn") return (i + 0.5) / scale;
  if (mode !== "tf_crop_and_resize") throw call.unsupported(`coordinate mode "${mode}" is unknown`);
  const [start, end] = roi;
  if (out === 1) return 0.5 * (start + end) * (size - 1);
  return start * (size - 1) + (i * (end - start) * (size - 1)) / (out - 1);
}

function nearest(call: Call, mode: string, x: number): number {
  if (mode === "floor") return Math.floor(x);
  if (mode === "ceil") return Math.ceil(x);
  const low = Math.floor(x);
  if (x - low !== 0.5) return x - low < 0.5 ? low : low + 1;
  if (mode === "round_prefer_floor") return low;
  if (mode === "round_prefer_ceil") return low + 1;
  throw call.unsupported(`nearest_mode "${mode}" is unknown`);
}

/** Before version 11 the standard names no rule: growing drops the fraction, shrinking is answered where rules agree. */
function oldNearest(call: Call, x: number, scale: number): number {
  if (scale >= 1) return Math.floor(x);
  if (Math.ceil(x) !== Math.floor(x + 0.5))
    throw call.unsupported("shrinking to nearest before version 11 by this scale");
  return Math.ceil(x);
}

function cubic(x: number, a: number): number {
  const d = Math.abs(x);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/** Weights around `x`; when shrinking with antialias the filter grows with the step. */
function taps(call: Call, mode: string, x: number, axis: Axis): Omit<Tap, "outside"> {
  const { size, scale } = axis;
  const clampPlace = (i: number): number => Math.max(0, Math.min(size - 1, i));
  if (mode === "nearest") {
    const place =
      call.opset < 11
        ? oldNearest(call, x, scale)
        : nearest(call, call.string("nearest_mode", "round_prefer_floor"), x);
    return { from: [clampPlace(place)], weights: [1] };
  }
  const a = call.float("cubic_coeff_a", -0.75);
  const reach = mode === "linear" ? 1 : 2;
  const filter = (d: number): number => (mode === "linear" ? Math.max(0, 1 - Math.abs(d)) : cubic(d, a));
  const grow = call.int("antialias", 0) !== 0 && scale < 1 ? scale : 1;
  const support = reach / grow;
  const places: number[] = [];
  for (let i = Math.ceil(x - support); i <= Math.floor(x + support); i++) places.push(i);
  let weights = places.map((i) => filter((i - x) * grow));
  if (call.int("exclude_outside", 0) !== 0)
    weights = weights.map((w, j) => (places[j] === clampPlace(places[j] as number) ? w : 0));
  const total = weights.reduce((sum, w) => sum + w, 0);
  return { from: places.map(clampPlace), weights: weights.map((w) => w / total) };
}

function axesOf(call: Call, x: OnnxTensor): Axis[] {
  const rank = x.shape.length;
  const axes = (call.ints("axes") ?? x.shape.map((_, i) => i)).map((axis) => call.axis(axis, rank));
  const legacy = call.opset < 11 || call.node.opType === "Upsample";
  const nonEmpty = (list: number[] | undefined): number[] | undefined => (list?.length === 0 ? undefined : list);
  const scales = nonEmpty(legacy ? (call.numbers(1) ?? call.floats("scales")?.slice()) : call.numbers(2));
  const sizes = legacy ? undefined : nonEmpty(call.numbers(3));
  const roi = legacy ? undefined : nonEmpty(call.numbers(1));
  if ((scales === undefined) === (sizes === undefined)) throw call.fault("it takes either scales or sizes");
  if ((scales ?? sizes)?.length !== axes.length) throw call.fault("scales or sizes do not fit the axes");
  const ratios = axes.map((axis, i) => scales?.[i] ?? (sizes?.[i] as number) / (x.shape[axis] as number));
  if (ratios.some((ratio) => !(ratio > 0 && ratio < 2 ** 20))) throw call.fault("a scale is not positive");
  const policy = call.string("keep_aspect_ratio_policy", "stretch");
  if (!["stretch", "not_larger", "not_smaller"].includes(policy))
    throw call.unsupported(`policy "${policy}" is unknown`);
  const common = policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios);
  return x.shape.map((size, axis) => {
    const i = axes.indexOf(axis);
    if (i < 0) return { size, out: size, scale: 1, roi: [0, 1] };
    const range: [number, number] = roi === undefined ? [0, 1] : [roi[i] as number, roi[i + axes.length] as number];
    const fixed = sizes !== undefined && policy !== "stretch";
    const scale = fixed ? common : (ratios[i] as number);
    const out = fixed ? Math.floor(common * size + 0.5) : (sizes?.[i] ?? Math.floor(size * scale));
    return { size, out, scale, roi: range };
  });
}

/** One axis after another: each output is a weighted sum, places ascending. */
function along(
  values: Float64Array,
  shape: readonly number[],
  axis: number,
  list: readonly Tap[],
  fill: number,
  f: (x: number) => number,
): Float64Array {
  const [outer, inner, size] = [product(shape, 0, axis), product(shape, axis + 1), shape[axis] as number];
  const result = new Float64Array(outer * list.length * inner);
  for (let o = 0; o < outer; o++)
    list.forEach(({ from, weights, outside }, p) => {
      for (let i = 0; i < inner; i++) {
        let sum = 0;
        from.forEach((place, t) => {
          const value = values[(o * size + place) * inner + i] as number;
          sum = weights.length === 1 ? value : f(sum + f((weights[t] as number) * value));
        });
        result[(o * list.length + p) * inner + i] = outside ? fill : sum;
      }
    });
  return result;
}

/** Source places of one axis that takes the nearest. */
function placesOf(call: Call, place: string, axis: Axis): number[] {
  if (axis.out === axis.size && axis.scale === 1) return Array.from({ length: axis.out }, (_, i) => i);
  return Array.from(
    { length: axis.out },
    (_, i) => taps(call, "nearest", coordinate(call, place, i, axis), axis).from[0] as number,
  );
}

/** Elements by their places along every axis. */
function picked(x: OnnxTensor, shape: readonly number[], from: readonly (readonly number[])[]): OnnxTensor {
  const result = zeros(x.dtype, shape);
  const strides = stridesOf(x.shape);
  const line = Int32Array.from(from.at(-1) ?? [0]);
  let rows = [0];
  from.slice(0, -1).forEach((places, axis) => {
    rows = rows.flatMap((base) => places.map((place) => base + place * (strides[axis] as number)));
  });
  let to = 0;
  for (const base of rows) for (const place of line) result.data[to++] = x.data[base + place] as number;
  return result;
}

function resize(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const mode = call.string("mode", "nearest");
  if (!["nearest", "linear", "cubic"].includes(mode)) throw call.unsupported(`mode "${mode}" is unknown`);
  const axes = axesOf(call, x);
  const shape = axes.map(({ out }) => out);
  countOf(shape);
  if (x.data.length === 0) throw call.unsupported("an empty tensor");
  const place = call.string("coordinate_transformation_mode", call.opset < 11 ? "asymmetric" : "half_pixel");
  const crop = place === "tf_crop_and_resize";
  if (call.opset < 11 && mode === "cubic") throw call.unsupported("cubic before version 11");
  const fill = call.float("extrapolation_value", 0);
  if (mode === "nearest" && !crop)
    return [
      picked(
        x,
        shape,
        axes.map((axis) => placesOf(call, place, axis)),
      ),
    ];
  const f = step(x.dtype);
  let values: Float64Array = Float64Array.from(numbersOf(x));
  const current = [...x.shape];
  axes.forEach((axis, i) => {
    if (axis.out === axis.size && axis.scale === 1 && !crop) return;
    const list = Array.from({ length: axis.out }, (_, j) => {
      const at = coordinate(call, place, j, axis);
      return { ...taps(call, mode, at, axis), outside: crop && (at < 0 || at > axis.size - 1) };
    });
    values = along(values, current, i, list, fill, f);
    current[i] = axis.out;
  });
  return [stored(x.dtype, shape, values)];
}

/** Resampling along axes. */
export const resizeOps: readonly OnnxOp[] = [
  define(
    "Resize",
    [10, 11, 13, 18, 19],
    "antialias axes coordinate_transformation_mode cubic_coeff_a exclude_outside extrapolation_value keep_aspect_ratio_policy mode nearest_mode",
    resize,
  ),
  define("Upsample", [7, 9, 10], "mode scales", (call) => {
    if (call.opset >= 10) throw call.unsupported("it was withdrawn in version 10; Resize took its place");
    return resize(call);
  }),
];
