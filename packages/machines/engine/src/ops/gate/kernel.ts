import { f32x4, v128 } from "../../wasm/code.ts";
import { binaryKernel } from "../elementwise.ts";

/** The comparison's mask clears the closed lanes to +0. */
export const kernel = binaryKernel("gate", (_, g, x) => v128.and(g, f32x4.gt(x, f32x4.const(0))));
