import { InvalidInputError } from "@base/errors";
import { arity, type Reference } from "../op.ts";

const f = Math.fround;

/** Matrix product, k ascending from +0, multiply then add. */
export const reference: Reference = {
  shape(inputs) {
    arity("matmul", inputs, 2);
    const [a, b] = inputs as [readonly number[], readonly number[]];
    if (a.length !== 2 || b.length !== 2 || a[1] !== b[0])
      throw new InvalidInputError(`matmul cannot multiply [${a}] by [${b}].`);
    return [a[0] as number, b[1] as number];
  },
  compute([a, b]) {
    if (a === undefined || b === undefined) return new Float32Array();
    const [m, depth] = a.shape as [number, number];
    const n = b.shape[1] as number;
    const result = new Float32Array(m * n);
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let k = 0; k < depth; k++)
          sum = f(sum + f((a.values[i * depth + k] as number) * (b.values[k * n + j] as number)));
        result[i * n + j] = sum;
      }
    return result;
  },
};
