import { bitsOf } from "../../bits.ts";
import { sizeOf } from "../../graph/ir.ts";
import { bump, canonical, f32, f32x4, i32, v128, whileLoop } from "../../wasm/code.ts";
import type { Kernel } from "../op.ts";
import { eachTap, TAP_PARAMETERS, tapArguments, tapLoop, windowOf } from "../window.ts";

/** Taps are added plane by plane, then everything is divided. */
export const kernel: Kernel = {
  emit(module) {
    module.function("avgpool", TAP_PARAMETERS, (f) => {
      const inside = (from: { get: readonly number[] }, to: { get: readonly number[] }) =>
        f32.store(to.get, f32.add(f32.load(to.get), f32.load(from.get)));
      f.body(tapLoop(f, inside, () => []));
    });
    // out, count, bits of the divisor
    module.function("avgpool.divide", ["i32", "i32", "i32"], (f) => {
      const [out, count, bits, end] = [f.param(0), f.param(1), f.param(2), f.local("i32")];
      const divisor = [...bits.get, 0xfd, 0x11]; // i32x4.splat
      f.body(
        end.set(i32.add(out.get, i32.shl(count.get, 2))),
        whileLoop(
          i32.ltU(out.get, end.get),
          v128.store(out.get, canonical(f, f32x4.div(v128.load(out.get), divisor))),
          bump(out, 16),
        ),
      );
    });
  },
  bind(exports, [x], output, attrs) {
    const run = exports.avgpool as (...args: number[]) => void;
    const divide = exports["avgpool.divide"] as (...args: number[]) => void;
    const fill = exports.fill as (...args: number[]) => void;
    const { shape, at } = x as { shape: readonly number[]; at: number };
    const window = windowOf("avgpool", shape, attrs);
    const [from, to] = [window.h * window.w * 4, window.out[0] * window.out[1] * 4];
    const [count, divisor] = [sizeOf(output.shape), bitsOf(window.kernel[0] * window.kernel[1])];
    return () => {
      fill(output.at, count, 0);
      for (let plane = 0; plane < window.n * window.c; plane++)
        eachTap(window, (i, j) => run(at + plane * from, output.at + plane * to, ...tapArguments(window, i, j)));
      divide(output.at, count, divisor);
    };
  },
};
