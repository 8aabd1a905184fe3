import type { Attributes } from "../../graph/ir.ts";
import type { Gradient } from "../op.ts";

/** The gradient is unfolded by the same windows. */
export const gradient: Gradient = (b, node, upstream) => {
  const { size: _, ...attrs } = node.attrs as Attributes;
  return [b.op("unfold", [upstream], attrs)];
};
