import { unaryReference } from "../elementwise.ts";
import { exp32 } from "../exp/reference.ts";

const f = Math.fround;

/** Logistic function, steps as in spec.md. */
export function sigmoid32(x: number): number {
  const e = exp32(-Math.abs(x));
  return f((x < 0 ? e : 1) / f(1 + e));
}

/** Elementwise logistic function. */
export const reference = unaryReference("sigmoid", sigmoid32);
