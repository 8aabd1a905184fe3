import type { Gradient } from "../op.ts";

/** dx = y (dy - sum(y dy)). */
export const gradient: Gradient = (b, node, upstream) => {
  const weighted = b.op("rowsum", [b.op("mul", [node.output, upstream])]);
  return [b.op("mul", [node.output, b.op("sub", [upstream, weighted])])];
};
