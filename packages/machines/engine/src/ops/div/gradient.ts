import { unbroadcast } from "../../graph/unbroadcast.ts";
import type { Gradient } from "../op.ts";

/** d(a / b) = da / b - (a / b) db / b. */
export const gradient: Gradient = (b, node, upstream) => {
  const [left, right] = node.inputs as [string, string];
  const scaled = b.op("div", [upstream, right]);
  const negative = b.op("sub", [b.scalar(0), b.op("mul", [scaled, node.output])]);
  return [unbroadcast(b, scaled, b.shape(left)), unbroadcast(b, negative, b.shape(right))];
};
