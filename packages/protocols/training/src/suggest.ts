import type { Context } from "@kernel/capability";
import type { Recipe } from "@machines/engine";
import { readData } from "@records/assets/data.ts";
import { type RecipeWishes, suggestRecipe } from "./suggestRecipe.ts";

export interface SuggestInput extends RecipeWishes {
  readonly data: readonly string[];
}

/** Writes a recipe for data assets and a target, to be changed and given to `train`. Throws like `suggestRecipe`. SPEC T1. */
export async function suggest(
  context: Pick<Context, "store" | "chain" | "contracts">,
  input: SuggestInput,
): Promise<{ recipe: Recipe; rows: number; columns: string[] }> {
  const { table } = await readData(context, input.data);
  return { recipe: suggestRecipe(table, input), rows: table.rows, columns: table.columns.map(({ name }) => name) };
}
