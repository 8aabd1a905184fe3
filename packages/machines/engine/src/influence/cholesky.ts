import { InvalidInputError } from "@base/errors";

/** A lower triangular factor L, row-major [size, size]. */
export interface Factor {
  readonly size: number;
  readonly lower: Float64Array;
}

/**
 * Cholesky factor of a symmetric positive definite matrix of which the lower half is given, row-major; columns ascending,
 * sums in binary64 in a fixed order. Throws InvalidInputError when a pivot is not above 0.
 */
export function factor(matrix: Float64Array, size: number): Factor {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j] as number;
      for (let k = 0; k < j; k++) sum -= (lower[i * size + k] as number) * (lower[j * size + k] as number);
      if (i !== j) {
        lower[i * size + j] = sum / (lower[j * size + j] as number);
        continue;
      }
      if (!(sum > 0))
        throw new InvalidInputError("The curvature of the last layer is singular: nothing follows from it.");
      lower[i * size + i] = Math.sqrt(sum);
    }
  }
  return { size, lower };
}

/** Solves L L^T z = b. */
export function solve({ size, lower }: Factor, b: Float64Array): Float64Array {
  const z = b.slice();
  for (let i = 0; i < size; i++) {
    let sum = z[i] as number;
    for (let k = 0; k < i; k++) sum -= (lower[i * size + k] as number) * (z[k] as number);
    z[i] = sum / (lower[i * size + i] as number);
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = z[i] as number;
    for (let k = i + 1; k < size; k++) sum -= (lower[k * size + i] as number) * (z[k] as number);
    z[i] = sum / (lower[i * size + i] as number);
  }
  return z;
}
