import { isLong } from "../dtype.ts";
import { engineOp } from "../kernels.ts";
import * as math from "../math.ts";
import { longs, numbersOf, type OnnxTensor, zeros } from "../tensor.ts";
import { places, type Slide, slideOf, tapsOf } from "./conv.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { laneSum, product, step, stored } from "./shared.ts";

interface Pool {
  readonly x: OnnxTensor;
  readonly size: readonly number[];
  readonly slide: Slide;
  readonly shape: readonly number[];
}

function poolOf(call: Call): Pool {
  const x = call.tensor(0);
  const size = x.shape.slice(2);
  const kernel = call.ints("kernel_shape");
  if (kernel === undefined || kernel.length !== size.length || kernel.some((k) => k < 1))
    throw call.fault("kernel_shape does not fit");
  const slide = slideOf(call, size, kernel);
  return { x, size, slide, shape: [...x.shape.slice(0, 2), ...slide.out] };
}

/** Calls `visit` for every window of every plane with the offsets of its taps, padding as -1. */
function eachWindow({ x, size, slide }: Pool, visit: (to: number, taps: readonly number[]) => void): void {
  const offset = tapsOf(slide, size);
  const [taps, plane, area] = [product(slide.kernel), product(size), product(slide.out)];
  const windows = places(slide.out).map((place) => Array.from({ length: taps }, (_, tap) => offset(place, tap)));
  for (let p = 0; p < product(x.shape, 0, 2); p++)
    windows.forEach((window, i) => {
      visit(
        p * area + i,
        window.map((at) => (at < 0 ? -1 : p * plane + at)),
      );
    });
}

function maxPool(call: Call): OnnxTensor[] {
  const pool = poolOf(call);
  const { x, size, slide } = pool;
  call.expectKind(x, "float", "int", "uint");
  const ceil = call.int("ceil_mode", 0) !== 0;
  if (!call.wants(1) && x.dtype === "float32" && size.length === 2 && !ceil && x.data.length > 0) {
    const attrs = {
      kernel: [...slide.kernel],
      strides: [...slide.strides],
      dilations: [...slide.dilations],
      pads: [...slide.before, ...slide.after],
    };
    const work = product(pool.shape) * product(slide.kernel);
    return [
      {
        dtype: x.dtype,
        shape: pool.shape,
        data: engineOp("maxpool", [{ shape: x.shape, values: x.data as Float32Array }], attrs, work),
      },
    ];
  }
  const result = zeros(x.dtype, pool.shape);
  const chosen = new Array<number>(result.data.length).fill(0);
  eachWindow(pool, (to, taps) => {
    let best = -1;
    for (const at of taps)
      if (at >= 0 && (best < 0 || (x.data[at] as number) > (x.data[best] as number) || Number.isNaN(x.data[at])))
        best = at;
    if (best < 0) throw call.unsupported("a window that lies wholly on the padding");
    result.data[to] = x.data[best] as number;
    chosen[to] = best;
  });
  if (call.int("storage_order", 0) === 0) return [result, longs(chosen, pool.shape)];
  if (size.length !== 2) throw call.unsupported("storage_order = 1 other than on [N, C, H, W]");
  const [h, w] = size as [number, number];
  const columns = chosen.map((at) => at - (at % (h * w)) + (at % w) * h + (Math.floor(at / w) % h));
  return [result, longs(columns, pool.shape)];
}

function averagePool(call: Call): OnnxTensor[] {
  const pool = poolOf(call);
  const { x, slide, size } = pool;
  call.expectKind(x, "float");
  const f = step(x.dtype);
  const padding = call.int("count_include_pad", 0) !== 0;
  const values = new Float64Array(product(pool.shape));
  const all = places(slide.out).map((place) => paddedTaps(slide, size, place));
  eachWindow(pool, (to, taps) => {
    let [sum, count] = [0, 0];
    for (const at of taps)
      if (at >= 0) {
        sum = f(sum + (x.data[at] as number));
        count++;
      }
    values[to] = f(sum / (padding ? (all[to % all.length] as number) : count));
  });
  return [stored(x.dtype, pool.shape, values)];
}

/** Taps of a window on the plane or its padding; what ceil_mode adds beyond does not count. */
function paddedTaps(
  { kernel, strides, dilations, before, after }: Slide,
  size: readonly number[],
  place: readonly number[],
): number {
  return product(
    kernel.map((k, i) => {
      const start = (place[i] as number) * (strides[i] as number) - (before[i] as number);
      const end = (size[i] as number) + (after[i] as number);
      return Math.min(k, Math.max(0, Math.ceil((end - start) / (dilations[i] as number))));
    }),
  );
}

