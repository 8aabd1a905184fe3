import { f32x4, i32x4, Scope, v128 } from "../../wasm/code.ts";
import { unaryKernel } from "../elementwise.ts";
import { expCode } from "../exp/kernel.ts";

/** Elementwise hyperbolic tangent. */
export const kernel = unaryKernel("tanh", (f, x) => {
  const c = f32x4.const;
  const scope = new Scope(f);
  const a = scope.let(f32x4.abs(x));
  const q = scope.let(f32x4.mul(a, a));
  const top = f32x4.add(c(945), f32x4.mul(q, f32x4.add(c(105), q)));
  const bottom = f32x4.add(c(945), f32x4.mul(q, f32x4.add(c(420), f32x4.mul(q, c(15)))));
  const small = f32x4.mul(a, f32x4.div(top, bottom));
  const twice = scope.let(f32x4.mul(a, c(-2)));
  const e = scope.let(expCode(f, twice));
  const large = f32x4.div(f32x4.sub(c(1), e), f32x4.add(c(1), e));
  const sign = v128.and(x, i32x4.const(0x80000000 | 0));
  return scope.return(v128.or(v128.select(small, large, f32x4.lt(a, c(0.625))), sign));
});
