import { bump, canonical, f32, f32x4, i32, v128, whileLoop } from "../../wasm/code.ts";
import type { Kernel } from "../op.ts";

/** One output row (one input column) after the other. */
export const kernel: Kernel = {
  emit(module) {
    // x, out, m, n
    module.function("transpose", ["i32", "i32", "i32", "i32"], (f) => {
      const [x, out, m, n] = [f.param(0), f.param(1), f.param(2), f.param(3)];
      const [from, end, last] = [f.local("i32"), f.local("i32"), f.local("i32")];
      f.body(
        last.set(i32.add(x.get, i32.shl(n.get, 2))),
        whileLoop(
          i32.ltU(x.get, last.get),
          from.set(x.get),
          end.set(i32.add(out.get, i32.shl(m.get, 2))),
          whileLoop(
            i32.ltU(out.get, end.get),
            f32.store(out.get, f32x4.lane0(canonical(f, v128.load32Splat(from.get)))),
            from.set(i32.add(from.get, i32.shl(n.get, 2))),
            bump(out, 4),
          ),
          bump(x, 4),
        ),
      );
    });
  },
  bind(exports, [x], output) {
    const run = exports.transpose as (...args: number[]) => void;
    const { shape, at } = x as { shape: readonly number[]; at: number };
    return () => run(at, output.at, shape[0] as number, shape[1] as number);
  },
};
