import { unbroadcast } from "../../graph/unbroadcast.ts";
import type { Gradient } from "../op.ts";

/** Linear in g; flat in x almost everywhere. */
export const gradient: Gradient = (b, node, upstream) => {
  const [g, x] = node.inputs as [string, string];
  return [unbroadcast(b, b.op("gate", [upstream, x]), b.shape(g)), null];
};