function lpPool(call: Call): OnnxTensor[] {
  const pool = poolOf(call);
  const { x } = pool;
  const p = call.int("p", 2);
  const f = step(x.dtype);
  const values = new Float64Array(product(pool.shape));
  eachWindow(pool, (to, taps) => {
    let sum = 0;
    for (const at of taps) if (at >= 0) sum = f(sum + f(math.pow(Math.abs(x.data[at] as number), p)));
    values[to] = p === 1 ? sum : p === 2 ? f(Math.sqrt(sum)) : f(math.pow(sum, 1 / p));
  });
  return [stored(x.dtype, pool.shape, values)];
}

function wholePlane(
  name: string,
  rule: (values: readonly number[], call: Call, f: (x: number) => number) => number,
): OnnxOp {
  return define(name, [1, 2, 22], name === "GlobalLpPool" ? "p" : "", (call) => {
    const x = call.tensor(0);
    call.expectKind(x, "float");
    const plane = product(x.shape, 2);
    const f = step(x.dtype);
    const count = product(x.shape, 0, 2);
    const values = Array.from({ length: count }, (_, i) =>
      rule(Array.from((x.data as Float32Array).subarray(i * plane, (i + 1) * plane)), call, f),
    );
    return [stored(x.dtype, [...x.shape.slice(0, 2), ...x.shape.slice(2).map(() => 1)], values)];
  });
}

function maxUnpool(call: Call): OnnxTensor[] {
  const [x, indices] = [call.tensor(0), numbersOf(call.tensor(1))];
  const kernel = call.ints("kernel_shape") ?? [];
  const strides = call.ints("strides") ?? kernel.map(() => 1);
  const pads = call.ints("pads") ?? kernel.flatMap(() => [0, 0]);
  const natural = kernel.map(
    (k, i) =>
      ((x.shape[i + 2] ?? 1) - 1) * (strides[i] as number) +
      k -
      (pads[i] as number) -
      (pads[i + kernel.length] as number),
  );
  const inferred = [...x.shape.slice(0, 2), ...natural];
  const shape = call.numbers(2) ?? inferred;
  if (isLong(x.dtype) || shape.length !== inferred.length) throw call.unsupported("this form");
  const result = zeros(x.dtype, shape);
  const [from, to] = [product(inferred, 2), product(shape, 2)];
  const [width, wide] = [inferred.at(-1) as number, shape.at(-1) as number];
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i] as number;
    const place = index % from;
    // With an explicit shape, indices still count in the natural one.
    const at =
      from === to
        ? index
        : Math.floor(index / from) * to + moved(place, inferred.slice(2), shape.slice(2), width, wide);
    if (!(at >= 0 && at < result.data.length)) throw call.fault(`index ${index} is outside of the output`);
    result.data[at] = x.data[i] as number;
  }
  return [result];
}

function moved(place: number, from: readonly number[], to: readonly number[], width: number, wide: number): number {
  if (from.length !== 2 || to.length !== 2) return -1;
  return Math.floor(place / width) * wide + (place % width);
}

const POOL = "auto_pad ceil_mode dilations kernel_shape pads strides";

/** Pooling; sums take taps in ascending order from +0. */
export const poolOps: readonly OnnxOp[] = [
  define("MaxPool", [1, 8, 10, 11, 12, 22], `${POOL} storage_order`, maxPool),
  define("AveragePool", [7, 10, 11, 19, 22], `${POOL} count_include_pad`, averagePool),
  define("LpPool", [2, 11, 18, 22], `${POOL} p`, lpPool),
  define("MaxUnpool", [9, 11, 22], "kernel_shape pads strides", maxUnpool),
  wholePlane("GlobalAveragePool", (v, _, f) => f(laneSum(v, 0, v.length, 1, f) / v.length)),
  wholePlane("GlobalMaxPool", (v) => v.reduce((a, b) => (b > a || Number.isNaN(b) ? b : a), Number.NEGATIVE_INFINITY)),
  wholePlane("GlobalLpPool", (v, call, f) => {
    const p = call.int("p", 2);
    const powers = v.map((x) => f(math.pow(Math.abs(x), p)));
    return f(math.pow(laneSum(powers, 0, powers.length, 1, f), 1 / p));
  }),
];
