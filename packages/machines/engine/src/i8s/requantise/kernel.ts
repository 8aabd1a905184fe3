import { bump, i32, i32x4, i64, i64x2, narrow, small, v128, whileLoop } from "../../wasm/code.ts";
import type { Code, ModuleBuilder } from "../../wasm/emit.ts";
import type { Requantiser } from "./reference.ts";

/** The low words of four 64-bit lanes. */
const LOW = [0, 2, 4, 6].flatMap((word) => [0, 1, 2, 3].map((byte) => word * 4 + byte));
/** 2^62, added before the shift, so that one for unsigned integers serves: plain SIMD has no arithmetic shift of 64 bits in one go. */
const LIFT = i64.shl(i64.const(1), i64.const(62));

/** Adds the requantising function: rows of int32 sums, padded to fours and with a stride, to dense int8. */
export function emitRequantise(module: ModuleBuilder): void {
  // from, to, rows, columns, bytes of one row of sums, multiplier, shift, and what `window` gives: bottom, top, offset
  module.function("i8s.requantise", new Array<"i32">(10).fill("i32"), (f) => {
    const [from, to, rows, columns, stride] = [f.param(0), f.param(1), f.param(2), f.param(3), f.param(4)];
    const [multiplier, shift] = [f.param(5), f.param(6)];
    const [at, end, wide, word] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    const [factor, halves] = [f.local("v128"), f.local("v128")];
    const [bottom, top, offset] = [f.local("v128"), f.local("v128"), f.local("v128")];
    const four = [0, 1, 2, 3].map(() => f.local("v128"));
    const shifted = (products: Code): Code => i64x2.shrU(i64x2.add(products, halves.get), shift.get);
    /** Four sums behind `at`, requantised, as 32-bit lanes that narrow to what is wanted. */
    const lanes = (index: number): Code => {
      const local = four[index] as (typeof four)[0];
      const sums = i32x4.max(i32x4.min(v128.load(at.get, index * 16), top.get), bottom.get);
      const low = shifted(i64x2.productLow(local.get, factor.get));
      const high = shifted(i64x2.productHigh(local.get, factor.get));
      return [...local.set(sums), ...local.set(i32x4.add(v128.shuffle(low, high, LOW), offset.get))];
    };
    const [a, b, c, d] = four.map((local) => local.get) as [Code, Code, Code, Code];
    f.body(
      factor.set(i32x4.splat(multiplier.get)),
      halves.set(i64x2.splat(i64.add(LIFT, i64.shl(i64.const(1), i64.sub(i64.fromI32(shift.get), i64.const(1)))))),
      bottom.set(i32x4.splat(f.param(7).get)),
      top.set(i32x4.splat(f.param(8).get)),
      offset.set(i32x4.splat(f.param(9).get)),
      whileLoop(
        rows.get,
        at.set(from.get),
        end.set(i32.add(from.get, i32.shl(columns.get, 2))),
        wide.set(i32.add(from.get, i32.shl(i32.and(columns.get, i32.const(-16)), 2))),
        whileLoop(
          i32.ltU(at.get, wide.get),
          four.flatMap((_, index) => lanes(index)),
          v128.store(to.get, narrow.to8(narrow.to16(a, b), narrow.to16(c, d))),
          bump(at, 64),
          bump(to, 16),
        ),
        whileLoop(
          i32.ltU(at.get, end.get),
          lanes(0),
          word.set(i32x4.lane0(narrow.to8(narrow.to16(a, a), narrow.to16(a, a)))),
          wide.set(i32.add(at.get, i32.const(16))),
          whileLoop(
            i32.and(i32.ltU(at.get, end.get), i32.ltU(at.get, wide.get)),
            small.storeS8(to.get, word.get),
            word.set(i32.shrU(word.get, 8)),
            bump(at, 4),
            bump(to, 1),
          ),
        ),
        from.set(i32.add(from.get, stride.get)),
        rows.set(i32.sub(rows.get, i32.const(1))),
      ),
    );
  });
}

const LEAST = -(2n ** 31n);
const MOST = 2n ** 31n - 1n;

/** a / b rounded down. */
function floor(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

/**
 * What the kernel takes beside the rule: the largest sum that gives -128 and the smallest that gives 127 (the rule rises
 * with the sum, so sums beyond them may be cut to them, and what they give fits in 32 bits), and what is added after the
 * shift, modulo 2^32, to undo the lift.
 */
export function requantiseWindow(rule: Requantiser): readonly [bottom: number, top: number, offset: number] {
  const [multiplier, shift, zero] = [BigInt(rule.multiplier), BigInt(rule.shift), BigInt(rule.zero)];
  const offset = Number(BigInt.asIntN(32, zero - (1n << (62n - shift))));
  if (multiplier === 0n) return [Number(LEAST), Number(MOST), offset];
  const half = 1n << (shift - 1n);
  const top = floor(((127n - zero) << shift) - half + multiplier - 1n, multiplier);
  const bottom = floor(((-127n - zero) << shift) - half - 1n, multiplier);
  const within = (value: bigint) => Number(value < LEAST ? LEAST : value > MOST ? MOST : value);
  return [within(bottom), within(top), offset];
}
