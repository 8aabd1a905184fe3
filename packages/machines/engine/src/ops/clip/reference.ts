import { InvalidInputError } from "@base/errors";
import type { Attributes } from "../../graph/ir.ts";
import { arity, type Reference } from "../op.ts";

/** Lower and upper limit as binary32; throws InvalidInputError unless low <= high. */
export function limitsOf(attrs: Attributes): readonly [low: number, high: number] {
  const { low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY } = attrs;
  if (typeof low !== "number" || typeof high !== "number" || !(Math.fround(low) <= Math.fround(high)))
    throw new InvalidInputError(`clip needs numbers attrs.low <= attrs.high, not ${String(low)} and ${String(high)}.`);
  return [Math.fround(low), Math.fround(high)];
}

/** One number between two limits; Math.min and Math.max would lose the sign of zero. */
function clip32(x: number, low: number, high: number): number {
  if (x < low) return low;
  if (high < x) return high;
  return x;
}

/** `x < low ? low : x`, then `high < x ? high : x`. */
export const reference: Reference = {
  shape(inputs, attrs) {
    arity("clip", inputs, 1);
    limitsOf(attrs);
    return inputs[0] as readonly number[];
  },
  compute([x], attrs) {
    const [low, high] = limitsOf(attrs);
    return (x as { values: Float32Array }).values.map((value) => clip32(value, low, high));
  },
};
