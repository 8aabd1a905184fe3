import type { Gradient } from "../op.ts";

/** d tanh(x) = (1 - y^2) dx. */
export const gradient: Gradient = (b, node, upstream) => {
  const slope = b.op("sub", [b.scalar(1), b.op("mul", [node.output, node.output])]);
  return [b.op("mul", [upstream, slope])];
};
