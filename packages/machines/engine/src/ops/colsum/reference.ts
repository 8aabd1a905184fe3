import { InvalidInputError } from "@base/errors";
import { arity, type Reference } from "../op.ts";

/** Sum over the rows of a matrix. */
export const reference: Reference = {
  shape(inputs) {
    arity("colsum", inputs, 1);
    const shape = inputs[0] as readonly number[];
    if (shape.length !== 2) throw new InvalidInputError(`colsum takes a matrix, not shape [${shape}].`);
    return [1, shape[1] as number];
  },
  compute([x]) {
    if (x === undefined) return new Float32Array();
    const [m, n] = x.shape as [number, number];
    const sums = new Float32Array(n);
    for (let row = 0; row < m; row++)
      for (let column = 0; column < n; column++)
        sums[column] = Math.fround((sums[column] as number) + (x.values[row * n + column] as number));
    return sums;
  },
};
