import type { Make } from "./make.ts";
import { NUMBERS } from "./numbers.ts";
import { WINDOWS } from "./windows.ts";
import { SHAPES } from "./shapes.ts";
import { SIGNALS } from "./signals.ts";
import { TABLES } from "./tables.ts";

/** Random cases of every operator that onnxruntime knows as well. */
export const GENERATORS: Readonly<Record<string, Make>> = { ...NUMBERS, ...WINDOWS, ...SHAPES, ...SIGNALS, ...TABLES };
