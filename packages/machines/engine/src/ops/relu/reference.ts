import { unaryReference } from "../elementwise.ts";

/** `x < 0 ? +0 : x`. */
export const reference = unaryReference("relu", (x) => (x < 0 ? 0 : x));
