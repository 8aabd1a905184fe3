import type { Attributes } from "@machines/engine/graph/ir.ts";
import { inputRow, type Window, windowOf } from "@machines/engine/ops/window.ts";

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
