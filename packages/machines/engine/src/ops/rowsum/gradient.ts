import type { Gradient } from "../op.ts";

/** The gradient is repeated along the summed axis. */
export const gradient: Gradient = (b, node, upstream) => [
  b.op("add", [b.zeros(b.shape(node.inputs[0] as string)), upstream]),
];
