import { InvalidInputError } from "@base/errors";
import { type Shape, sizeOf } from "../graph/ir.ts";
import { arity, type Reference, type Tensor } from "../ops/op.ts";
import { findOp } from "../ops/registry.ts";

const f = Math.fround;

/** Extents [batch, m, k, n] of `left` [..., m, k] by `right` [..., n, k], or by one matrix [n, k]; throws InvalidInputError. */
export function productExtents(left: Shape, right: Shape): { batch: number; m: number; k: number; n: number } {
  const [m, k] = left.slice(-2) as [number, number];
  const n = right.at(-2) as number;
  const leading = right.slice(0, -2);
  const fits =
    left.length >= 2 &&
    right.length >= 2 &&
    right.at(-1) === k &&
    (leading.length === 0 || (right.length === left.length && leading.every((extent, axis) => extent === left[axis])));
  if (!fits) throw new InvalidInputError(`matmulT cannot multiply [${left}] by the transposed [${right}].`);
  return { batch: sizeOf(left.slice(0, -2)), m, k, n };
}

/** Product with the right operand transposed: [..., m, k] by [..., n, k] (or [n, k]) to [..., m, n]; k ascending from +0. */
const matmulT: Reference = {
  shape(inputs) {
    arity("matmulT", inputs, 2);
    const [left, right] = inputs as [Shape, Shape];
    const { m, n } = productExtents(left, right);
    return [...left.slice(0, -2), m, n];
  },
  compute(inputs) {
    const [left, right] = inputs as [Tensor, Tensor];
    const { batch, m, k, n } = productExtents(left.shape, right.shape);
    const [a, b] = [left.values, right.values];
    const step = right.shape.length === 2 ? 0 : n * k;
    const result = new Float32Array(batch * m * n);
    for (let row = 0; row < batch * m; row++)
      for (let j = 0; j < n; j++) {
        const [p, q] = [row * k, Math.floor(row / m) * step + j * k];
        let sum = 0;
        for (let l = 0; l < k; l++) sum = f(sum + f((a[p + l] as number) * (b[q + l] as number)));
        result[row * n + j] = sum;
      }
    return result;
  },
};

/** Column sums of a matrix given transposed: [n, m] to [1, n], each row of the operand ascending from +0. */
const colsumT: Reference = {
  shape(inputs) {
    arity("colsumT", inputs, 1);
    const shape = inputs[0] as Shape;
    if (shape.length !== 2) throw new InvalidInputError(`colsumT takes a matrix, not shape [${shape}].`);
    return [1, shape[0] as number];
  },
  compute(inputs) {
    const [x] = inputs as [Tensor];
    const [n, m] = x.shape as [number, number];
    return Float32Array.from({ length: n }, (_, j) => {
      let sum = 0;
      for (let i = 0; i < m; i++) sum = f(sum + (x.values[j * m + i] as number));
      return sum;
    });
  },
};

/** Largest element of the last axis that is not NaN, the first of equal ones, -inf when there is none: [..., n] to [..., 1]. */
const rowmaxFinite: Reference = {
  shape(inputs) {
    arity("rowmaxFinite", inputs, 1);
    const shape = inputs[0] as Shape;
    if (shape.length === 0) throw new InvalidInputError("rowmaxFinite needs at least one axis.");
    return [...shape.slice(0, -1), 1];
  },
  compute(inputs) {
    const [x] = inputs as [Tensor];
    const n = x.shape.at(-1) as number;
    return Float32Array.from({ length: sizeOf(x.shape.slice(0, -1)) }, (_, row) => {
      let most = Number.NEGATIVE_INFINITY;
      for (let j = 0; j < n; j++) if ((x.values[row * n + j] as number) > most) most = x.values[row * n + j] as number;
      return most;
    });
  },
};

const OWN: Readonly<Record<string, Reference>> = { matmulT, colsumT, rowmaxFinite };

/** The reference of an operator of a dispute program: the engine's, or one that only programs have. */
export function referenceOf(op: string): Reference {
  return OWN[op] ?? findOp(op).reference;
}
