import { InvalidInputError } from "@base/errors";
import type { Attributes, Shape } from "../graph/ir.ts";
import { ranges } from "../threads/tape.ts";
import { bump, i32, v128, when, whileLoop } from "../wasm/code.ts";
import type { Code, FunctionBuilder, Local } from "../wasm/emit.ts";
import type { Stage } from "./op.ts";

/** How a window slides over the last two axes of [N, C, H, W]. */
export interface Window {
  readonly n: number;
  readonly c: number;
  readonly h: number;
  readonly w: number;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  /** Top and left. */
  readonly pads: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Extents of the output plane. */
  readonly out: readonly [number, number];
}

function integers(
  op: string,
  attrs: Attributes,
  name: string,
  count: number,
  fallback: number,
  least: number,
): number[] {
  const value = attrs[name] ?? new Array<number>(count).fill(fallback);
  const sound =
    Array.isArray(value) &&
    value.length === count &&
    value.every((n) => Number.isSafeInteger(n) && n >= least && n < 65_536);
  if (!sound) throw new InvalidInputError(`${op} needs attrs.${name}: ${count} whole numbers of at least ${least}.`);
  return value as number[];
}

/**
 * Reads `kernel` [kh, kw], `strides`, `pads` [top, left, bottom, right] and `dilations` (ONNX meaning) for an
 * input of shape [N, C, H, W]; throws InvalidInputError when no window fits.
 */
export function windowOf(op: string, shape: Shape, attrs: Attributes): Window {
  if (shape.length !== 4) throw new InvalidInputError(`${op} takes [N, C, H, W], not shape [${shape}].`);
  const [n, c, h, w] = shape as readonly [number, number, number, number];
  const kernel = integers(op, attrs, "kernel", 2, 0, 1) as [number, number];
  const strides = integers(op, attrs, "strides", 2, 1, 1) as [number, number];
  const dilations = integers(op, attrs, "dilations", 2, 1, 1) as [number, number];
  const [top, left, bottom, right] = integers(op, attrs, "pads", 4, 0, 0) as [number, number, number, number];
  const extent = (size: number, axis: 0 | 1, before: number, after: number): number =>
    Math.floor((size + before + after - dilations[axis] * (kernel[axis] - 1) - 1) / strides[axis]) + 1;
  const out = [extent(h, 0, top, bottom), extent(w, 1, left, right)] as const;
  if (out[0] < 1 || out[1] < 1)
    throw new InvalidInputError(`${op}: a window of [${kernel}] does not fit into [${h}, ${w}].`);
  return { n, c, h, w, kernel, strides, pads: [top, left], dilations, out };
}

/** Row of the input under output row `y` for kernel row `i`; may lie outside. */
export function inputRow({ strides, pads, dilations }: Window, y: number, i: number): number {
  return y * strides[0] - pads[0] + i * dilations[0];
}

/** Column of the input under output column `x` for kernel column `j`; may lie outside. */
export function inputColumn({ strides, pads, dilations }: Window, x: number, j: number): number {
  return x * strides[1] - pads[1] + j * dilations[1];
}

/** Calls `visit` for every kernel tap, rows first: the order in which taps are summed. */
export function eachTap({ kernel }: Window, visit: (i: number, j: number, tap: number) => void): void {
  for (let i = 0; i < kernel[0]; i++) for (let j = 0; j < kernel[1]; j++) visit(i, j, i * kernel[1] + j);
}

/** First and last + 1 of the output places along one axis whose tap falls on the plane. */
function onPlane(size: number, out: number, stride: number, pad: number, offset: number): [from: number, to: number] {
  const from = Math.max(0, Math.ceil((pad - offset) / stride));
  const to = Math.min(out, Math.floor((size - 1 + pad - offset) / stride) + 1);
  return [from, Math.max(from, to)];
}

/** Rows of the output plane, `from` up to but not including `to`. */
export type Rows = readonly [from: number, to: number];

/**
 * The arguments of {@link tapLoop} for tap (i, j) of a plane at `plane` and output rows at `out` (all rows unless
 * said, the first of them at `out`): only places whose tap falls on the plane, all of it in bytes.
 */
