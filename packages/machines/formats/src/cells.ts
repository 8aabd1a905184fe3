/** What a cell of any format becomes. Numbers are finite; everything that is none of these becomes text. */
export type Cell = number | string | boolean | null;

/** What a column holds, as statements name it; a `date` is text `YYYY-MM-DD`. */
export type ColumnType = "number" | "string" | "date" | "boolean";

/** Some rows of some columns of a table; each column has `rows` cells, and a column's batches come in order. */
export interface Batch {
  readonly names: readonly string[];
  readonly columns: readonly (readonly Cell[])[];
  readonly rows: number;
  /** True where cells are text that still has to be read as numbers or dates (CSV). */
  readonly untyped?: boolean;
}

/** Most columns of a table, as the engine reads it. */
export const MAX_COLUMNS = 4096;

/**
 * A value as a reader gives it, as a cell. Whole numbers beyond 2^53 and numbers that are not finite become text and a
 * missing cell; moments at midnight UTC become days, other moments ISO 8601; nested values become canonical-looking JSON.
 */
export function toCell(value: unknown): Cell {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) ? value : null;
    case "bigint":
      return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value.toString();
    case "string":
      return value === "" ? null : value;
    case "boolean":
      return value;
    case "object":
      if (value === null) return null;
      if (value instanceof Date) return dateCell(value);
      if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
      return JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? inner.toString() : inner)) ?? null;
    default:
      return null;
  }
}

function dateCell(date: Date): Cell {
  if (Number.isNaN(date.getTime())) return null;
  const text = date.toISOString();
  return /^\d{4}-.*T00:00:00\.000Z$/.test(text) ? text.slice(0, 10) : text;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/** Days since 1970-01-01 of `YYYY-MM-DD`; undefined when it is no day of the calendar. */
export function dayNumber(text: string): number | undefined {
  const match = DAY.exec(text);
  if (!match) return undefined;
  const time = Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  return new Date(time).toISOString().slice(0, 10) === text ? time / 86_400_000 : undefined;
}

/** Text of a CSV cell read as `type`: undefined when it is none. The rules are the engine's. */
export function readCell(text: string, type: ColumnType): Cell | undefined {
  if (type === "string") return text;
  const cell = text.trim();
  if (type === "date") return dayNumber(cell) === undefined ? undefined : cell;
  if (type === "boolean") return /^true$/i.test(cell) ? true : /^false$/i.test(cell) ? false : undefined;
  const value = NUMBER.test(cell) ? Number(cell) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** The type that most present cells have. */
export function inferType(cells: Iterable<Cell>, untyped: boolean): ColumnType {
  const counts = { number: 0, date: 0, boolean: 0 };
  let present = 0;
  for (const cell of cells) {
    if (cell === null || (typeof cell === "string" && cell.trim() === "")) continue;
    present++;
    if (typeof cell === "number") counts.number++;
    else if (typeof cell === "boolean") counts.boolean++;
    else if (readCell(cell, "date") !== undefined) counts.date++;
    else if (untyped && readCell(cell, "number") !== undefined) counts.number++;
    else if (untyped && readCell(cell, "boolean") !== undefined) counts.boolean++;
  }
  for (const type of ["number", "date", "boolean"] as const) if (counts[type] * 2 > present) return type;
  return "string";
}
