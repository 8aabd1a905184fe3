import { InvalidInputError } from "@base/errors";
import { sizeOf } from "../../graph/ir.ts";
import { arity, type Reference } from "../op.ts";

/** Row-major elements under another shape. */
export const reference: Reference = {
  shape(inputs, attrs) {
    arity("reshape", inputs, 1);
    const from = inputs[0] as readonly number[];
    const to = attrs.shape;
    if (!Array.isArray(to) || to.some((extent) => !Number.isSafeInteger(extent) || extent < 0))
      throw new InvalidInputError("reshape needs attrs.shape, a list of extents.");
    if (sizeOf(to) !== sizeOf(from)) throw new InvalidInputError(`Shape [${from}] cannot become [${to}].`);
    return to as number[];
  },
  compute([x]) {
    return (x as { values: Float32Array }).values.slice();
  },
};
