import { unaryReference } from "../elementwise.ts";

/** Square root in binary64, then rounded: for binary32 inputs the double rounding is innocuous. */
export const reference = unaryReference("sqrt", (x) => Math.fround(Math.sqrt(x)));
