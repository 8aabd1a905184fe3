// What event handlers write: rows collected in memory, then inserted by the batch in as few statements as fit.
import { BugError } from "@base/errors";
import type { IndexedEvent, IndexWriter } from "@kernel/capability";
import type { Database } from "@machines/store";
import { CompiledQuery, type Kysely, sql, type Transaction } from "kysely";

// biome-ignore lint/suspicious/noExplicitAny: rooms name their tables at run time
type Tables = any;
type Value = string | number | null;

/** A job that waits for its block to settle. */
export interface SettlingJob {
  readonly block: number;
  readonly log_index: number;
  readonly kind: string;
  readonly key: string;
  readonly payload: string;
}

/** Rows and jobs of one batch of events, in their order. */
export class BatchWriter {
  readonly tables = new Map<string, Record<string, Value>[]>();
  readonly jobs: SettlingJob[] = [];

  /** The writer that one event's handler gets. */
  for(event: IndexedEvent): IndexWriter {
    const block = Number(event.block);
    return {
      insert: (table, row) => {
        if (!isIndexTable(table))
          throw new BugError(`"${table}" is no index table: its name must match ix_[a-z0-9_]+.`);
        const full: Record<string, Value> = { block, log_index: event.logIndex, tx: event.transactionHash };
        for (const [column, value] of Object.entries(row)) {
          if (!/^[a-z_][a-z0-9_]*$/.test(column)) throw new BugError(`"${column}" is no column name.`);
          full[column] = typeof value === "bigint" ? value.toString() : value;
        }
        const rows = this.tables.get(table);
        if (rows) rows.push(full);
        else this.tables.set(table, [full]);
      },
      onSettled: (kind, key, payload) => {
        this.jobs.push({ block, log_index: event.logIndex, kind, key, payload: JSON.stringify(payload ?? null) });
      },
    };
  }
}

/** Whether a table is rolled back with its blocks: named `ix_*`. */
export const isIndexTable = (name: string): boolean => /^ix_[a-z0-9_]+$/.test(name);

/** Names of the index tables that the rooms' migrations made. */
export async function indexTables({ kysely, kind }: Database): Promise<readonly string[]> {
  const names =
    kind === "postgres"
      ? sql<{
          name: string;
        }>`select table_name as name from information_schema.tables where table_schema = current_schema()`
      : sql<{ name: string }>`select name from sqlite_master where type = 'table'`;
  const { rows } = await names.execute(kysely);
  return rows
    .map(({ name }) => name)
    .filter(isIndexTable)
    .sort();
}

/** Bound parameters a statement may have: SQLite takes 32,766, PostgreSQL 65,535. */
const parameters = 30_000;

/** Inserts rows in order; a column that only some rows name is null in the others. */
export async function insertRows(
  trx: Transaction<Tables> | Kysely<Tables>,
  kind: Database["kind"],
  table: string,
  rows: readonly Readonly<Record<string, Value>>[],
): Promise<void> {
  const first = rows[0];
  if (!first) return;
  const columns = new Set(Object.keys(first));
  for (const row of rows) for (const column of Object.keys(row)) columns.add(column);
  const names = [...columns];
  const size = Math.max(1, Math.min(500, Math.floor(parameters / names.length)));
  for (let from = 0; from < rows.length; from += size) {
    const part = rows.slice(from, from + size);
    const values: Value[] = [];
    for (const row of part) for (const name of names) values.push(row[name] ?? null);
    await trx.executeQuery(CompiledQuery.raw(insertSql(kind, table, names, part.length), values));
  }
}

function insertSql(kind: Database["kind"], table: string, names: readonly string[], count: number): string {
  let at = 0;
  const tuple = () => `(${names.map(() => (kind === "postgres" ? `$${++at}` : "?")).join(",")})`;
  const tuples = Array.from({ length: count }, tuple).join(",");
  return `insert into "${table}" (${names.map((name) => `"${name}"`).join(",")}) values ${tuples}`;
}
