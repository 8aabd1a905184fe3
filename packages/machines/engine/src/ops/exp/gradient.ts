import type { Gradient } from "../op.ts";

/** d exp(x) = exp(x) dx. */
export const gradient: Gradient = (b, node, upstream) => [b.op("mul", [upstream, node.output])];
