import { f32x4, i32, v128, when } from "../../wasm/code.ts";
import type { Code, Local } from "../../wasm/emit.ts";

// A bias and a clamp on sums that are still in registers. The bits are those of the separate operators: one addition,
// then `x < low ? low : x` and `high < x ? high : x`, and NaN made canonical when the result is stored.

/** Kinds of work after a sum, added up: one bias per row, one bias per column, a clamp. */
export const BIAS_ROW = 1;
export const BIAS_COLUMN = 2;
export const CLAMP = 4;

/** What is done with each finished sum. */
export interface After {
  readonly kinds: number;
  /** Address of the bias of row or column 0; 0 without. */
  readonly bias: number;
  /** Address of two numbers, the lower and the upper limit; 0 without. */
  readonly limits: number;
}

/** The same as locals of a kernel; `bias` points at the tile's first row or column. */
export interface AfterLocals {
  readonly kinds: Local;
  readonly bias: Local;
  readonly limits: Local;
}

/** Clamps `value` between the two numbers at `limits`. */
export function clampCode(value: Code, limits: Local): Code {
  return f32x4.pmin(f32x4.pmax(value, v128.load32Splat(limits.get)), v128.load32Splat(limits.get, 4));
}

/** Applies what is wanted to a tile of sums, `sums[row][vector]`. */
export function afterCode({ kinds, bias, limits }: AfterLocals, sums: readonly (readonly Local[])[]): Code {
  const each = (code: (sum: Local, row: number, vector: number) => Code): Code =>
    sums.flatMap((row, i) => row.flatMap((sum, j) => [...sum.set(code(sum, i, j))]));
  const has = (kind: number): Code => i32.and(kinds.get, i32.const(kind));
  return when(kinds.get, [
    ...when(
      has(BIAS_ROW),
      each((sum, row) => f32x4.add(sum.get, v128.load32Splat(bias.get, row * 4))),
    ),
    ...when(
      has(BIAS_COLUMN),
      each((sum, _, vector) => f32x4.add(sum.get, v128.load(bias.get, vector * 16))),
    ),
    ...when(
      has(CLAMP),
      each((sum) => clampCode(sum.get, limits)),
    ),
  ]);
}
