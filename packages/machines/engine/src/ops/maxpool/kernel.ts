import { sizeOf } from "../../graph/ir.ts";
import { f32, f32x4, v128 } from "../../wasm/code.ts";
import type { Kernel } from "../op.ts";
import { eachTap, TAP_PARAMETERS, tapArguments, tapLoop, windowOf } from "../window.ts";

const MINUS_INFINITY = 0xff800000;

/** One tap over one plane per call, onto a result that starts at -inf. */
export const kernel: Kernel = {
  emit(module) {
    module.function("maxpool", TAP_PARAMETERS, (f) => {
      const [x, most] = [f.local("v128"), f.local("v128")];
      f.body(
        tapLoop(
          f,
          (from, to) => {
            const takes = v128.or(f32x4.gt(x.get, most.get), v128.not(f32x4.eq(x.get, x.get)));
            const loads = [...x.set(v128.load32Splat(from.get)), ...most.set(v128.load32Splat(to.get))];
            return [...loads, ...f32.store(to.get, f32x4.lane0(v128.select(x.get, most.get, takes)))];
          },
          () => [],
        ),
      );
    });
  },
  bind(exports, [x], output, attrs) {
    const run = exports.maxpool as (...args: number[]) => void;
    const fill = exports.fill as (...args: number[]) => void;
    const { shape, at } = x as { shape: readonly number[]; at: number };
    const window = windowOf("maxpool", shape, attrs);
    const [from, to] = [window.h * window.w * 4, window.out[0] * window.out[1] * 4];
    return () => {
      fill(output.at, sizeOf(output.shape), MINUS_INFINITY);
      for (let plane = 0; plane < window.n * window.c; plane++)
        eachTap(window, (i, j) => run(at + plane * from, output.at + plane * to, ...tapArguments(window, i, j)));
    };
  },
};
