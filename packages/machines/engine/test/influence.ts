// Tables with some rows taken out, for tests of influence.
import type { Table } from "../src/index.ts";

/** The table without some of its rows (0-based). */
export function without(table: Table, rows: readonly number[]): Table {
  const gone = new Set(rows);
  const columns = table.columns.map((column) => ({
    ...column,
    values: column.values.filter((_, row) => !gone.has(row)),
  }));
  return { columns, rows: columns[0]?.values.length ?? 0 };
}

/** The table with a copy of one row at its end, some cells changed. */
export function withRow(table: Table, row: number, cells: Readonly<Record<string, string | number>>): Table {
  const columns = table.columns.map((column) => ({
    ...column,
    values: [...column.values, cells[column.name] ?? column.values[row] ?? null],
  }));
  return { columns, rows: table.rows + 1 };
}
