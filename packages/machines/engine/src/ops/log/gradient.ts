import type { Gradient } from "../op.ts";

/** d log(x) = dx / x. */
export const gradient: Gradient = (b, node, upstream) => [b.op("div", [upstream, node.inputs[0] as string])];
