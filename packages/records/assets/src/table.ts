import { IntegrityError, InvalidInputError } from "@base/errors";
import { type ColumnType, type CsvOptions, parseCsv, type Table } from "@machines/engine";
import type { Column, TableStatement } from "./statements.ts";

/** Parses CSV bytes with every check of the engine; `file` goes into the error's words. Throws InvalidInputError. */
export function parseTable(bytes: Uint8Array, options: CsvOptions, file?: string): Table {
  try {
    return parseCsv(bytes, options);
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
export function tableOf(statement: Pick<TableStatement, "schema" | "rows" | "name">, bytes: Uint8Array): Table {
  const types = Object.fromEntries(statement.schema.map(({ name, type }) => [name, type as ColumnType]));
  const missing = statement.schema.some((column) => column.missing !== undefined) ? "null" : "error";
  let table: Table;
  try {
    table = parseCsv(bytes, { types, missing });
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