export function tapArguments(window: Window, i: number, j: number, plane: number, out: number, rows?: Rows): number[] {
  const { strides, pads, dilations, h, w } = window;
  const [low, high] = rows ?? [0, window.out[0]];
  let [y, end] = onPlane(h, window.out[0], strides[0], pads[0], i * dilations[0]);
  [y, end] = [Math.max(y, low), Math.min(end, high)];
  const [x, last] = onPlane(w, window.out[1], strides[1], pads[1], j * dilations[1]);
  const from = plane + (inputRow(window, y, i) * w + inputColumn(window, x, j)) * 4;
  const to = out + ((y - low) * window.out[1] + x) * 4;
  return [from, to, Math.max(0, end - y), last - x, strides[0] * w * 4, window.out[1] * 4, strides[1] * 4];
}

/** Whether some tap falls on padding. */
export function isPadded(window: Window): boolean {
  const { h, w, kernel, out } = window;
  const [bottom, right] = [inputRow(window, out[0] - 1, kernel[0] - 1), inputColumn(window, out[1] - 1, kernel[1] - 1)];
  return window.pads[0] > 0 || window.pads[1] > 0 || bottom >= h || right >= w;
}

/** Parameter types that go with {@link tapArguments}. */
export const TAP_PARAMETERS = new Array<"i32">(7).fill("i32");

const EVEN = [0, 2, 4, 6].flatMap((word) => [0, 1, 2, 3].map((byte) => word * 4 + byte));

/**
 * One kernel tap over one plane: `one(input address, output address)` for every place in order, or, where `four` is
 * given and the stride is 1 or 2, four places at once with their inputs as a vector.
 */
export function tapLoop(
  f: FunctionBuilder,
  one: (input: Local, output: Local) => Code,
  four?: (inputs: Code, output: Local) => Code,
): Code {
  const [plane, out, rows, columns] = [f.param(0), f.param(1), f.param(2), f.param(3)];
  const [rowFrom, rowTo, step] = [f.param(4), f.param(5), f.param(6)];
  const [from, to, left] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const wide = (by: number, inputs: Code): Code =>
    four === undefined
      ? []
      : when(
          i32.eq(step.get, i32.const(by)),
          whileLoop(
            i32.geU(left.get, i32.const(4)),
            four(inputs, to),
            bump(from, by * 4),
            bump(to, 16),
            bump(left, -4),
          ),
        );
  return whileLoop(
    rows.get,
    from.set(plane.get),
    to.set(out.get),
    left.set(columns.get),
    wide(4, v128.load(from.get)),
    wide(8, v128.shuffle(v128.load(from.get), v128.load(from.get, 16), EVEN)),
    whileLoop(left.get, one(from, to), from.set(i32.add(from.get, step.get)), bump(to, 4), bump(left, -1)),
    plane.set(i32.add(plane.get, rowFrom.get)),
    out.set(i32.add(out.get, rowTo.get)),
    bump(rows, -1),
  );
}

/** Calls `run` for every tap over the plane at `plane` and output rows at `out`; the arguments are computed once. */
export function tapRunner(window: Window, run: (...args: number[]) => void, rows?: Rows) {
  const list: number[][] = [];
  eachTap(window, (i, j) => list.push(tapArguments(window, i, j, 0, 0, rows)));
  return (plane: number, out: number): void => {
    for (const [from, to, ...rest] of list) run(plane + (from as number), out + (to as number), ...rest);
  };
}

/** Elements that are worth a task of their own. */
const GRAIN = 16_384;

/** One call of `visit(input plane, output plane, places of the output plane)` per image and channel, in about `parts` tasks. */
export function planeTasks(
  window: Window,
  x: number,
  y: number,
  parts: number,
  visit: (from: number, to: number, area: number) => void,
): Stage[] {
  const [input, area] = [window.h * window.w, window.out[0] * window.out[1]];
  const grain = Math.max(1, Math.ceil(GRAIN / Math.max(1, input)));
  return [
    ranges(window.n * window.c, parts, grain).map(([from, to]) => () => {
      for (let plane = from; plane < to; plane++) visit(x + plane * input * 4, y + plane * area * 4, area);
    }),
  ];
}
