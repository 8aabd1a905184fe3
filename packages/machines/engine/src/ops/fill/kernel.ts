import { bitsOf } from "../../bits.ts";
import { sizeOf } from "../../graph/ir.ts";
import { bump, i32, i32x4, v128, whileLoop } from "../../wasm/code.ts";
import type { Kernel } from "../op.ts";

/** Stores the bit pattern, four at a time and never beyond the end. */
export const kernel: Kernel = {
  emit(module) {
    // out, count, bits
    module.function("fill", ["i32", "i32", "i32"], (f) => {
      const [out, count, bits, end] = [f.param(0), f.param(1), f.param(2), f.local("i32")];
      f.body(
        end.set(i32.add(out.get, i32.shl(i32.and(count.get, i32.const(-4)), 2))),
        whileLoop(i32.ltU(out.get, end.get), v128.store(out.get, i32x4.splat(bits.get)), bump(out, 16)),
        end.set(i32.add(out.get, i32.shl(i32.and(count.get, i32.const(3)), 2))),
        whileLoop(i32.ltU(out.get, end.get), i32.store(out.get, bits.get), bump(out, 4)),
      );
    });
  },
  bind(exports, _inputs, output, attrs) {
    const run = exports.fill as (...args: number[]) => void;
    const bits = bitsOf(Math.fround(attrs.value as number));
    const count = sizeOf(output.shape);
    return () => run(output.at, count, bits);
  },
};
