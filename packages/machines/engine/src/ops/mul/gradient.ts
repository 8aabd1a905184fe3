import { unbroadcast } from "../../graph/unbroadcast.ts";
import type { Gradient } from "../op.ts";

/** d(a b) = b da + a db. */
export const gradient: Gradient = (b, node, upstream) => {
  const [left, right] = node.inputs as [string, string];
  return [
    unbroadcast(b, b.op("mul", [upstream, right]), b.shape(left)),
    unbroadcast(b, b.op("mul", [upstream, left]), b.shape(right)),
  ];
};
