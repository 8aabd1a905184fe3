import { unaryReference } from "../elementwise.ts";
import { exp32 } from "../exp/reference.ts";

const f = Math.fround;

/** Hyperbolic tangent, steps as in spec.md. */
export function tanh32(x: number): number {
  const a = Math.abs(x);
  const q = f(a * a);
  const top = f(945 + f(q * f(105 + q)));
  const bottom = f(945 + f(q * f(420 + f(q * 15))));
  const e = exp32(f(-2 * a));
  const y = a < 0.625 ? f(a * f(top / bottom)) : f(f(1 - e) / f(1 + e));
  return x < 0 || Object.is(x, -0) ? -y : y;
}

/** Elementwise hyperbolic tangent. */
export const reference = unaryReference("tanh", tanh32);
