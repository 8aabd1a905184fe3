import { fromBits } from "../../bits.ts";
import { f32x4, i32x4, Scope, v128 } from "../../wasm/code.ts";
import type { Code, FunctionBuilder } from "../../wasm/emit.ts";
import { unaryKernel } from "../elementwise.ts";

/** Four lanes of the natural logarithm, the steps of spec.md; `x` must be a local. */
export function logCode(f: FunctionBuilder, x: Code): Code {
  const c = f32x4.const;
  const scope = new Scope(f);
  const subnormal = scope.let(f32x4.lt(x, c(2 ** -126)));
  const bits = scope.let(v128.select(f32x4.mul(x, c(8388608)), x, subnormal));
  const exponent = scope.let(i32x4.shrS(i32x4.sub(bits, i32x4.const(0x3f3504f3)), 23));
  const t = scope.let(f32x4.sub(i32x4.sub(bits, i32x4.shl(exponent, 23)), c(1)));
  const s = scope.let(f32x4.div(t, f32x4.add(t, c(2))));
  const z = scope.let(f32x4.mul(s, s));
  let R = f32x4.mul(z, c(2 / 9));
  for (const j of [7, 5, 3]) R = f32x4.mul(f32x4.add(R, c(2 / j)), z);
  const e = scope.let(f32x4.fromI32(i32x4.sub(exponent, v128.and(subnormal, i32x4.const(23)))));
  const mantissa = f32x4.sub(t, f32x4.mul(s, f32x4.sub(t, R)));
  const low = f32x4.add(mantissa, f32x4.mul(e, c(fromBits(0xb95e8083))));
  const finite = f32x4.add(f32x4.mul(e, c(0.693359375)), low);
  const bounded = v128.select(x, finite, f32x4.eq(x, c(Number.POSITIVE_INFINITY)));
  const positive = v128.select(bounded, c(Number.NaN), f32x4.gt(x, c(0)));
  return scope.return(v128.select(c(Number.NEGATIVE_INFINITY), positive, f32x4.eq(x, c(0))));
}

/** Elementwise natural logarithm. */
export const kernel = unaryKernel("log", logCode);
