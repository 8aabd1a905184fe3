import { InvalidInputError } from "@base/errors";
import { arity, type Reference } from "../op.ts";

/** The transposed matrix. */
export const reference: Reference = {
  shape(inputs) {
    arity("transpose", inputs, 1);
    const shape = inputs[0] as readonly number[];
    if (shape.length !== 2) throw new InvalidInputError(`transpose takes a matrix, not shape [${shape}].`);
    return [shape[1] as number, shape[0] as number];
  },
  compute([x]) {
    if (x === undefined) return new Float32Array();
    const [m, n] = x.shape as [number, number];
    return Float32Array.from({ length: m * n }, (_, i) => x.values[(i % m) * n + Math.floor(i / m)] as number);
  },
};
