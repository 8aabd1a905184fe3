import { f32x4 } from "../../wasm/code.ts";
import { unaryKernel } from "../elementwise.ts";

/** Four correctly rounded square roots. */
export const kernel = unaryKernel("sqrt", (_, x) => f32x4.sqrt(x));
