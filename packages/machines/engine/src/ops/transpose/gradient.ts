import type { Gradient } from "../op.ts";

/** The gradient is transposed back. */
export const gradient: Gradient = (b, _node, upstream) => [b.op("transpose", [upstream])];
