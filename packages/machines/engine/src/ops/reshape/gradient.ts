import type { Gradient } from "../op.ts";

/** The gradient goes back to the old shape. */
export const gradient: Gradient = (b, node, upstream) => [
  b.op("reshape", [upstream], { shape: b.shape(node.inputs[0] as string) }),
];
