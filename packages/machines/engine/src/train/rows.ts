import type { Recipe } from "../recipe/recipe.ts";
import type { Table } from "../table/table.ts";
import { prepareSamples } from "./prepare.ts";

/**
 * Which rows of a table (0-based, ascending, once each) a recipe trains on and which it keeps for other parts: all
 * rows that the windows of that part's samples span. Throws TableError, RecipeError or InvalidInputError.
 */
export function rowsByPart(table: Table, recipe: Recipe): Readonly<Record<string, readonly number[]>> {
  const { samples, split } = prepareSamples(table, recipe);
  const parts: Record<string, readonly number[]> = {};
  for (const [part, members] of Object.entries(split) as [string, unknown][]) {
    if (!isList(members)) continue;
    const used = new Uint8Array(table.rows);
    for (const sample of members) {
      const [first, last] = samples.spans[sample] as readonly [number, number];
      used.fill(1, first, last + 1);
    }
    parts[part] = Array.from(used.keys()).filter((row) => used[row] === 1);
  }
  return parts;
}

/** A part of a split is a list of sample indices; a split may hold other things beside. */
function isList(value: unknown): value is ArrayLike<number> & Iterable<number> {
  return Array.isArray(value) || value instanceof Uint32Array;
}
