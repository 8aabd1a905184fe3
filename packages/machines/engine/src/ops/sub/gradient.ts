import { unbroadcast } from "../../graph/unbroadcast.ts";
import type { Gradient } from "../op.ts";

/** d(a - b) = da - db. */
export const gradient: Gradient = (b, node, upstream) => {
  const [left, right] = node.inputs as [string, string];
  const negative = b.op("sub", [b.scalar(0), upstream]);
  return [unbroadcast(b, upstream, b.shape(left)), unbroadcast(b, negative, b.shape(right))];
};
