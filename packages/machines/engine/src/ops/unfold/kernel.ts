import { f32, i32 } from "../../wasm/code.ts";
import type { Exports, Kernel } from "../op.ts";
import { eachTap, TAP_PARAMETERS, tapArguments, tapLoop, type Window, windowOf } from "../window.ts";

/** Fills the columns of image `image`, channels `from` to `to`, of an unfolded matrix whose rows are `columns` long. */
export function unfoldImage(
  exports: Exports,
  window: Window,
  x: number,
  to: number,
  image: number,
  channels: readonly [from: number, to: number],
  columns: number,
  firstColumn: number,
): void {
  const run = exports.unfold as (...args: number[]) => void;
  const { c, h, w, kernel } = window;
  const taps = kernel[0] * kernel[1];
  for (let channel = channels[0]; channel < channels[1]; channel++) {
    const plane = x + (image * c + channel) * h * w * 4;
    eachTap(window, (i, j, tap) => {
      const row = (channel - channels[0]) * taps + tap;
      run(plane, to + (row * columns + firstColumn) * 4, ...tapArguments(window, i, j));
    });
  }
}

/** One row of the matrix per call and image. */
export const kernel: Kernel = {
  emit(module) {
    module.function("unfold", TAP_PARAMETERS, (f) => {
      f.body(
        tapLoop(
          f,
          (from, to) => i32.store(to.get, i32.load(from.get)),
          (to) => f32.store(to.get, i32AsZero),
        ),
      );
    });
  },
  bind(exports, [x], output, attrs) {
    const { shape, at } = x as { shape: readonly number[]; at: number };
    const window = windowOf("unfold", shape, attrs);
    const area = window.out[0] * window.out[1];
    return () => {
      for (let image = 0; image < window.n; image++)
        unfoldImage(exports, window, at, output.at, image, [0, window.c], window.n * area, image * area);
    };
  },
};

/** The binary32 constant +0. */
const i32AsZero = [0x43, 0, 0, 0, 0];
