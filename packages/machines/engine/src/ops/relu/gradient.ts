import type { Gradient } from "../op.ts";

/** The gradient passes where x > 0 and is +0 elsewhere, also at zero. */
export const gradient: Gradient = (b, node, upstream) => [b.op("gate", [upstream, node.inputs[0] as string])];
