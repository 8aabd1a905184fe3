import { columnOf, type Table, TableError } from "../table/table.ts";
import {
  checkDaily,
  dayNumbers,
  type Feature,
  type Fitted,
  listFeatures,
  MAX_CATEGORIES,
  openSamples,
  type Samples,
} from "./features.ts";
import { fillsCells, isFill, previousRows, rowsOfSample, sampleRows, textOf } from "./reader.ts";
import type { Recipe } from "./recipe.ts";
import type { Input } from "./schema.ts";
import { type Split, splitSamples } from "./split.ts";
import { vocabularyOf } from "./tokens.ts";

/** Samples of a version 2 recipe, their sides, and what was learnt from the training side alone to read them. */
export interface FittedSamples {
  readonly samples: Samples;
  readonly split: Split;
  readonly fitted: Fitted;
}

/** Most numbers that one sample may have. */
const MAX_FEATURES = 65_536;

/** Reads and splits the samples of a version 2 recipe. Throws TableError or InvalidInputError. */
export function fitSamples(recipe: Recipe, table: Table): FittedSamples {
  if (recipe.window !== undefined) checkDaily(recipe, dayNumbers(recipe, table), 0, table.rows - 1);
  const { spans, cells } = listSamples(recipe, table);
  const classes = recipe.task === "multiclass" ? classesOf(cells) : undefined;
  const y = Float32Array.from(cells, (cell, sample) =>
    classes === undefined ? targetOf(recipe, cell, spans[sample]?.[1] as number) : classes.indexOf(String(cell)),
  );
  const split = splitSamples(recipe, table, { spans });
  const categories = fitCategories(recipe, table, spans, split.train);
  const features = listFeatures(recipe, categories);
  if (features.length > MAX_FEATURES)
    throw new TableError("size", `A sample would have ${features.length} numbers; at most ${MAX_FEATURES} are taken.`);
  const width = features.length;
  const x = new Float32Array(spans.length * width);
  const read = openSamples(recipe, features, { categories }, table);
  spans.forEach(([, last], sample) => {
    x.set(read(last), sample * width);
  });
  const fills = fitFills(recipe, features, x, split.train);
  if (fills !== undefined)
    for (let at = 0; at < x.length; at++) if (Number.isNaN(x[at])) x[at] = fills[at % width] as number;
  const fitted = {
    categories,
    ...(classes === undefined ? {} : { classes }),
    ...(fills === undefined ? {} : { fills }),
  };
  return { samples: { features, x, y, spans }, split, fitted };
}

type Cell = string | number | boolean;

/** Every row with a target and enough rows before it, with what the target cell holds. */
function listSamples(recipe: Recipe, table: Table): { spans: [number, number][]; cells: Cell[] } {
  const target = columnOf(table, recipe.target);
  const [previous, count] = [previousRows(recipe, table), sampleRows(recipe)];
  const spans: [number, number][] = [];
  const cells: Cell[] = [];
  for (let last = 0; last < table.rows; last++) {
    const cell = target.values[last];
    const rows = cell === null || cell === undefined ? undefined : rowsOfSample(previous, last, count);
    if (rows === undefined) continue;
    spans.push([rows[0] as number, last]);
    cells.push(cell as Cell);
  }
  return { spans, cells };
}

function targetOf({ task, target }: Recipe, cell: Cell, row: number): number {
  const value = typeof cell === "boolean" ? Number(cell) : cell;
  const at = { row: row + 1, column: target };
  if (typeof value !== "number")
    throw new TableError(
      "type",
      `Row ${row + 1}, column "${target}": the target must be a number, not "${value}".`,
      at,
      {
        hints: ['Words are classes: use the task "multiclass".'],
      },
    );
  if (task === "binary" && value !== 0 && value !== 1)
    throw new TableError("type", `Row ${row + 1}, column "${target}": a binary target is 0 or 1, not ${value}.`, at);
  return value;
}

