import type { Hash } from "@base/bytes/hash.ts";
import { type Recipe, rowsByPart, type Table } from "@machines/engine";
import { type RowSet, rowHashes, rowSet } from "./rowSet.ts";

/** Row hashes by part of a recipe's split: rows that trained, rows that tested. */
export function sampleHashes(table: Table, recipe: Recipe, salt: Hash | null): Record<string, Hash[]> {
  const all = rowHashes(table, salt);
  const parts = Object.entries(rowsByPart(table, recipe));
  return Object.fromEntries(parts.map(([part, rows]) => [part, rows.map((row) => all[row] as Hash)]));
}

/** What a run's statement says of the rows that it used. SPEC R1. */
export function samplesOf(table: Table, recipe: Recipe, salt: Hash | null): Record<string, RowSet> {
  const parts = Object.entries(sampleHashes(table, recipe, salt));
  return Object.fromEntries(parts.map(([part, hashes]) => [part, rowSet(hashes, salt !== null)]));
}
