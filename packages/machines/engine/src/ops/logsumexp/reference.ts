import { InvalidInputError } from "@base/errors";
import { type Shape, sizeOf } from "../../graph/ir.ts";
import { log32 } from "../log/reference.ts";
import { arity, type Reference } from "../op.ts";
import { laneSum } from "../rowsum/reference.ts";
import { shiftedExp } from "../softmax/reference.ts";

/** Logarithm of the sum of exponentials over the last axis. */
export const reference: Reference = {
  shape(inputs) {
    arity("logsumexp", inputs, 1);
    const shape = inputs[0] as Shape;
    if (shape.length === 0) throw new InvalidInputError("logsumexp needs at least one axis.");
    return [...shape.slice(0, -1), 1];
  },
  compute([x]) {
    if (x === undefined) return new Float32Array();
    const n = x.shape.at(-1) as number;
    return Float32Array.from({ length: sizeOf(x.shape.slice(0, -1)) }, (_, row) => {
      const { most, e } = shiftedExp(x.values, row * n, n);
      return Math.fround(most + log32(laneSum(e, 0, n)));
    });
  },
};
