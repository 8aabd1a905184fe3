import type { Builder } from "../graph/build.ts";
import { sizeOf } from "../graph/ir.ts";

/** Mean over all elements: one row sum in the fixed lane order, then one product with the rounded 1/n. */
export function mean(b: Builder, value: string): string {
  const count = sizeOf(b.shape(value));
  const row = b.op("reshape", [value], { shape: [1, count] });
  const sum = b.op("reshape", [b.op("rowsum", [row])], { shape: [] });
  return b.op("mul", [sum, b.scalar(1 / count)]);
}

/** Mean squared error of `prediction` against `target`, same shape. */
export function meanSquaredError(b: Builder, prediction: string, target: string): string {
  const error = b.op("sub", [prediction, target]);
  return mean(b, b.op("mul", [error, error]));
}

/** Mean binary cross-entropy of logits `z` against targets `t` in [0, 1]: softplus(z) - z t, which cannot overflow early. */
export function meanBinaryCrossEntropy(b: Builder, z: string, t: string): string {
  return mean(b, b.op("sub", [b.op("softplus", [z]), b.op("mul", [z, t])]));
}

/** Mean cross-entropy of logits `z` [rows, classes] against rows `t` that sum to 1: logsumexp(z) - sum(z t). */
export function meanCrossEntropy(b: Builder, z: string, t: string): string {
  return mean(b, b.op("sub", [b.op("logsumexp", [z]), b.op("rowsum", [b.op("mul", [z, t])])]));
}
