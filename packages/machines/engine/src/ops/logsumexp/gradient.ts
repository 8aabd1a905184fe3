import type { Gradient } from "../op.ts";

/** dx = softmax(x) dy. */
export const gradient: Gradient = (b, node, upstream) => [
  b.op("mul", [b.op("softmax", [node.inputs[0] as string]), upstream]),
];
