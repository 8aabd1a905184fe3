import { type Column, columnOf, dayNumber, type Table, TableError } from "../table/table.ts";
import { type DatePart, datePartsOf, openReader } from "./reader.ts";
import type { Aggregate, Recipe } from "./recipe.ts";

/** One number of the model's input vector. */
export interface Feature {
  readonly column: string;
  readonly aggregate?: Aggregate;
  /** 0-based bin of the window. */
  readonly bin?: number;
  /** First day of the bin, counted from 0 at the window's start, and the day after its last. */
  readonly days?: readonly [from: number, to: number];
  /** For a text column: 1 when the cell equals this, else 0. */
  readonly category?: string;
  /** Rows back from the sample's last row. */
  readonly lag?: number;
  /** Row of a sequence, or token of a text, from 0. */
  readonly step?: number;
  /** Of a date column. */
  readonly part?: DatePart;
  /** 1 when the cell is empty, else 0. */
  readonly empty?: true;
}

/** What reading a table takes besides the recipe; learnt from training rows. */
export interface Fitted {
  /** Values of category columns, and a text's vocabulary, by column. */
  readonly categories: Readonly<Record<string, readonly string[]>>;
  /** Names of the classes of a multiclass target, in the order of their numbers. */
  readonly classes?: readonly string[];
  /** By feature: what stands for an empty cell; NaN where nothing does. */
  readonly fills?: Float32Array;
}

/** Samples ready for the engine: `x` is rows x features, row-major. */
export interface Samples {
  readonly features: readonly Feature[];
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** Per sample: the table rows it spans, 0-based, inclusive. */
  readonly spans: readonly (readonly [first: number, last: number])[];
}

/** Most values of one category column, and most classes. */
export const MAX_CATEGORIES = 256;

/** The features of a recipe; text columns get one feature per category, sorted by code unit. */
export function listFeatures(recipe: Recipe, categories: Readonly<Record<string, readonly string[]>>): Feature[] {
  const { layout } = recipe;
  if (layout?.kind === "text") {
    const { column } = recipe.inputs[0] as { column: string };
    return Array.from({ length: layout.length }, (_, step) => ({ column, step }));
  }
  if (layout?.kind === "image") {
    const { column } = recipe.inputs[0] as { column: string };
    return Array.from({ length: layout.shape.reduce((a, b) => a * b) }, (_, pixel) => ({
      column: `${column}${pixel}`,
    }));
  }
  if (layout?.kind === "sequence") {
    const steps = Array.from({ length: layout.rows }, (_, step) => step);
    return steps.flatMap((step) => columnFeatures(recipe, categories).map((feature) => ({ ...feature, step })));
  }
  if (recipe.version === 2 && recipe.window === undefined) return columnFeatures(recipe, categories);
  const features: Feature[] = [];
  for (const { column, aggregate } of recipe.inputs) {
    if (recipe.window !== undefined && aggregate !== undefined) {
      const { days, bins } = recipe.window;
      for (let bin = 0; bin < bins; bin++) {
        const edges = [Math.floor((bin * days) / bins), Math.floor(((bin + 1) * days) / bins)] as const;
        features.push({ column, aggregate, bin, days: edges });
      }
    } else if (categories[column] !== undefined) {
      for (const category of categories[column]) features.push({ column, category });
    } else features.push({ column });
  }
  return features;
}

/** Features of a row's columns, version 2: categories, date parts or the number, for each lag; then the indicator. */
function columnFeatures(recipe: Recipe, categories: Fitted["categories"]): Feature[] {
  return recipe.inputs.flatMap(({ column, lags, calendar, indicator }) =>
    (lags ?? [undefined]).flatMap((lag) => {
      const base = lag === undefined || lag === 0 ? { column } : { column, lag };
      const values: Feature[] =
        calendar !== undefined
          ? calendar.flatMap(datePartsOf).map((part) => ({ ...base, part }))
          : (categories[column]?.map((category) => ({ ...base, category })) ?? [base]);
      return indicator === true ? [...values, { ...base, empty: true as const }] : values;
    }),
  );
}

/** Distinct texts of every text column among the inputs; throws TableError on more than 256 of them. */
export function listCategories(recipe: Recipe, table: Table): Record<string, string[]> {
  const categories: Record<string, string[]> = {};
  for (const { column: name } of recipe.inputs) {
    const column = columnOf(table, name);
    if (column.type !== "string" || recipe.window !== undefined) continue;
    const distinct = [...new Set(column.values.filter((value) => value !== null) as string[])].sort();
    if (distinct.length > MAX_CATEGORIES)
      throw new TableError(
        "type",
        `Column "${name}" has ${distinct.length} different texts; at most ${MAX_CATEGORIES} make categories.`,
        { column: name },
      );
    categories[name] = distinct;
  }
  return categories;
}

/** Whether empty cells among the inputs are an answer of their own (NaN) instead of an error. */
const takesMissing = (recipe: Recipe) => recipe.model.kind === "trees";

