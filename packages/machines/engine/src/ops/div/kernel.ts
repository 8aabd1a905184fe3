import { f32x4 } from "../../wasm/code.ts";
import { binaryKernel } from "../elementwise.ts";

/** Four lanes of `a / b`. */
export const kernel = binaryKernel("div", (_, a, b) => f32x4.div(a, b));
