import { binaryReference } from "../elementwise.ts";

/** `a * b`, rounded once to binary32. */
export const reference = binaryReference("mul", (a, b) => Math.fround(a * b));
