import type { Gradient } from "../op.ts";

/** dA = dC B^T, dB = A^T dC. */
export const gradient: Gradient = (b, node, upstream) => {
  const [left, right] = node.inputs as [string, string];
  return [
    b.op("matmul", [upstream, b.op("transpose", [right])]),
    b.op("matmul", [b.op("transpose", [left]), upstream]),
  ];
};
