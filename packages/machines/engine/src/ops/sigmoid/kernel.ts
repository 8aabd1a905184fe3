import { f32x4, Scope, v128 } from "../../wasm/code.ts";
import { unaryKernel } from "../elementwise.ts";
import { expCode } from "../exp/kernel.ts";

/** Elementwise logistic function. */
export const kernel = unaryKernel("sigmoid", (f, x) => {
  const scope = new Scope(f);
  const minus = scope.let(f32x4.neg(f32x4.abs(x)));
  const e = scope.let(expCode(f, minus));
  const top = v128.select(e, f32x4.const(1), f32x4.lt(x, f32x4.const(0)));
  return scope.return(f32x4.div(top, f32x4.add(f32x4.const(1), e)));
});
