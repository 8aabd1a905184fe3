import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { Table } from "@machines/engine";
import { loadTable, parentOf } from "./load.ts";
import type { Parent, TableStatement } from "./statements.ts";
import { describeSchema, joinRows } from "./table.ts";

/** Data that a run stands on: the assets, and their rows as one table in the order given. */
export interface Data {
  readonly parents: readonly Parent[];
  readonly statements: readonly TableStatement[];
  readonly table: Table;
}

/**
 * Reads data assets, bytes verified, and joins their rows in the order given; all need the same columns.
 * Throws NotFoundError, IntegrityError, and InvalidInputError that names the asset whose columns differ.
 */
export async function readData(
  context: Pick<Context, "store" | "chain" | "contracts">,
  ids: readonly string[],
): Promise<Data> {
  const parents: Parent[] = [];
  const statements: TableStatement[] = [];
  const tables: Table[] = [];
  for (const id of ids) {
    const { asset, statement, table } = await loadTable(context, id);
    if (parents.some((parent) => parent.asset === asset.id)) throw new InvalidInputError(`asset ${id} is named twice`);
    const columns = ({ schema }: TableStatement) => describeSchema(schema.map(({ name, type }) => ({ name, type })));
    const first = statements[0];
    if (first && columns(first) !== columns(statement)) {
      throw new InvalidInputError(
        `asset ${id} has the columns ${columns(statement)}, and asset ${ids[0]} has ${columns(first)}`,
        { hints: ["Rows can be joined only where the columns are the same; derive one table from both first."] },
      );
    }
    parents.push(parentOf(asset));
    statements.push(statement);
    tables.push(table);
  }
  return { parents, statements, table: joinRows(tables) };
}
