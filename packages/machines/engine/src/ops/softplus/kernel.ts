import { f32x4, Scope, v128 } from "../../wasm/code.ts";
import { unaryKernel } from "../elementwise.ts";
import { expCode } from "../exp/kernel.ts";
import { logCode } from "../log/kernel.ts";

/** Elementwise softplus. */
export const kernel = unaryKernel("softplus", (f, x) => {
  const c = f32x4.const;
  const scope = new Scope(f);
  const minus = scope.let(f32x4.neg(f32x4.abs(x)));
  const e = scope.let(expCode(f, minus));
  const u = scope.let(f32x4.add(c(1), e));
  const corrected = f32x4.mul(logCode(f, u), f32x4.div(e, f32x4.sub(u, c(1))));
  const l = v128.select(e, corrected, f32x4.eq(u, c(1)));
  return scope.return(f32x4.add(f32x4.pmax(x, c(0)), l));
});
