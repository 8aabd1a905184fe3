import { roundEven } from "../dtype.ts";
import type { OnnxTensor } from "../tensor.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { product, step, stored } from "./shared.ts";
import { places } from "./conv.ts";

type Rule = (x: number) => number;

function reflect(x: number, low: number, high: number): number {
  const range = high - low;
  if (range <= 0) return low;
  const folded = Math.abs(x - low) % (2 * range);
  return low + (folded > range ? 2 * range - folded : folded);
}

/** Folds a place back onto the axis, or gives -1 for zeros. */
function fold(call: Call, size: number, aligned: boolean): Rule {
  const mode = call.string("padding_mode", "zeros");
  if (mode === "zeros") return (i) => (i >= 0 && i < size ? i : -1);
  if (mode === "border") return (i) => Math.max(0, Math.min(size - 1, i));
  if (mode !== "reflection") throw call.unsupported(`padding_mode "${mode}" is unknown`);
  const [low, high] = aligned ? [0, size - 1] : [-0.5, size - 0.5];
  return (i) => Math.max(0, Math.min(size - 1, Math.trunc(reflect(i, low, high) + 0)));
}

const CUBIC = -0.75;

function cubicWeights(t: number): number[] {
  const near = (d: number): number => ((CUBIC + 2) * d - (CUBIC + 3)) * d * d + 1;
  const far = (d: number): number => ((CUBIC * d - 5 * CUBIC) * d + 8 * CUBIC) * d - 4 * CUBIC;
  return [far(1 + t), near(t), near(1 - t), far(2 - t)];
}

/** Places and weights along one axis around coordinate `x`. */
function axisTaps(mode: string, x: number): (readonly [place: number, weight: number])[] {
  if (mode === "nearest") return [[roundEven(x), 1]];
  const low = Math.floor(x);
  const t = x - low;
  if (mode === "linear")
    return [
      [low, 1 - t],
      [low + 1, t],
    ];
  return cubicWeights(t).map((w, i) => [low - 1 + i, w]);
}

function gridSample(call: Call): OnnxTensor[] {
  const [x, grid] = [call.tensor(0), call.tensor(1)];
  const given = call.string("mode", "linear");
  const mode = given === "bilinear" ? "linear" : given === "bicubic" ? "cubic" : given;
  const size = x.shape.slice(2);
  const rank = size.length;
  if (!["nearest", "linear", "cubic"].includes(mode) || (mode === "cubic" && rank !== 2))
    throw call.unsupported(`mode "${given}" here`);
  const aligned = call.int("align_corners", 0) !== 0;
  const [n = 0, c = 0] = x.shape;
  const out = grid.shape.slice(1, -1);
  if (grid.shape.at(-1) !== rank || grid.shape[0] !== n)
    throw call.fault(`grid [${grid.shape}] does not fit [${x.shape}]`);
  const [plane, area, f] = [product(size), product(out), step(x.dtype)];
  const folds = size.map((extent) => fold(call, extent, aligned));
  const reflecting = call.string("padding_mode", "zeros") === "reflection";
  const clamped = call.string("padding_mode", "zeros") === "border";
  const values = new Float64Array(n * c * area);
  for (let image = 0; image < n; image++)
    for (let p = 0; p < area; p++) {
      let list: (readonly [number, number])[] = [[0, 1]];
      size.forEach((extent, axis) => {
        const g = grid.data[(image * area + p) * rank + (rank - 1 - axis)] as number;
        let at = aligned ? f(f(f(g + 1) / 2) * (extent - 1)) : f(f(f(f(g + 1) * extent) - 1) / 2);
        if (!Number.isFinite(at)) throw call.unsupported("a grid that is not finite");
        if (mode !== "cubic" && clamped) at = Math.max(0, Math.min(extent - 1, at));
        if (mode !== "cubic" && reflecting) {
          at = aligned ? reflect(at, 0, extent - 1) : reflect(at, -0.5, extent - 0.5);
          at = Math.max(0, Math.min(extent - 1, at));
        }
        const taps = axisTaps(mode, at);
        list = list.flatMap(([from, weight]) =>
          taps.map(([place, w]): readonly [number, number] => {
            const folded = (folds[axis] as Rule)(place);
            return [from < 0 || folded < 0 ? -1 : from * extent + folded, f(weight * w)];
          }),
        );
      });
      for (let channel = 0; channel < c; channel++) {
        let sum = 0;
        for (const [from, weight] of list)
          if (from >= 0) sum = f(sum + f(weight * (x.data[(image * c + channel) * plane + from] as number)));
        values[(image * c + channel) * area + p] = sum;
      }
    }
  return [stored(x.dtype, [n, c, ...out], values)];
}

function affineGrid(call: Call): OnnxTensor[] {
  const [theta, size] = [call.tensor(0), call.numbers(1) ?? []];
  const out = size.slice(2);
  const rank = out.length;
  const aligned = call.int("align_corners", 0) !== 0;
  const n = size[0] ?? 0;
  if (theta.data.length !== n * rank * (rank + 1)) throw call.fault(`theta [${theta.shape}] does not fit`);
  const f = step(theta.dtype);
  const place = (i: number, extent: number): number => {
    if (aligned && extent === 1) throw call.unsupported("align_corners along an axis of one place");
    if (aligned) return f(f((2 * i) / (extent - 1)) - 1);
    return f(f((2 * i + 1) / extent) - 1);
  };
  const all = places(out);
  const values = new Float64Array(n * all.length * rank);
  for (let image = 0; image < n; image++)
    all.forEach((index, p) => {
      const point = index.map((i, axis) => place(i, out[axis] as number)).reverse();
      for (let row = 0; row < rank; row++) {
        let sum = 0;
        [...point, 1].forEach((value, j) => {
          sum = f(sum + f((theta.data[(image * rank + row) * (rank + 1) + j] as number) * value));
        });
        values[(image * all.length + p) * rank + row] = sum;
      }
    });
  return [stored(theta.dtype, [n, ...out, rank], values)];
}

/** Sampling at free places. */
export const gridOps: readonly OnnxOp[] = [
  define("GridSample", [16, 20, 22], "align_corners mode padding_mode", gridSample),
  define("AffineGrid", [20], "align_corners", affineGrid),
];
