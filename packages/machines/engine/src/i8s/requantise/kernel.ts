import { bump, choose, i32, i64, small, whileLoop } from "../../wasm/code.ts";
import type { ModuleBuilder } from "../../wasm/emit.ts";

/** Adds the requantising function: rows of int32 sums with a stride to dense int8. */
export function emitRequantise(module: ModuleBuilder): void {
  // from, to, rows, columns, bytes of one row of sums, multiplier, shift, zero
  module.function("i8s.requantise", ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"], (f) => {
    const [from, to, rows, columns, stride] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4)];
    const [multiplier, shift, zero] = [f.param(5), f.param(6), f.param(7)];
    const [at, end] = [f.local("i32"), f.local("i32")];
    const [value, half, bits] = [f.local("i64"), f.local("i64"), f.local("i64")];
    const product = i64.mul(i64.fromI32(i32.load(at.get)), i64.fromI32(multiplier.get));
    const shifted = i64.add(i64.shrS(i64.add(product, half.get), bits.get), i64.fromI32(zero.get));
    f.body(
      bits.set(i64.fromI32(shift.get)),
      half.set(i64.shl(i64.const(1), i64.sub(bits.get, i64.const(1)))),
      whileLoop(
        rows.get,
        at.set(from.get),
        end.set(i32.add(from.get, i32.shl(columns.get, 2))),
        whileLoop(
          i32.ltU(at.get, end.get),
          value.set(shifted),
          value.set(choose(i64.const(-128), value.get, i64.ltS(value.get, i64.const(-128)))),
          value.set(choose(i64.const(127), value.get, i64.gtS(value.get, i64.const(127)))),
          small.storeS8(to.get, i64.wrap(value.get)),
          bump(at, 4),
          bump(to, 1),
        ),
        from.set(i32.add(from.get, stride.get)),
        rows.set(i32.sub(rows.get, i32.const(1))),
      ),
    );
  });
}
