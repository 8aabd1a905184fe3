import { type Cell, type ColumnType, inferType, readCell } from "./cells.ts";
import { FormatError } from "./errors.ts";
import { readBatches } from "./read.ts";
import type { TableFormat } from "./recognise.ts";
import type { ByteSource } from "./source.ts";

/** A whole table in memory, by columns. */
export interface Columns {
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly type: ColumnType; readonly values: readonly Cell[] }[];
}

/** How cells become values; the same rules as the engine's CSV reader. */
export interface ColumnRules {
  /** Types that must hold; columns not named get the type of most of their cells. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** What a missing cell is: an error (default), or null. */
  readonly missing?: "error" | "null";
  /** 2^20 unless said. */
  readonly maxRows?: number;
}

/** Reads a typed format as one table. Throws FormatError that names row and column. */
export async function columnsOf(source: ByteSource, format: TableFormat, rules: ColumnRules = {}): Promise<Columns> {
  const cells = new Map<string, Cell[]>();
  const maxRows = rules.maxRows ?? 2 ** 20;
  let rows = 0;
  for await (const batch of readBatches(source, format)) {
    const before = rows;
    for (const [i, name] of batch.names.entries()) {
      const column = cells.get(name) ?? new Array<Cell>(format === "jsonl" ? before : 0).fill(null);
      for (const cell of batch.columns[i] ?? []) column.push(cell);
      cells.set(name, column);
      rows = Math.max(rows, column.length);
    }
    if (rows > maxRows) throw new FormatError(format, `The file has more than ${maxRows} rows.`);
  }
  for (const name of Object.keys(rules.types ?? {})) {
    if (!cells.has(name))
      throw new FormatError(format, `The file has no column "${name}".`, { data: { column: name } });
  }
  const columns = [...cells].map(([name, values]) => {
    if (values.length !== rows)
      throw new FormatError(format, `Column "${name}" has ${values.length} of ${rows} cells.`);
    const type = rules.types?.[name] ?? inferType(values, false);
    return {
      name,
      type,
      values: values.map((cell, row) => valueFor(cell, type, rules, { row: row + 1, column: name }, format)),
    };
  });
  return { rows, columns };
}

function valueFor(
  cell: Cell,
  type: ColumnType,
  rules: ColumnRules,
  at: { row: number; column: string },
  format: TableFormat,
): Cell {
  if (cell === null) {
    if (rules.missing === "null") return null;
    throw new FormatError(format, `Row ${at.row}, column "${at.column}": the cell is empty.`, {
      hints: ["Fill the cell, remove the row, or say that an empty cell is a missing value (`--missing null`)."],
      data: at,
    });
  }
  if (type === "string") return String(cell);
  const value =
    type === "date" && typeof cell === "string" ? readCell(cell, "date") : typeof cell === type ? cell : undefined;
  if (value !== undefined) return value;
  throw new FormatError(
    format,
    `Row ${at.row}, column "${at.column}": "${String(cell).slice(0, 40)}" is not a ${type}.`,
    {
      data: at,
    },
  );
}
