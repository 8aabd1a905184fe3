import { unaryReference } from "../elementwise.ts";

/** `x < 0 ? +0 : x`; Math.max would lose the sign of zero. */
export function relu32(x: number): number {
  if (x < 0) return 0;
  return x;
}

/** Elementwise relu. */
export const reference = unaryReference("relu", relu32);
