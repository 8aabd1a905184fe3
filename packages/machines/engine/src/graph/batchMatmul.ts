import { BugError } from "@base/errors";
import type { Builder } from "./build.ts";

/**
 * Products of matrices pair by pair, `[g, m, k] x [g, k, n] -> [g, m, n]`: a convolution in g groups whose kernel is
 * one place wide, so that order of sums, kernel, gradient and referee are those of conv2d (k ascending from +0).
 */
export function batchMatmul(b: Builder, left: string, right: string): string {
  const [l, r] = [b.shape(left), b.shape(right)];
  const [g, m, k] = l as readonly [number, number, number];
  const n = r[2] as number;
  if (l.length !== 3 || r.length !== 3 || r[0] !== g || r[1] !== k)
    throw new BugError(`Matrices of shape [${l}] and [${r}] cannot be multiplied pair by pair.`);
  const weights = b.op("reshape", [left], { shape: [g * m, k, 1, 1] });
  const image = b.op("reshape", [right], { shape: [1, g * k, 1, n] });
  return b.op("reshape", [b.op("conv2d", [image, weights], { groups: g })], { shape: [g, m, n] });
}
