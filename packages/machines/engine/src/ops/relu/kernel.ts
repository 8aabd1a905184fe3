import { f32x4 } from "../../wasm/code.ts";
import { unaryKernel } from "../elementwise.ts";

/** `pmax(x, 0)` is `x < 0 ? 0 : x`. */
export const kernel = unaryKernel("relu", (_, x) => f32x4.pmax(x, f32x4.const(0)));
