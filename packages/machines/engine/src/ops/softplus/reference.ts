import { unaryReference } from "../elementwise.ts";
import { exp32 } from "../exp/reference.ts";
import { log32 } from "../log/reference.ts";
import { relu32 } from "../relu/reference.ts";

const f = Math.fround;

/** log(1 + exp(x)), steps as in spec.md. */
export function softplus32(x: number): number {
  const e = exp32(-Math.abs(x));
  const u = f(1 + e);
  const l = u === 1 ? e : f(log32(u) * f(e / f(u - 1)));
  return f(relu32(x) + l);
}

/** Elementwise softplus. */
export const reference = unaryReference("softplus", softplus32);
