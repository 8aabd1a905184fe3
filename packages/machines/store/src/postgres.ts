import { InvalidInputError, UnavailableError } from "@base/errors";
import {
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  PostgresDialect,
  PostgresDriver,
  type PostgresPoolClient,
  type TransactionSettings,
} from "kysely";
import pg from "pg";
import { type Database, sqlValue } from "./sql.ts";

/** Connections kept at most. */
const CONNECTIONS = 8;

/** Advisory lock that every transaction holds ("assay" in ASCII): transactions run one after the other, as in SQLite. */
const TRANSACTION_LOCK = 0x6173736179;

/** Opens the PostgreSQL database at a postgres:// URL. */
export async function openPostgres(url: string): Promise<Database> {
  const shown = withoutPassword(url);
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: 10_000,
    types: { getTypeParser: typeParser as typeof pg.types.getTypeParser },
  });
  pool.on("error", () => {}); // an idle connection that breaks is replaced at the next query
  try {
    (await pool.connect()).release();
  } catch (cause) {
    await pool.end();
    throw new UnavailableError(`PostgreSQL at ${shown} cannot be reached: ${reason(cause)}.`, {
      cause,
      hints: ["Check that it runs and that the URL has the right host, port, user, password and database."],
      data: { url: shown },
    });
  }
  const dialect = new SerialPostgresDialect({
    pool: {
      options: pool.options,
      connect: async () => wrap(await pool.connect()),
      end: () => pool.end(),
    },
  });
  const kysely = new Kysely<unknown>({ dialect });
  let closed = false;
  return {
    kysely,
    kind: "postgres",
    async lists(text, parameters) {
      const client = await pool.connect();
      try {
        const values = parameters.map(forPostgres);
        return (await client.query<unknown[]>({ text, values, rowMode: "array" })).rows;
      } finally {
        client.release();
      }
    },
    async close() {
      if (closed) return;
      closed = true;
      await kysely.destroy();
      if (!pool.ended) await pool.end();
    },
  };
}

class SerialPostgresDialect extends PostgresDialect {
  readonly #config: ConstructorParameters<typeof PostgresDialect>[0];

  constructor(config: ConstructorParameters<typeof PostgresDialect>[0]) {
    super(config);
    this.#config = config;
  }

  override createDriver(): PostgresDriver {
    return new SerialPostgresDriver(this.#config);
  }
}

class SerialPostgresDriver extends PostgresDriver {
  override async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    await super.beginTransaction(connection, settings);
    await connection.executeQuery(CompiledQuery.raw("select pg_advisory_xact_lock($1)", [TRANSACTION_LOCK]));
  }
}

const wrapped = new WeakSet<object>();

/** A client that takes the same parameters as SQLite does (booleans as 0 and 1). */
function wrap(client: pg.PoolClient): PostgresPoolClient {
  if (wrapped.has(client)) return client as unknown as PostgresPoolClient;
  wrapped.add(client);
  const query = client.query.bind(client) as (sql: unknown, parameters?: unknown) => Promise<unknown>;
  const checked = (sql: unknown, parameters?: readonly unknown[]) =>
    query(sql, Array.isArray(parameters) ? parameters.map(forPostgres) : parameters);
  return Object.assign(client, { query: checked }) as unknown as PostgresPoolClient;
}

function forPostgres(value: unknown): unknown {
  const checked = sqlValue(value);
  if (typeof checked === "bigint") return String(checked);
  return checked instanceof Uint8Array && !Buffer.isBuffer(checked) ? Buffer.from(checked) : checked;
}

/** Whole numbers come back as numbers, as from SQLite: int8 and numeric would be text otherwise. */
function typeParser(oid: number, format?: "text" | "binary"): unknown {
  if (format !== "binary" && (oid === pg.types.builtins.INT8 || oid === pg.types.builtins.NUMERIC)) return toNumber;
  return format === "binary" ? pg.types.getTypeParser(oid, "binary") : pg.types.getTypeParser(oid, "text");
}

function toNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new InvalidInputError(`${text} is too large for a number.`, { hints: ["Keep such values in text columns."] });
  }
  return value;
}

function withoutPassword(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch (cause) {
    throw new InvalidInputError("The database URL is not a URL.", {
      cause,
      hints: ["postgres://user:password@host:5432/name"],
    });
  }
  if (!/^postgres(ql)?:$/.test(parsed.protocol)) {
    throw new InvalidInputError(`The database URL begins with ${parsed.protocol}, expected postgres://.`, {
      hints: ["Leave it out to use the embedded database."],
    });
  }
  if (parsed.password) parsed.password = "***";
  return parsed.href;
}

function reason(cause: unknown): string {
  const errors: unknown[] = cause instanceof AggregateError ? cause.errors : [cause];
  return errors.map((error) => (error instanceof Error ? error.message : String(error))).join("; ");
}