/** Classes in order: of size when all are numbers, else by code unit. Throws TableError outside 2 to 256. */
function classesOf(cells: readonly Cell[]): string[] {
  const distinct = [...new Set(cells)];
  const numbers = distinct.every((cell) => typeof cell === "number");
  const classes = numbers ? (distinct as number[]).sort((a, b) => a - b).map(String) : distinct.map(String).sort();
  if (classes.length < 2 || classes.length > MAX_CATEGORIES)
    throw new TableError("type", `The target has ${classes.length} classes; 2 to ${MAX_CATEGORIES} can be learnt.`);
  return classes;
}

/** Values of category columns, and the vocabulary of a text, as the training samples show them. */
function fitCategories(
  recipe: Recipe,
  table: Table,
  spans: Samples["spans"],
  train: readonly number[],
): Record<string, string[]> {
  const categories: Record<string, string[]> = {};
  const { layout } = recipe;
  if (layout?.kind === "image") return categories;
  if (layout?.kind === "text") {
    const { column: name } = recipe.inputs[0] as Input;
    const column = columnOf(table, name);
    const texts = train.map((sample) => textOf(column, spans[sample]?.[1] as number));
    return { [name]: vocabularyOf(texts, layout.level, layout.vocabulary) };
  }
  if (recipe.window !== undefined) return categories;
  const rows = rowsOf(recipe, table, spans, train);
  for (const input of recipe.inputs) {
    const column = columnOf(table, input.column);
    if (input.calendar !== undefined || (input.type ?? "category") !== "category") continue;
    if (input.type === undefined && column.type !== "string") {
      if (column.type !== "date") continue;
      throw new TableError(
        "type",
        `Column "${column.name}" holds days: name the parts to learn from, e.g. "calendar": ["month"].`,
        {
          column: column.name,
        },
      );
    }
    const distinct = new Set(
      rows
        .map((row) => column.values[row])
        .filter((value) => value !== null)
        .map(String),
    );
    if (distinct.size > MAX_CATEGORIES)
      throw new TableError(
        "type",
        `Column "${column.name}" has ${distinct.size} different values; at most ${MAX_CATEGORIES} make categories.`,
        { column: column.name },
      );
    categories[column.name] = [...distinct].sort();
  }
  return categories;
}

/** All rows that the given samples look at, each once, in order. */
function rowsOf(recipe: Recipe, table: Table, spans: Samples["spans"], chosen: readonly number[]): number[] {
  const [previous, count] = [previousRows(recipe, table), sampleRows(recipe)];
  const rows = new Set<number>();
  for (const sample of chosen)
    for (const row of rowsOfSample(previous, spans[sample]?.[1] as number, count) ?? []) rows.add(row);
  return [...rows].sort((a, b) => a - b);
}

/** What stands for an empty cell, by feature; undefined when the recipe fills nothing. */
function fitFills(
  recipe: Recipe,
  features: readonly Feature[],
  x: Float32Array,
  train: readonly number[],
): Float32Array | undefined {
  if (!fillsCells(recipe)) return undefined;
  const rules = new Map(recipe.inputs.map(({ column, missing }) => [column, missing]));
  return Float32Array.from(features, ({ column, category, empty }, feature) => {
    const rule = rules.get(column);
    if (category !== undefined || empty === true || !isFill(rule)) return Number.NaN;
    if (typeof rule === "number") return rule;
    const present = train
      .map((sample) => x[sample * features.length + feature] as number)
      .filter((value) => !Number.isNaN(value));
    if (present.length === 0)
      throw new TableError("missing", `Column "${column}" is empty in every training row: there is no ${rule}.`, {
        column,
      });
    return rule === "mean" ? present.reduce((sum, value) => sum + value, 0) / present.length : medianOf(present);
  });
}

function medianOf(values: number[]): number {
  values.sort((a, b) => a - b);
  const middle = values.length >> 1;
  const upper = values[middle] as number;
  return values.length % 2 === 1 ? upper : ((values[middle - 1] as number) + upper) / 2;
}
