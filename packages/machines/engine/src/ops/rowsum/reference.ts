import { InvalidInputError } from "@base/errors";
import { sizeOf } from "../../graph/ir.ts";
import { arity, type Reference } from "../op.ts";

const f = Math.fround;

/** Sum of `values[from..from + count)` in the order of spec.md. */
export function laneSum(values: Float32Array, from: number, count: number): number {
  const lanes = new Array<number>(16).fill(0);
  for (let j = 0; j < count; j++) lanes[j % 16] = f((lanes[j % 16] as number) + (values[from + j] as number));
  for (let width = 8; width >= 1; width /= 2)
    for (let i = 0; i < width; i++) lanes[i] = f((lanes[i] as number) + (lanes[i + width] as number));
  return lanes[0] as number;
}

/** Sum over the last axis. */
export const reference: Reference = {
  shape(inputs) {
    arity("rowsum", inputs, 1);
    const shape = inputs[0] as readonly number[];
    if (shape.length === 0) throw new InvalidInputError("rowsum needs at least one axis.");
    return [...shape.slice(0, -1), 1];
  },
  compute([x]) {
    if (x === undefined) return new Float32Array();
    const n = x.shape.at(-1) as number;
    const rows = sizeOf(x.shape.slice(0, -1));
    return Float32Array.from({ length: rows }, (_, row) => laneSum(x.values, row * n, n));
  },
};
