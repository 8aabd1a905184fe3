import { bump, canonical, f32x4, i32, v128, whileLoop } from "../../wasm/code.ts";
import type { Kernel } from "../op.ts";

/** Four columns at a time, all rows; the last vector may read and write 12 bytes over. */
export const kernel: Kernel = {
  emit(module) {
    // x, out, m, n
    module.function("colsum", ["i32", "i32", "i32", "i32"], (f) => {
      const [x, out, m, n] = [f.param(0), f.param(1), f.param(2), f.param(3)];
      const [from, row, end] = [f.local("i32"), f.local("i32"), f.local("i32")];
      const sum = f.local("v128");
      f.body(
        end.set(i32.add(out.get, i32.shl(n.get, 2))),
        whileLoop(
          i32.ltU(out.get, end.get),
          sum.set(f32x4.const(0)),
          from.set(x.get),
          row.set(m.get),
          whileLoop(
            row.get,
            sum.set(f32x4.add(sum.get, v128.load(from.get))),
            from.set(i32.add(from.get, i32.shl(n.get, 2))),
            row.set(i32.sub(row.get, i32.const(1))),
          ),
          v128.store(out.get, canonical(f, sum.get)),
          bump(out, 16),
          bump(x, 16),
        ),
      );
    });
  },
  bind(exports, [x], output) {
    const run = exports.colsum as (...args: number[]) => void;
    const { shape, at } = x as { shape: readonly number[]; at: number };
    return () => run(at, output.at, shape[0] as number, shape[1] as number);
  },
};
