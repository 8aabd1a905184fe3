import { binaryReference } from "../elementwise.ts";

/** `a - b`, rounded once to binary32. */
export const reference = binaryReference("sub", (a, b) => Math.fround(a - b));
