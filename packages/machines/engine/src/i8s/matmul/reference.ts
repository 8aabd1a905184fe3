import { InvalidInputError } from "@base/errors";

/** Longest reduction whose int32 sum cannot overflow. */
export const MAX_DEPTH = 131_071;

/** Throws InvalidInputError unless the operands are [m, k] and [k, n] with k <= 131,071. */
export function checkMatmul(a: Int8Array, b: Int8Array, m: number, k: number, n: number): void {
  const sound = [m, k, n].every((extent) => Number.isSafeInteger(extent) && extent >= 0);
  if (!sound || a.length !== m * k || b.length !== k * n)
    throw new InvalidInputError(
      `int8 matmul cannot multiply ${a.length} numbers as [${m}, ${k}] by ${b.length} as [${k}, ${n}].`,
    );
  if (k > MAX_DEPTH) throw new InvalidInputError(`int8 matmul sums at most ${MAX_DEPTH} products, not ${k}.`);
}

/** Exact integer product, row-major. */
export function matmulReference(a: Int8Array, b: Int8Array, m: number, k: number, n: number): Int32Array {
  checkMatmul(a, b, m, k, n);
  const c = new Int32Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum += (a[i * k + l] as number) * (b[l * n + j] as number);
      c[i * n + j] = sum;
    }
  return c;
}
