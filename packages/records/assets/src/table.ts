import { IntegrityError, InvalidInputError } from "@base/errors";
import { type ColumnType, type CsvOptions, parseCsv, type Table } from "@machines/engine";
import { bytesSource, formatOf, isTableFormat, type TableFormat } from "@machines/formats";
import { columnsOf } from "@machines/formats/columns.ts";
import type { Column, TableStatement } from "./statements.ts";

/**
 * Parses a table of any format with every check of the engine's CSV reader; `file` goes into the error's words.
 * Throws InvalidInputError.
 */
export async function parseTable(
  bytes: Uint8Array,
  options: CsvOptions & { readonly format?: TableFormat },
  file?: string,
): Promise<Table> {
  const { format = "csv", ...rules } = options;
  try {
    if (format === "csv") return parseCsv(bytes, rules);
    return await columnsOf(bytesSource(bytes), format, rules);
  } catch (cause) {
    if (file === undefined || !(cause instanceof InvalidInputError)) throw cause;
    throw new InvalidInputError(`${file}: ${cause.shortMessage}`, {
      cause,
      hints: cause.hints,
      data: { ...cause.data, file },
    });
  }
}

/** Names and types of a table's columns, and how many cells of each are missing. */
export function schemaOf(table: Table): Column[] {
  return table.columns.map(({ name, type, values }) => {
    const missing = values.reduce<number>((count, value) => count + (value === null ? 1 : 0), 0);
    return missing === 0 ? { name, type } : { name, type, missing };
  });
}

/**
 * The table behind a statement: everybody reads its bytes by the types that the statement names, so everybody sees the
 * same values. Throws IntegrityError when bytes and statement do not fit. SPEC S4.
 */
export async function tableOf(
  statement: Pick<TableStatement, "schema" | "rows" | "name" | "mediaType">,
  bytes: Uint8Array,
): Promise<Table> {
  const types = Object.fromEntries(statement.schema.map(({ name, type }) => [name, type as ColumnType]));
  const missing = statement.schema.some((column) => column.missing !== undefined) ? "null" : "error";
  let table: Table;
  try {
    const format = formatOf(statement.mediaType);
    table = await parseTable(bytes, { types, missing, format: isTableFormat(format) ? format : "csv" });
  } catch (cause) {
    if (!(cause instanceof InvalidInputError)) throw cause;
    throw new IntegrityError(`${statement.name}: the bytes are not the table of the statement: ${cause.shortMessage}`, {
      cause,
    });
  }
  const [found, said] = [describeSchema(schemaOf(table)), describeSchema(statement.schema)];
  if (found !== said || table.rows !== statement.rows) {
    throw new IntegrityError(
      `${statement.name}: the statement speaks of ${statement.rows} rows of ${said}, the bytes hold ${table.rows} rows of ${found}`,
    );
  }
  return table;
}

/** A schema in a line, e.g. `date date, rain number`. */
export function describeSchema(schema: readonly Column[]): string {
  return schema
    .map(({ name, type, missing }) => `${name} ${type}${missing === undefined ? "" : ` (${missing} missing)`}`)
    .join(", ");
}

/** Rows of tables with equal columns, one table after the other; throws InvalidInputError for none. */
export function joinRows(tables: readonly Table[]): Table {
  const [first, ...more] = tables;
  if (!first) throw new InvalidInputError("name at least one data asset");
  if (more.length === 0) return first;
  return {
    rows: tables.reduce((sum, table) => sum + table.rows, 0),
    columns: first.columns.map((column, index) => ({
      ...column,
      values: tables.flatMap((table) => [...(table.columns[index]?.values ?? [])]),
    })),
  };
}
