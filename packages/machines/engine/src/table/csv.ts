import { type Column, type ColumnType, dayNumber, type Table, TableError } from "./table.ts";

/** How to read a CSV file. */
export interface CsvOptions {
  /** One character, `,` unless said. */
  readonly delimiter?: string;
  /** Types that must hold; columns not named are inferred from what most of their cells are. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** What an empty cell is: an error (default), or null. */
  readonly missing?: "error" | "null";
  /** 2^20 unless said. */
  readonly maxRows?: number;
}

const MAX_COLUMNS = 4096;
const MAX_BYTES = 2 ** 28;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const UTF8_BOM = "\uFEFF";

/**
 * Reads CSV (RFC 4180, UTF-8, header row) into a typed table. Throws TableError that names row and column:
 * binary or empty input, ragged rows, cells of the wrong type, missing cells, bad headers.
 */
export function parseCsv(bytes: Uint8Array, options: CsvOptions = {}): Table {
  const records = splitRecords(decode(bytes), options.delimiter ?? ",", (options.maxRows ?? 2 ** 20) + 1);
  const header = records[0];
  if (header === undefined) throw new TableError("empty", "The file is empty: it has no header row.");
  checkHeader(header);
  const rows = records.slice(1);
  if (rows.length === 0) throw new TableError("empty", "The file has a header but no data rows.");
  rows.forEach((cells, index) => {
    if (cells.length === header.length) return;
    const at = { row: index + 1, column: header[Math.min(cells.length, header.length) - 1] ?? "" };
    throw new TableError("ragged", `Row ${index + 1} has ${cells.length} cells, the header has ${header.length}.`, at);
  });
  for (const name of Object.keys(options.types ?? {}))
    if (!header.includes(name)) throw new TableError("column", `The file has no column "${name}".`, { column: name });
  const columns = header.map((name, index) => {
    const cells = rows.map((row) => row[index] as string);
    return readColumn(name, cells, options);
  });
  return { columns, rows: rows.length };
}

function decode(bytes: Uint8Array): string {
  if (bytes.length > MAX_BYTES)
    throw new TableError("size", `The file has ${bytes.length} bytes; at most ${MAX_BYTES} are read.`);
  const binary = bytes.indexOf(0);
  if (binary >= 0) throw new TableError("binary", `The file is not text: it holds a zero byte at offset ${binary}.`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TableError("binary", "The file is not UTF-8 text.", {}, { cause });
  }
}

/** Splits text into records of cells; blank lines are skipped. */
function splitRecords(text: string, delimiter: string, limit: number): string[][] {
  const source = text.startsWith(UTF8_BOM) ? text.slice(1) : text;
  const records: string[][] = [];
  let cells: string[] = [];
  let at = 0;
  const endRecord = () => {
    if (cells.length > 1 || cells[0] !== "") records.push(cells);
    if (records.length > limit)
      throw new TableError("size", `The file has more than ${limit - 1} rows.`, { row: limit });
    cells = [];
  };
  while (at < source.length) {
    const [cell, next] = source[at] === '"' ? quotedCell(source, at, records.length) : plainCell(source, at, delimiter);
    cells.push(cell);
    at = next;
    if (source[at] === delimiter) {
      at++;
      if (at === source.length || source[at] === "\n" || source[at] === "\r") cells.push("");
    } else if (at < source.length && source[at] !== "\n" && source[at] !== "\r")
      throw new TableError("quote", `Row ${records.length} has text after a closing quote.`, { row: records.length });
    if (at >= source.length || source[at] === "\n" || source[at] === "\r") {
      endRecord();
      at += source[at] === "\r" && source[at + 1] === "\n" ? 2 : 1;
    }
  }
  return records;
}

function plainCell(source: string, from: number, delimiter: string): [cell: string, next: number] {
  let at = from;
  while (at < source.length && source[at] !== delimiter && source[at] !== "\n" && source[at] !== "\r") at++;
  return [source.slice(from, at), at];
}

function quotedCell(source: string, from: number, row: number): [cell: string, next: number] {
  let cell = "";
  let at = from + 1;
  for (;;) {
    const close = source.indexOf('"', at);
    if (close < 0) throw new TableError("quote", `Row ${row} opens a quote that never closes.`, { row });
    cell += source.slice(at, close);
    if (source[close + 1] !== '"') return [cell, close + 1];
    cell += '"';
    at = close + 2;
  }
}

function checkHeader(header: readonly string[]): void {
  if (header.length > MAX_COLUMNS)
    throw new TableError("size", `The file has ${header.length} columns; at most ${MAX_COLUMNS} are read.`);
  header.forEach((name, index) => {
    if (name.trim() === "")
      throw new TableError("header", `Column ${index + 1} has no name in the header.`, { row: 0 });
    if (header.indexOf(name) !== index)
      throw new TableError("header", `The header names column "${name}" twice.`, { row: 0, column: name });
  });
}

/** The value of a cell as `type`, or undefined when it is none. */
function parseCell(cell: string, type: ColumnType): number | string | boolean | undefined {
  if (type === "string") return cell;
  const text = cell.trim();
  if (type === "date") return dayNumber(text) === undefined ? undefined : text;
  if (type === "boolean") return /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : undefined;
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

function inferType(cells: readonly string[]): ColumnType {
  const present = cells.filter((cell) => cell.trim() !== "");
  for (const type of ["number", "date", "boolean"] as const) {
    const fitting = present.filter((cell) => parseCell(cell, type) !== undefined).length;
    if (fitting * 2 > present.length) return type;
  }
  return "string";
}

function readColumn(name: string, cells: readonly string[], options: CsvOptions): Column {
  const declared = options.types?.[name];
  const type = declared ?? inferType(cells);
  const values = cells.map((cell, index) => {
    const at = { row: index + 1, column: name };
    if (cell.trim() === "") {
      if (options.missing === "null") return null;
      throw new TableError("missing", `Row ${index + 1}, column "${name}": the cell is empty.`, at, {
        hints: ["Fill the cell, remove the row, or say that an empty cell is a missing value (`--missing null`)."],
      });
    }
    const value = parseCell(cell, type);
    if (value !== undefined) return value;
    const hints =
      declared === undefined
        ? [`Most cells of the column are a ${type}; declare it a string if this one is right.`]
        : [];
    throw new TableError("type", `Row ${index + 1}, column "${name}": "${cell.slice(0, 40)}" is not a ${type}.`, at, {
      hints,
    });
  });
  return { name, type, values };
}

/** Writes a table as CSV (RFC 4180, LF line ends); a missing cell is empty. {@link parseCsv} reads back the same table. */
export function formatCsv(table: Table): Uint8Array {
  const quote = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = [table.columns.map((column) => quote(column.name)).join(",")];
  for (let row = 0; row < table.rows; row++)
    lines.push(
      table.columns.map((column) => quote(column.values[row] === null ? "" : String(column.values[row]))).join(","),
    );
  return new TextEncoder().encode(`${lines.join("\n")}\n`);
}
