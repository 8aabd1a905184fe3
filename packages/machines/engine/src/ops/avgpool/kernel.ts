import { bitsOf } from "../../bits.ts";
import { sizeOf } from "../../graph/ir.ts";
import { bump, canonical, f32, f32x4, i32, i32x4, v128, whileLoop } from "../../wasm/code.ts";
import type { Kernel } from "../op.ts";
import { eachTap, planeTasks, TAP_PARAMETERS, tapArguments, tapLoop, windowOf } from "../window.ts";

/** Taps are added plane by plane, then everything is divided. */
export const kernel: Kernel = {
  emit(module) {
    module.function("avgpool", TAP_PARAMETERS, (f) => {
      f.body(
        tapLoop(
          f,
          (from, to) => f32.store(to.get, f32.add(f32.load(to.get), f32.load(from.get))),
          (inputs, to) => v128.store(to.get, f32x4.add(v128.load(to.get), inputs)),
        ),
      );
    });
    // out, count, bits of the divisor
    module.function("avgpool.divide", ["i32", "i32", "i32"], (f) => {
      const [out, count, bits, end] = [f.param(0), f.param(1), f.param(2), f.local("i32")];
      const divisor = i32x4.splat(bits.get);
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
  bind(exports, inputs, output, attrs, scratch) {
    const stages = kernel.split?.(exports, inputs, output, attrs, scratch, 1) ?? [];
    return () => {
      for (const stage of stages) for (const task of stage) task();
    };
  },
  split(exports, [x], output, attrs, _scratch, parts) {
    const run = exports.avgpool as (...args: number[]) => void;
    const divide = exports["avgpool.divide"] as (...args: number[]) => void;
    const fill = exports.fill as (...args: number[]) => void;
    const { shape, at } = x as { shape: readonly number[]; at: number };
    const window = windowOf("avgpool", shape, attrs);
    const [count, divisor] = [sizeOf(output.shape), bitsOf(window.kernel[0] * window.kernel[1])];
    return [
      ...planeTasks(window, at, output.at, parts, (from, to, area) => {
        fill(to, area, 0);
        eachTap(window, (i, j) => run(...tapArguments(window, i, j, from, to)));
      }),
      [() => divide(output.at, count, divisor)],
    ];
  },
};
