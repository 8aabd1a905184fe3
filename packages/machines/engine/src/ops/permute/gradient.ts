import type { Gradient } from "../op.ts";

/** The gradient is permuted back. */
export const gradient: Gradient = (b, node, upstream) => {
  const perm = node.attrs?.perm as readonly number[];
  return [b.op("permute", [upstream], { perm: perm.map((_, axis) => perm.indexOf(axis)) })];
};
