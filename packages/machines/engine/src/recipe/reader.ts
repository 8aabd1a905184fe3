import { type Column, columnOf, dayNumber, type Table, TableError } from "../table/table.ts";
import type { Feature, Fitted } from "./features.ts";
import type { Recipe } from "./recipe.ts";
import type { CalendarPart, Input, Layout } from "./schema.ts";
import { encodeText, tokenIds } from "./tokens.ts";
import { cosTurns, sinTurns } from "./turn.ts";

type Cell = Column["values"][number];

/** Rows that one sample spans: the window, the sequence, or the row and its longest lag. */
export function sampleRows({ window, layout, inputs }: Recipe): number {
  if (window !== undefined) return window.days;
  if (layout?.kind === "sequence") return layout.rows;
  return 1 + Math.max(0, ...inputs.flatMap(({ lags = [] }) => lags));
}

/** The row before each row in its series, -1 for the first; throws TableError when the series column is not there. */
export function previousRows({ series }: Recipe, table: Table): Int32Array {
  if (series === undefined) return Int32Array.from({ length: table.rows }, (_, row) => row - 1);
  const newest = new Map<Cell, number>();
  const { values } = columnOf(table, series);
  return Int32Array.from(values, (value, row) => {
    const before = newest.get(value) ?? -1;
    newest.set(value, row);
    return before;
  });
}

/** The rows of the sample that ends at `last`, oldest first; undefined when the series does not reach back so far. */
export function rowsOfSample(previous: Int32Array, last: number, count: number): number[] | undefined {
  const rows = [last];
  while (rows.length < count) {
    const before = previous[rows[0] as number] as number;
    if (before < 0) return undefined;
    rows.unshift(before);
  }
  return rows;
}

/** Reads the input vectors of a version 2 recipe from a table: `read(last)` gives that of the sample ending there. */
export function openReader(
  recipe: Recipe,
  features: readonly Feature[],
  fitted: Pick<Fitted, "categories" | "fills">,
  table: Table,
): (last: number) => Float32Array {
  if (recipe.layout?.kind === "text") return textReader(recipe, recipe.layout, fitted, table);
  const columns = new Map(features.map(({ column }) => [column, columnOf(table, column)]));
  const inputs = new Map(recipe.inputs.map((input) => [input.column, input]));
  const [previous, count, trees] = [previousRows(recipe, table), sampleRows(recipe), recipe.model.kind === "trees"];
  return (last) => {
    const rows = rowsOfSample(previous, last, count);
    if (rows === undefined)
      throw new TableError(
        "size",
        `Row ${last + 1}: the model looks at ${count} rows of a series, and fewer are there.`,
        {
          row: last + 1,
        },
      );
    return Float32Array.from(features, (feature, index) => {
      const column = columns.get(feature.column) as Column;
      const row = rows[feature.step ?? count - 1 - (feature.lag ?? 0)] as number;
      const value = readFeature(feature, column, row);
      if (!Number.isNaN(value)) return value;
      const rule = inputs.get(feature.column)?.missing;
      if (feature.category !== undefined && rule === "zeros") return 0;
      if (feature.category === undefined && isFill(rule)) return fitted.fills?.[index] ?? Number.NaN;
      if (trees && rule === undefined) return Number.NaN;
      throw missingCell(column, row);
    });
  };
}

/** Whether a recipe's `missing` names a number, or how to find one. */
export function isFill(rule: Input["missing"]): boolean {
  return rule === "mean" || rule === "median" || typeof rule === "number";
}

/** Whether a recipe puts numbers where cells are empty. */
export function fillsCells({ layout, inputs }: Recipe): boolean {
  return layout?.kind !== "text" && layout?.kind !== "image" && inputs.some(({ missing }) => isFill(missing));
}

function missingCell(column: Column, row: number): TableError {
  return new TableError(
    "missing",
    `Row ${row + 1}, column "${column.name}": the model needs this cell and it is empty.`,
    { row: row + 1, column: column.name },
    { hints: [`Say what stands for it: "missing": "mean", "median", a number, or "zeros" for categories.`] },
  );
}

/** The number that a feature is in this cell; NaN when the cell is empty. */
function readFeature(feature: Feature, column: Column, row: number): number {
  const cell = column.values[row] as Cell;
  if (feature.empty === true) return cell === null ? 1 : 0;
  if (cell === null) return Number.NaN;
  if (feature.category !== undefined) return String(cell) === feature.category ? 1 : 0;
  if (feature.part !== undefined) return datePart(feature.part, dayOf(column, row));
  if (typeof cell === "number") return cell;
  if (typeof cell === "boolean") return cell ? 1 : 0;
  throw new TableError(
    "type",
    `Row ${row + 1}, column "${column.name}": the model needs a number, not the ${column.type} "${cell}".`,
    { row: row + 1, column: column.name },
  );
}

function dayOf(column: Column, row: number): string {
  const cell = column.values[row];
  if (typeof cell === "string" && dayNumber(cell) !== undefined) return cell;
  throw new TableError(
    "type",
    `Row ${row + 1}, column "${column.name}": ${JSON.stringify(cell)} is not a day (YYYY-MM-DD).`,
    { row: row + 1, column: column.name },
  );
}

/** What a date column may be learnt from; the cycles are a cosine and a sine each. */
export type DatePart = Exclude<CalendarPart, "yearCycle" | "weekCycle"> | `${"year" | "week"}${"Cos" | "Sin"}`;

/** Date parts that a recipe's `calendar` entry stands for. */
export function datePartsOf(part: CalendarPart): DatePart[] {
  if (part === "yearCycle") return ["yearCos", "yearSin"];
  if (part === "weekCycle") return ["weekCos", "weekSin"];
  return [part];
}

/** Weekdays count from Monday = 0, days of the year and months from 1; the year's cycle is 365.2425 days. */
function datePart(part: DatePart, day: string): number {
  const number = dayNumber(day) as number;
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  const dayOfYear = number - (dayNumber(`${day.slice(0, 4)}-01-01`) as number) + 1;
  const weekday = (((number + 3) % 7) + 7) % 7;
  switch (part) {
    case "year":
      return year;
    case "month":
      return month;
    case "day":
      return date;
    case "weekday":
      return weekday;
    case "dayOfYear":
      return dayOfYear;
    case "yearCos":
      return cosTurns((dayOfYear - 1) / 365.2425);
    case "yearSin":
      return sinTurns((dayOfYear - 1) / 365.2425);
    case "weekCos":
      return cosTurns(weekday / 7);
    case "weekSin":
      return sinTurns(weekday / 7);
  }
}

function textReader(
  recipe: Recipe,
  { level, length }: Extract<Layout, { kind: "text" }>,
  { categories }: Pick<Fitted, "categories">,
  table: Table,
): (last: number) => Float32Array {
  const { column: name } = recipe.inputs[0] as Input;
  const column = columnOf(table, name);
  const ids = tokenIds(categories[name] ?? []);
  return (last) => encodeText(textOf(column, last), level, length, ids);
}

/** The text of a cell; throws TableError when it is empty. */
export function textOf(column: Column, row: number): string {
  const cell = column.values[row] as Cell;
  if (cell === null) throw missingCell(column, row);
  return String(cell);
}
