import { type ErrorOptions, InvalidInputError } from "@base/errors";

/** What a column holds; a `date` is text `YYYY-MM-DD`. */
export type ColumnType = "number" | "string" | "date" | "boolean";

/** One column; `null` is a missing cell. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly values: readonly (number | string | boolean | null)[];
}

/** A table by columns, all of length `rows`. */
export interface Table {
  readonly columns: readonly Column[];
  readonly rows: number;
}

/** What is wrong with a table: machine-readable twin of the sentence. */
export type TableProblem =
  | "binary"
  | "empty"
  | "ragged"
  | "type"
  | "missing"
  | "header"
  | "quote"
  | "size"
  | "column"
  | "order";

/** A table that cannot be used. `data` has `problem` and, where there is one, `row` (1 = first data row) and `column`. */
export class TableError extends InvalidInputError {
  override name = "TableError";
  readonly problem: TableProblem;
  readonly row: number | undefined;
  readonly column: string | undefined;

  constructor(
    problem: TableProblem,
    message: string,
    at: { row?: number; column?: string } = {},
    options: ErrorOptions = {},
  ) {
    super(message, { ...options, data: { problem, ...at } });
    this.problem = problem;
    this.row = at.row;
    this.column = at.column;
  }
}

/** The column of that name; throws TableError that lists the names. */
export function columnOf(table: Table, name: string): Column {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column === undefined) {
    const names = table.columns.map((candidate) => candidate.name).join(", ");
    throw new TableError(
      "column",
      `The table has no column "${name}".`,
      { column: name },
      { hints: [`Columns: ${names}.`] },
    );
  }
  return column;
}

/** Days since 1970-01-01 of `YYYY-MM-DD` in the Gregorian calendar, or undefined when it is no such day. */
export function dayNumber(text: string): number | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return undefined;
  const milliseconds = Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  if (new Date(milliseconds).toISOString().slice(0, 10) !== text) return undefined;
  return milliseconds / 86_400_000;
}

/** The rows `from` (inclusive, 0-based) to `to` (exclusive). */
export function sliceTable(table: Table, from: number, to: number): Table {
  const columns = table.columns.map((column) => ({ ...column, values: column.values.slice(from, to) }));
  return { columns, rows: columns[0]?.values.length ?? 0 };
}
