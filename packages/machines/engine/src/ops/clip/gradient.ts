import type { Gradient } from "../op.ts";
import { limitsOf } from "./reference.ts";

/** The gradient passes strictly between the limits and is +0 elsewhere. */
export const gradient: Gradient = (b, node, upstream) => {
  const [low, high] = limitsOf(node.attrs ?? {});
  const x = node.inputs[0] as string;
  let slope = upstream;
  if (low !== Number.NEGATIVE_INFINITY) slope = b.op("gate", [slope, b.op("sub", [x, b.scalar(low)])]);
  if (high !== Number.POSITIVE_INFINITY) slope = b.op("gate", [slope, b.op("sub", [b.scalar(high), x])]);
  return [slope];
};
