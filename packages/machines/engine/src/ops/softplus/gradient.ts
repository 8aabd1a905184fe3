import type { Gradient } from "../op.ts";

/** d softplus(x) = sigmoid(x) dx. */
export const gradient: Gradient = (b, node, upstream) => [
  b.op("mul", [upstream, b.op("sigmoid", [node.inputs[0] as string])]),
];
