import { bitsOf, fromBits } from "../../bits.ts";
import { f32x4, i32x4, Scope, v128 } from "../../wasm/code.ts";
import type { Code, FunctionBuilder } from "../../wasm/emit.ts";
import { unaryKernel } from "../elementwise.ts";

const MAGIC = 12582912;

/** Four lanes of exp, the steps of spec.md; `x` is read several times, so pass a local. */
export function expCode(f: FunctionBuilder, x: Code): Code {
  const c = f32x4.const;
  const scope = new Scope(f);
  const k = scope.let(f32x4.add(f32x4.mul(x, c(fromBits(0x3fb8aa3b))), c(MAGIC)));
  const n = scope.let(f32x4.sub(k, c(MAGIC)));
  const high = f32x4.sub(x, f32x4.mul(n, c(0.693359375)));
  const r = scope.let(f32x4.sub(high, f32x4.mul(n, c(fromBits(0xb95e8083)))));
  let p = c(1 / 5040);
  for (const factorial of [720, 120, 24, 6, 2, 1, 1]) p = f32x4.add(f32x4.mul(p, r), c(1 / factorial));
  const power = (integer: Code): Code => i32x4.shl(i32x4.add(integer, i32x4.const(127)), 23);
  const integer = scope.let(i32x4.sub(k, i32x4.const(bitsOf(MAGIC))));
  const half = scope.let(i32x4.shrS(integer, 1));
  const y = f32x4.mul(f32x4.mul(p, power(half)), power(i32x4.sub(integer, half)));
  const low = v128.select(c(0), y, f32x4.lt(x, c(-104)));
  return scope.return(v128.select(c(Number.POSITIVE_INFINITY), low, f32x4.gt(x, c(89))));
}

/** Elementwise exp. */
export const kernel = unaryKernel("exp", expCode);
