import type { Attributes } from "@machines/engine/graph/ir.ts";
import { eachTap, inputColumn, inputRow, type Window, windowOf } from "@machines/engine/ops/window.ts";

/** A sliding window as `WindowReferee.Window` in Solidity. */
export interface RefereeWindow {
  readonly n: bigint;
  readonly c: bigint;
  readonly h: bigint;
  readonly w: bigint;
  readonly kernel: readonly bigint[];
  readonly strides: readonly bigint[];
  readonly pads: readonly bigint[];
  readonly dilations: readonly bigint[];
}

/** Shape and attributes of an unfold or pooling for the referee; throws InvalidInputError when no window fits. */
export function refereeWindow(shape: readonly number[], attrs: Attributes): RefereeWindow {
  const { n, c, h, w, kernel, strides, dilations } = windowOf("window", shape, attrs);
  const pads = (attrs["pads"] as readonly number[] | undefined) ?? [0, 0, 0, 0];
  const [N, C, H, W] = [n, c, h, w].map(BigInt) as [bigint, bigint, bigint, bigint];
  const all = (values: readonly number[]) => values.map(BigInt);
  return {
    n: N,
    c: C,
    h: H,
    w: W,
    kernel: all(kernel),
    strides: all(strides),
    pads: all(pads),
    dilations: all(dilations),
  };
}

/** Elements [from, from + count) of the operand that hold the window of pooled element `index`: whole rows. */
export function pooledRange(window: Window, index: number): { from: number; count: number } {
  const [rows, columns] = window.out;
  const line = Math.floor(index / columns);
  const touched: number[] = [];
  for (let i = 0; i < window.kernel[0]; i++) {
    const row = inputRow(window, line % rows, i);
    if (row >= 0 && row < window.h) touched.push(row);
  }
  const column = (index % columns) * window.strides[1] - window.pads[1];
  const beside = Array.from({ length: window.kernel[1] }, (_, j) => column + j * window.dilations[1]);
  if (touched.length === 0 || !beside.some((at) => at >= 0 && at < window.w)) return { from: 0, count: 0 };
  const [low, high] = [touched[0] as number, touched.at(-1) as number];
  const plane = Math.floor(line / rows);
  return { from: (plane * window.h + low) * window.w, count: (high - low + 1) * window.w };
}

/** Row-major indices into the matrix [C kh kw, N OH OW] of the taps that cover element `index` of [N, C, H, W], in the order of taps. */
export function foldedPlaces(window: Window, index: number): number[] {
  const { n, c, h, w, kernel, out } = window;
  const plane = Math.floor(index / (w * h));
  const [row, column] = [Math.floor(index / w) % h, index % w];
  const places: number[] = [];
  eachTap(window, (i, j, tap) => {
    for (let y = 0; y < out[0]; y++)
      for (let x = 0; x < out[1]; x++)
        if (inputRow(window, y, i) === row && inputColumn(window, x, j) === column) {
          const line = (plane % c) * kernel[0] * kernel[1] + tap;
          places.push((line * n + Math.floor(plane / c)) * out[0] * out[1] + y * out[1] + x);
        }
  });
  return places;
}
