import { binaryReference } from "../elementwise.ts";

/** `x > 0 ? g : +0`. */
export const reference = binaryReference("gate", (g, x) => (x > 0 ? g : 0));
