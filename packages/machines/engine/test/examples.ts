// The recipes that are shipped: the examples of docs/recipes.md, each with a table that it fits.
import { readFileSync } from "node:fs";
import type { Recipe, Table } from "../src/index.ts";
import { digitTable, heartTable, moodTable, salesTable, seriesTable } from "./made.ts";

const page = readFileSync(new URL("../../../../docs/recipes.md", import.meta.url), "utf8");

/** Name of the table, and recipe. */
export const EXAMPLES = [...page.matchAll(/<!-- table: (\w+) -->\s+```json\n([\s\S]*?)```/g)].map(
  ([, table, json]) => [table as string, JSON.parse(json as string) as Recipe] as const,
);

export const TABLES: Readonly<Record<string, () => Table>> = {
  sales: () => salesTable(120),
  heart: () => heartTable(300),
  series: () => seriesTable(200, 6),
  moods: () => moodTable(200),
  digits: () => digitTable(120, 12, 4),
};
