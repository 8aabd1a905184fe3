import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { Table } from "@machines/engine";
import { loadTable } from "./load.ts";
import { readCsv } from "./publishTable.ts";
import { parseTable } from "./table.ts";

/** Rows to look at: of a data asset, of a CSV file, or of CSV text. */
export interface RowsInput {
  readonly data?: string | undefined;
  readonly csv?: string | undefined;
  readonly content?: string | undefined;
}

/** The table that a call names, or undefined when it names none. Throws InvalidInputError for several. */
export async function tableFor(
  context: Pick<Context, "store" | "chain" | "contracts" | "vault">,
  { data, csv, content }: RowsInput,
): Promise<Table | undefined> {
  const given = [data, csv, content].filter((source) => source !== undefined).length;
  if (given > 1) throw new InvalidInputError("name one source of rows: a data asset, a CSV file, or CSV text");
  if (given === 0) return undefined;
  if (data !== undefined) return (await loadTable(context, data)).table;
  return parseTable(await readCsv({ file: csv, content }), { missing: "null" }, csv);
}
