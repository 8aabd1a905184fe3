import { InvalidInputError } from "@base/errors";
import type { Shape } from "../../graph/ir.ts";
import { exp32 } from "../exp/reference.ts";
import { arity, type Reference } from "../op.ts";
import { laneSum } from "../rowsum/reference.ts";

const f = Math.fround;

/** Largest element that is not NaN, -inf when there is none, and exp(x - largest) of a row. */
export function shiftedExp(values: Float32Array, from: number, count: number): { most: number; e: Float32Array } {
  let most = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < count; j++) if ((values[from + j] as number) > most) most = values[from + j] as number;
  return { most, e: Float32Array.from({ length: count }, (_, j) => exp32(f((values[from + j] as number) - most))) };
}

/** Softmax over the last axis. */
export const reference: Reference = {
  shape(inputs) {
    arity("softmax", inputs, 1);
    if ((inputs[0] as Shape).length === 0) throw new InvalidInputError("softmax needs at least one axis.");
    return inputs[0] as Shape;
  },
  compute([x]) {
    if (x === undefined) return new Float32Array();
    const n = x.shape.at(-1) as number;
    const result = new Float32Array(x.values.length);
    for (let from = 0; from < result.length; from += n) {
      const { e } = shiftedExp(x.values, from, n);
      const sum = laneSum(e, 0, n);
      result.set(
        e.map((value) => f(value / sum)),
        from,
      );
    }
    return result;
  },
};
