import type { Gradient } from "../op.ts";

/** The first tap that holds the maximum takes the gradient. */
export const gradient: Gradient = (b, node, upstream) => [
  b.op("maxpoolgrad", [upstream, node.inputs[0] as string, node.output], node.attrs),
];
