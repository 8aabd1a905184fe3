import { BugError } from "@base/errors";
import { openPostgres } from "./postgres.ts";
import type { Database, Migration } from "./sql.ts";
import { openSqlite } from "./sqlite.ts";

/** A folder for the embedded engine (file assay.sqlite in it), or the URL of a PostgreSQL database. */
export type DatabaseOptions = { readonly dir: string } | { readonly url: string };

/**
 * Opens the database and brings its schema up to date: each migration that has not run yet, in the order given.
 *
 * Throws InvalidInputError on another URL or doubled migration ids, UnavailableError when the server or file cannot be had.
 */
export async function openDatabase(options: DatabaseOptions, migrations: readonly Migration[]): Promise<Database> {
  const ids = migrations.map((migration) => migration.id);
  const doubled = ids.find((id, i) => ids.indexOf(id) !== i);
  if (doubled !== undefined) throw new BugError(`Two migrations are called ${JSON.stringify(doubled)}.`);
  const database = "url" in options ? await openPostgres(options.url) : await openSqlite(options.dir);
  try {
    await migrate(database, migrations);
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

/** Runs what is missing in one transaction: after an error the schema is what it was. */
async function migrate({ kysely }: Database, migrations: readonly Migration[]): Promise<void> {
  await kysely.transaction().execute(async (trx) => {
    await trx.schema
      .createTable("migrations")
      .ifNotExists()
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("position", "integer", (column) => column.notNull())
      .execute();
    const rows: { id: string }[] = await trx.selectFrom("migrations").select("id").execute();
    const applied = new Set(rows.map((row) => row.id));
    for (const migration of migrations) {
      if (applied.has(migration.id)) continue;
      await migration.up(trx);
      applied.add(migration.id);
      await trx.insertInto("migrations").values({ id: migration.id, position: applied.size }).execute();
    }
  });
}
