import { InvalidInputError } from "@base/errors";
import { sliceTable, type Table } from "@machines/engine";

/** Rows by day (both ends included, by a date column) or by position (the first is 0). */
export interface Slice {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly row?: number | undefined;
}

/**
 * The rows that a model is to answer for: the days from `from` to `to`, the window that ends at `row`, or, with nothing
 * said, the last window of the table. Throws InvalidInputError when there are no such rows.
 */
export function sliceRows(table: Table, slice: Slice, time: string | undefined, days: number): Table {
  if (slice.from !== undefined || slice.to !== undefined) {
    const column =
      table.columns.find((candidate) => candidate.name === time) ?? table.columns.find(({ type }) => type === "date");
    if (!column) throw new InvalidInputError("the table has no date column: name a row instead of days");
    const inside = (value: unknown) =>
      String(value) >= (slice.from ?? "") && String(value) <= (slice.to ?? "9999-12-31");
    const first = column.values.findIndex(inside);
    const last = column.values.findLastIndex(inside);
    if (first < 0)
      throw new InvalidInputError(
        `no row of the table lies between ${slice.from ?? "its start"} and ${slice.to ?? "its end"}`,
      );
    return sliceTable(table, first, last + 1);
  }
  const row = slice.row ?? table.rows - 1;
  if (row < days - 1 || row >= table.rows) {
    throw new InvalidInputError(
      `row ${row}: the table has the rows 0 to ${table.rows - 1}, and the model needs ${days} that end there`,
      { data: { field: "row" } },
    );
  }
  return sliceTable(table, row + 1 - days, row + 1);
}
