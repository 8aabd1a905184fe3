import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { UnavailableError } from "@base/errors";
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { diskError } from "./diskError.ts";
import { type Database, sqlValue } from "./sql.ts";

/** How long a query waits for the transaction before it (milliseconds). */
const PATIENCE_MS = 30_000;

interface Prepared {
  readonly statement: StatementSync;
  /** Names of the result's columns; none where it has no rows. */
  readonly columns: readonly string[];
}

/** Statements kept compiled. */
const PREPARED = 256;

/** Opens dir/assay.sqlite: write-ahead log, synced at every commit, foreign keys on, the first GB read as memory. */
export async function openSqlite(dir: string): Promise<Database> {
  const path = join(dir, "assay.sqlite");
  let db: DatabaseSync | undefined;
  try {
    mkdirSync(dir, { recursive: true });
    db = new DatabaseSync(path, { timeout: 20, enableForeignKeyConstraints: true });
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA mmap_size = 1073741824;");
  } catch (error) {
    db?.close();
    throw diskError(error, path);
  }
  const driver = new SqliteDriver(db, path);
  const kysely = new Kysely<unknown>({
    dialect: {
      createAdapter: () => new Adapter(),
      createDriver: () => driver,
      createIntrospector: (of) => new SqliteIntrospector(of),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
  let closed = false;
  return {
    kysely,
    kind: "sqlite",
    async lists(sql, parameters) {
      const connection = await driver.acquireConnection();
      try {
        return await connection.lists(sql, parameters);
      } finally {
        await driver.releaseConnection();
      }
    },
    async close() {
      if (closed) return;
      closed = true;
      await kysely.destroy();
      await driver.destroy(); // Kysely does not reach a driver that no query has woken
    },
  };
}

/** Tells Kysely that the driver lends the connection itself: Kysely's own line has no end of patience. */
class Adapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

/** One connection, lent to one borrower at a time: transactions run one after the other. */
class SqliteDriver implements Driver {
  readonly #db: DatabaseSync;
  readonly #connection: SqliteConnection;
  #free: Promise<void> = Promise.resolve();
  #release: () => void = () => {};
  /** Borrowers that have the connection or wait for it. */
  #line = 0;

  constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.#connection = new SqliteConnection(db, path);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<SqliteConnection> {
    const before = this.#free;
    let release = () => {};
    this.#free = new Promise((resolve) => {
      release = () => {
        this.#line--;
        resolve();
      };
    });
    if (this.#line++ === 0) {
      this.#release = release;
      return this.#connection;
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS, "late");
    });
    const turn = await Promise.race([before, late]);
    clearTimeout(timer);
    if (turn === "late") {
      void before.then(release); // the place in the line goes to the next
      throw new UnavailableError(`The database was busy for ${PATIENCE_MS / 1000} s.`, {
        hints: ["Inside a transaction, use the transaction's object for every query."],
      });
    }
    this.#release = release;
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    this.#release();
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("commit"));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#db.isTransaction) await connection.executeQuery(CompiledQuery.raw("rollback"));
  }

  async destroy(): Promise<void> {
    await this.#free;
    if (this.#db.isOpen) this.#db.close();
  }
}

class SqliteConnection implements DatabaseConnection {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #prepared = new Map<string, Prepared>();

  constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.#path = path;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const values = parameters.map(sqlValue);
    return this.#patiently(() => {
      const { statement, columns } = this.#prepare(sql);
      if (columns.length > 0)
        return { rows: rowsOf(statement.all(...values) as unknown as unknown[][], columns) as R[] };
      const { changes, lastInsertRowid } = statement.run(...values);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    });
  }

  /** Rows of a reading statement as lists. */
  async lists(sql: string, parameters: readonly unknown[]): Promise<readonly (readonly unknown[])[]> {
    const values = parameters.map(sqlValue);
    return this.#patiently(() => this.#prepare(sql).statement.all(...values) as unknown as unknown[][]);
  }

  async #patiently<T>(run: () => T): Promise<T> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return run();
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) throw diskError(error, this.#path);
        // Another process (or opening) writes. SQLite's own waiting would stop this whole process meanwhile.
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }

  async *streamQuery<R>({ sql, parameters }: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    for (const row of this.#db.prepare(sql).iterate(...parameters.map(sqlValue))) yield { rows: [plain(row) as R] };
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known) return known;
    // A statement that changes the schema may change the columns of those compiled before.
    if (/^\s*(create|alter|drop)\b/i.test(sql)) this.#prepared.clear();
    const statement = this.#db.prepare(sql);
    const made = { statement, columns: statement.columns().map(({ name }) => name) };
    // Rows as lists: objects without a prototype, which SQLite would make, are slow to make and to read.
    statement.setReturnArrays(true);
    if (!/^\s*(select|insert|update|delete|with)\b/i.test(sql)) return made;
    if (this.#prepared.size >= PREPARED) this.#prepared.delete(this.#prepared.keys().next().value as string);
    this.#prepared.set(sql, made);
    return made;
  }
}

function isBusy(error: unknown): boolean {
  return ((error as { errcode?: number }).errcode ?? 0) % 256 === 5;
}

/** Rows as ordinary objects, all of one shape. */
function rowsOf(lists: readonly (readonly unknown[])[], columns: readonly string[]): unknown[] {
  return lists.map((list) => {
    const row: Record<string, unknown> = {};
    for (let i = 0; i < columns.length; i++) row[columns[i] as string] = list[i];
    return row;
  });
}

/** SQLite hands out rows without a prototype; PostgreSQL's are ordinary objects. */
function plain(row: unknown): unknown {
  return { ...(row as object) };
}
