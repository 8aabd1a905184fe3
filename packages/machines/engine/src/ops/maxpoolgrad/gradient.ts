import { BugError } from "@base/errors";
import type { Gradient } from "../op.ts";

/** Second derivatives of pooling are not written. */
export const gradient: Gradient = () => {
  throw new BugError("maxpool can be differentiated once only.");
};
