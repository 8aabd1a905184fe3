import { bitsOf } from "../../bits.ts";
import { sizeOf } from "../../graph/ir.ts";
import { ranges } from "../../threads/tape.ts";
import { bump, f32x4, i32, i32x4, v128, whileLoop } from "../../wasm/code.ts";
import { GRAIN } from "../elementwise.ts";
import type { Kernel } from "../op.ts";
import { limitsOf } from "./reference.ts";

/** Four lanes at a time; NaN comes canonical and leaves so. */
export const kernel: Kernel = {
  emit(module) {
    // x, out, count, bits of the limits
    module.function("clip", ["i32", "i32", "i32", "i32", "i32"], (f) => {
      const [x, out, count, low, high] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4)];
      const end = f.local("i32");
      const [least, most] = [f.local("v128"), f.local("v128")];
      f.body(
        end.set(i32.add(out.get, i32.shl(count.get, 2))),
        least.set(i32x4.splat(low.get)),
        most.set(i32x4.splat(high.get)),
        whileLoop(
          i32.ltU(out.get, end.get),
          v128.store(out.get, f32x4.pmin(f32x4.pmax(v128.load(x.get), least.get), most.get)),
          bump(x, 16),
          bump(out, 16),
        ),
      );
    });
  },
  bind(exports, inputs, output, attrs, scratch) {
    const [stage] = kernel.split?.(exports, inputs, output, attrs, scratch, 1) ?? [];
    return stage?.[0] ?? (() => {});
  },
  split(exports, [x], output, attrs, _scratch, parts) {
    const run = exports.clip as (...args: number[]) => void;
    const from = (x as { at: number }).at;
    const [low, high] = limitsOf(attrs).map((limit) => bitsOf(limit) | 0) as [number, number];
    return [
      ranges(sizeOf(output.shape), parts, GRAIN).map(
        ([start, end]) =>
          () =>
            run(from + start * 4, output.at + start * 4, end - start, low, high),
      ),
    ];
  },
};
