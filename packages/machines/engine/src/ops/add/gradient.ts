import { unbroadcast } from "../../graph/unbroadcast.ts";
import type { Gradient } from "../op.ts";

/** d(a + b) = da + db. */
export const gradient: Gradient = (b, node, upstream) =>
  node.inputs.map((input) => unbroadcast(b, upstream, b.shape(input)));
