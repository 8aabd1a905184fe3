import type { Gradient } from "../op.ts";

/** d y = y (1 - y) dx. */
export const gradient: Gradient = (b, node, upstream) => {
  const slope = b.op("mul", [node.output, b.op("sub", [b.scalar(1), node.output])]);
  return [b.op("mul", [upstream, slope])];
};
