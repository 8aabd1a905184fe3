import { bump, choose, i32, i32x4, i64, i64x2, narrow, small, v128, whileLoop } from "../../wasm/code.ts";
import type { Code, ModuleBuilder } from "../../wasm/emit.ts";

/** The low words of four 64-bit lanes. */
const LOW = [0, 2, 4, 6].flatMap((word) => [0, 1, 2, 3].map((byte) => word * 4 + byte));

/** Adds the requantising function: rows of int32 sums with a stride to dense int8, four at a time. */
export function emitRequantise(module: ModuleBuilder): void {
  // from, to, rows, columns, bytes of one row of sums, multiplier, shift, zero
  module.function("i8s.requantise", ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"], (f) => {
    const [from, to, rows, columns, stride] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4)];
    const [multiplier, shift, zero] = [f.param(5), f.param(6), f.param(7)];
    const [at, end, wide] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const [value, half, bits] = [f.local("i64"), f.local("i64"), f.local("i64")];
    const [sums, low, high] = [f.local("v128"), f.local("v128"), f.local("v128")];
    const [factor, halves, offset] = [f.local("v128"), f.local("v128"), f.local("v128")];
    const [least, most] = [f.local("v128"), f.local("v128")];
    const product = i64.mul(i64.fromI32(i32.load(at.get)), i64.fromI32(multiplier.get));
    const shifted = i64.add(i64.shrS(i64.add(product, half.get), bits.get), i64.fromI32(zero.get));
    const scaled = (products: Code): Code =>
      i64x2.add(i64x2.shrS(i64x2.add(products, halves.get), shift.get), offset.get);
    const clamp = (lanes: typeof low): Code => [
      ...lanes.set(v128.select(lanes.get, least.get, i64x2.gtS(lanes.get, least.get))),
      ...lanes.set(v128.select(most.get, lanes.get, i64x2.gtS(lanes.get, most.get))),
    ];
    const four: Code = [
      ...sums.set(v128.load(at.get)),
      ...low.set(scaled(i64x2.productLow(sums.get, factor.get))),
      ...high.set(scaled(i64x2.productHigh(sums.get, factor.get))),
      ...clamp(low),
      ...clamp(high),
      ...sums.set(v128.shuffle(low.get, high.get, LOW)),
      ...sums.set(narrow.to16(sums.get, sums.get)),
      ...i32.store(to.get, i32x4.lane0(narrow.to8(sums.get, sums.get))),
    ];
    f.body(
      bits.set(i64.fromI32(shift.get)),
      half.set(i64.shl(i64.const(1), i64.sub(bits.get, i64.const(1)))),
      factor.set(i32x4.splat(multiplier.get)),
      halves.set(i64x2.splat(half.get)),
      offset.set(i64x2.splat(i64.fromI32(zero.get))),
      least.set(i64x2.splat(i64.const(-128))),
      most.set(i64x2.splat(i64.const(127))),
      whileLoop(
        rows.get,
        at.set(from.get),
        end.set(i32.add(from.get, i32.shl(columns.get, 2))),
        wide.set(i32.add(from.get, i32.shl(i32.and(columns.get, i32.const(-4)), 2))),
        whileLoop(i32.ltU(at.get, wide.get), four, bump(at, 16), bump(to, 4)),
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
