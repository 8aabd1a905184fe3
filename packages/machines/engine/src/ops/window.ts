import { InvalidInputError } from "@base/errors";
import type { Attributes, Shape } from "../graph/ir.ts";
import { i32, whileLoop } from "../wasm/code.ts";
import type { Code, FunctionBuilder, Local } from "../wasm/emit.ts";

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

/** The arguments of {@link tapLoop} after its two addresses: output plane, first input row and column, strides, input plane. */
export function tapArguments(window: Window, i: number, j: number): number[] {
  const { out, strides, h, w } = window;
  return [out[0], out[1], inputRow(window, 0, i), inputColumn(window, 0, j), strides[0], strides[1], h, w];
}

/** Parameter types that go with {@link tapArguments}: plane address, output address, eight numbers. */
export const TAP_PARAMETERS = new Array<"i32">(10).fill("i32");

/**
 * One kernel tap over one plane: for every output place in order, `inside(input address, output address)` when
 * the tap falls on the plane, `outside(output address)` when it falls on the padding.
 */
export function tapLoop(
  f: FunctionBuilder,
  inside: (input: Local, output: Local) => Code,
  outside: (output: Local) => Code,
): Code {
  const [plane, to, rows, columns, firstRow, firstColumn] = [0, 1, 2, 3, 4, 5].map((i) => f.param(i)) as Local[] as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const [strideY, strideX, h, w] = [f.param(6), f.param(7), f.param(8), f.param(9)];
  const [y, x, left, at] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  const onRow = [...i32.ltU(y.get, h.get)];
  const onPlane: Code = i32.and(onRow, i32.ltU(x.get, w.get));
  const address = i32.add(plane.get, i32.shl(i32.add(i32.mul(y.get, w.get), x.get), 2));
  return [
    ...y.set(firstRow.get),
    ...whileLoop(
      rows.get,
      x.set(firstColumn.get),
      left.set(columns.get),
      whileLoop(
        left.get,
        [...onPlane, 0x04, 0x40, ...at.set(address), ...inside(at, to), 0x05, ...outside(to), 0x0b],
        to.set(i32.add(to.get, i32.const(4))),
        x.set(i32.add(x.get, strideX.get)),
        left.set(i32.sub(left.get, i32.const(1))),
      ),
      y.set(i32.add(y.get, strideY.get)),
      rows.set(i32.sub(rows.get, i32.const(1))),
    ),
  ];
}
