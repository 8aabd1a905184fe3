import type { Gradient } from "../op.ts";

/** Windows are folded back and added. */
export const gradient: Gradient = (b, node, upstream) => [
  b.op("fold", [upstream], { ...node.attrs, size: b.shape(node.inputs[0] as string) }),
];