/** A cell as a number; booleans are 1 and 0, an empty one NaN when asked. Throws TableError on a missing or other cell. */
function numeric(column: Column, row: number, missing = false): number {
  const value = column.values[row];
  if (value === null && missing) return Number.NaN;
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  const at = { row: row + 1, column: column.name };
  if (value === null || value === undefined)
    throw new TableError(
      "missing",
      `Row ${row + 1}, column "${column.name}": the model needs this cell and it is empty.`,
      at,
    );
  throw new TableError(
    "type",
    `Row ${row + 1}, column "${column.name}": the model needs a number, not the ${column.type} "${value}".`,
    at,
  );
}

/** Aggregates in binary64, rows ascending; one rounding to binary32 follows. */
function aggregateRows(column: Column, from: number, to: number, aggregate: Aggregate, missing: boolean): number {
  let result = numeric(column, from, missing);
  for (let row = from + 1; row < to; row++) {
    const value = numeric(column, row, missing);
    if (aggregate === "min") result = Math.min(value, result);
    else if (aggregate === "max") result = Math.max(value, result);
    else result += value;
  }
  return aggregate === "mean" ? result / (to - from) : result;
}

/** The input vector of the sample whose last row is `last` (0-based). */
function featureVector(recipe: Recipe, features: readonly Feature[], table: Table, last: number): Float32Array {
  const first = last + 1 - (recipe.window?.days ?? 1);
  const columns = new Map(recipe.inputs.map(({ column }) => [column, columnOf(table, column)]));
  return Float32Array.from(features, (feature) => {
    const column = columns.get(feature.column) as Column;
    if (feature.category !== undefined) {
      if (column.values[last] === null && takesMissing(recipe)) return Number.NaN;
      if (column.values[last] === null)
        throw new TableError(
          "missing",
          `Row ${last + 1}, column "${column.name}": the model needs this cell and it is empty.`,
          { row: last + 1, column: column.name },
        );
      return column.values[last] === feature.category ? 1 : 0;
    }
    if (feature.days === undefined || feature.aggregate === undefined)
      return numeric(column, last, takesMissing(recipe));
    const [from, to] = [first + feature.days[0], first + feature.days[1]];
    return aggregateRows(column, from, to, feature.aggregate, takesMissing(recipe));
  });
}

/** Day numbers of the recipe's time column; throws TableError on a cell that is no day. */
export function dayNumbers(recipe: Recipe, table: Table): number[] {
  const column = columnOf(table, recipe.time as string);
  return column.values.map((value, index) => {
    const day = typeof value === "string" ? dayNumber(value) : undefined;
    if (day === undefined)
      throw new TableError(
        "type",
        `Row ${index + 1}, column "${column.name}": ${JSON.stringify(value)} is not a day (YYYY-MM-DD).`,
        { row: index + 1, column: column.name },
      );
    return day;
  });
}

/** Throws TableError unless the rows `first` to `last` are consecutive days. */
export function checkDaily(recipe: Recipe, days: readonly number[], first: number, last: number): void {
  for (let row = first + 1; row <= last; row++)
    if (days[row] !== (days[row - 1] as number) + 1)
      throw new TableError(
        "order",
        `Row ${row + 1}, column "${recipe.time}": the day before it is not in row ${row}; a window needs consecutive days.`,
        { row: row + 1, column: recipe.time as string },
      );
}

/** The target as a number; booleans are 1 and 0; null when the row has none. Throws TableError on anything else. */
function targetOf(recipe: Recipe, column: Column, row: number): number | null {
  if (column.values[row] === null) return null;
  const value = numeric(column, row);
  if (recipe.task === "binary" && value !== 0 && value !== 1)
    throw new TableError("type", `Row ${row + 1}, column "${column.name}": a binary target is 0 or 1, not ${value}.`, {
      row: row + 1,
      column: column.name,
    });
  return value;
}

/** All samples of a table that have a target, oldest row first. */
export function buildSamples(recipe: Recipe, features: readonly Feature[], table: Table): Samples {
  const target = columnOf(table, recipe.target);
  const length = recipe.window?.days ?? 1;
  if (recipe.time !== undefined) {
    const days = dayNumbers(recipe, table);
    if (recipe.window !== undefined) checkDaily(recipe, days, 0, table.rows - 1);
  }
  const spans: [number, number][] = [];
  const targets: number[] = [];
  for (let last = length - 1; last < table.rows; last++) {
    const value = targetOf(recipe, target, last);
    if (value === null) continue;
    spans.push([last + 1 - length, last]);
    targets.push(value);
  }
  const x = new Float32Array(spans.length * features.length);
  spans.forEach(([, last], index) => {
    x.set(featureVector(recipe, features, table, last), index * features.length);
  });
  return { features, x, y: Float32Array.from(targets), spans };
}

/** Reads input vectors from a table: `read(last)` gives that of the sample ending there. */
export function openSamples(
  recipe: Recipe,
  features: readonly Feature[],
  fitted: Pick<Fitted, "categories" | "fills">,
  table: Table,
): (last: number) => Float32Array {
  if (recipe.version === 2 && recipe.window === undefined) return openReader(recipe, features, fitted, table);
  return (last) => featureVector(recipe, features, table, last);
}
