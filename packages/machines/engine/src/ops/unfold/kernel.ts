import { f32, v128 } from "../../wasm/code.ts";
import { gather } from "../elementwise.ts";
import type { Exports, Kernel } from "../op.ts";
import {
  eachTap,
  isPadded,
  type Rows,
  TAP_PARAMETERS,
  tapArguments,
  tapLoop,
  type Window,
  windowOf,
} from "../window.ts";

/** Where the columns of one image go: the matrix, how long its rows are, and the output rows that are wanted. */
export interface Unfolded {
  readonly to: number;
  readonly columns: number;
  readonly rows: Rows;
}

/** Fills the columns of channels `from` to `to` of the image whose planes begin at `x`. */
export function unfoldImage(
  exports: Exports,
  window: Window,
  x: number,
  channels: readonly [from: number, to: number],
  { to, columns, rows }: Unfolded,
): void {
  const run = exports.unfold as (...args: number[]) => void;
  const fill = exports.fill as (...args: number[]) => void;
  const taps = window.kernel[0] * window.kernel[1];
  const wanted = (rows[1] - rows[0]) * window.out[1];
  const padded = isPadded(window);
  for (let channel = channels[0]; channel < channels[1]; channel++) {
    const plane = x + channel * window.h * window.w * 4;
    eachTap(window, (i, j, tap) => {
      const row = to + ((channel - channels[0]) * taps + tap) * columns * 4;
      if (padded) fill(row, wanted, 0);
      run(...tapArguments(window, i, j, plane, row, rows));
    });
  }
}

/** One row of the matrix per call and image: copies of pieces of the plane's rows. */
export const kernel: Kernel = {
  emit(module) {
    module.function("unfold", TAP_PARAMETERS, (f) => {
      f.body(
        tapLoop(
          f,
          (from, to) => f32.store(to.get, f32.load(from.get)),
          (inputs, to) => v128.store(to.get, inputs),
        ),
      );
    });
  },
  bind(exports, inputs, output, attrs, scratch) {
    const [stage] = kernel.split?.(exports, inputs, output, attrs, scratch, 1) ?? [];
    return stage?.[0] ?? (() => {});
  },
  split(exports, [x], output, attrs, _scratch, parts) {
    const { shape, at } = x as { shape: readonly number[]; at: number };
    const window = windowOf("unfold", shape, attrs);
    const { n, c, h, w, kernel: size, out } = window;
    const area = out[0] * out[1];
    const taps = size[0] * size[1];
    const tasks = Array.from({ length: n * c }, (_, index) => () => {
      const [image, channel] = [Math.floor(index / c), index % c];
      const to = output.at + (channel * taps * n * area + image * area) * 4;
      const place = { to, columns: n * area, rows: [0, out[0]] as const };
      unfoldImage(exports, window, at + image * c * h * w * 4, [channel, channel + 1], place);
    });
    return [gather(tasks, Math.max(1, Math.min(parts, Math.floor((n * c * area * taps) / 16_384))))];
  },
};
