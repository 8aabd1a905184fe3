import { InvalidInputError } from "@base/errors";
import { sizeOf } from "../../graph/ir.ts";
import { arity, type Reference } from "../op.ts";

/** One value everywhere. */
export const reference: Reference = {
  shape(inputs, attrs) {
    arity("fill", inputs, 0);
    const { shape, value } = attrs;
    if (!Array.isArray(shape) || shape.some((extent) => !Number.isSafeInteger(extent) || extent < 0))
      throw new InvalidInputError("fill needs attrs.shape, a list of extents.");
    if (typeof value !== "number" || !Number.isFinite(value))
      throw new InvalidInputError("fill needs a finite attrs.value.");
    return shape as number[];
  },
  compute(_, attrs) {
    return new Float32Array(sizeOf(attrs.shape as number[])).fill(attrs.value as number);
  },
};
