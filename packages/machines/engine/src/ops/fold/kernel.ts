import { sizeOf } from "../../graph/ir.ts";
import { canonical, f32, f32x4 } from "../../wasm/code.ts";
import type { Kernel } from "../op.ts";
import { eachTap, TAP_PARAMETERS, tapArguments, tapLoop, windowOf } from "../window.ts";

/** Adds one tap of one plane per call, taps ascending, onto a plane that starts at +0. */
export const kernel: Kernel = {
  emit(module) {
    module.function("fold", TAP_PARAMETERS, (f) => {
      f.body(
        tapLoop(f, (to, from) => {
          const sum = f32x4.splat(f32.add(f32.load(to.get), f32.load(from.get)));
          return f32.store(to.get, f32x4.lane0(canonical(f, sum)));
        }),
      );
    });
  },
  bind(exports, [columns], output, attrs) {
    const run = exports.fold as (...args: number[]) => void;
    const fill = exports.fill as (...args: number[]) => void;
    const from = (columns as { at: number }).at;
    const window = windowOf("fold", output.shape, attrs);
    const { n, c, h, w, kernel: size, out } = window;
    const [area, taps] = [out[0] * out[1], size[0] * size[1]];
    return () => {
      fill(output.at, sizeOf(output.shape), 0);
      for (let image = 0; image < n; image++)
        for (let channel = 0; channel < c; channel++)
          eachTap(window, (i, j, tap) => {
            const row = from + ((channel * taps + tap) * n + image) * area * 4;
            run(...tapArguments(window, i, j, output.at + (image * c + channel) * h * w * 4, row));
          });
    };
  },
};
