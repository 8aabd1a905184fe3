import type { Gradient } from "../op.ts";

/** d sqrt(x) = dx / (2 sqrt(x)). */
export const gradient: Gradient = (b, node, upstream) => [
  b.op("div", [upstream, b.op("mul", [b.scalar(2), node.output])]),
];
