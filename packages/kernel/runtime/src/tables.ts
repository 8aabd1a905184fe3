import type { Capability } from "@kernel/capability";
import type { Migration } from "@machines/store";

/**
 * The runtime's own tables, in the SQL that SQLite and PostgreSQL share. Times are milliseconds since 1970 unless the
 * name says otherwise; block timestamps are seconds.
 */
export const runtimeMigrations: readonly Migration[] = [
  {
    id: "runtime/1-index",
    async up(db) {
      await db.schema
        .createTable("blocks")
        .addColumn("number", "bigint", (column) => column.primaryKey())
        .addColumn("hash", "text", (column) => column.notNull())
        .addColumn("parent", "text")
        .addColumn("timestamp", "bigint", (column) => column.notNull())
        .execute();
      await db.schema
        .createTable("index_cursor")
        .addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("block", "bigint", (column) => column.notNull())
        .addColumn("hash", "text")
        .addColumn("fingerprint", "text", (column) => column.notNull())
        .execute();
      await db.schema
        .createTable("settling_jobs")
        .addColumn("block", "bigint", (column) => column.notNull())
        .addColumn("log_index", "integer", (column) => column.notNull())
        .addColumn("kind", "text", (column) => column.notNull())
        .addColumn("key", "text", (column) => column.notNull())
        .addColumn("payload", "text", (column) => column.notNull())
        .execute();
      await db.schema.createIndex("settling_jobs_by_block").on("settling_jobs").column("block").execute();
    },
  },
  {
    id: "runtime/2-jobs",
    async up(db) {
      await db.schema
        .createTable("jobs")
        .addColumn("kind", "text", (column) => column.notNull())
        .addColumn("key", "text", (column) => column.notNull())
        .addColumn("payload", "text", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("run_after", "bigint", (column) => column.notNull())
        .addColumn("attempts", "integer", (column) => column.notNull())
        .addColumn("lease", "bigint", (column) => column.notNull())
        .addColumn("worker", "text")
        .addColumn("error", "text")
        .addColumn("created", "bigint", (column) => column.notNull())
        .addColumn("updated", "bigint", (column) => column.notNull())
        .addPrimaryKeyConstraint("jobs_key", ["kind", "key"])
        .execute();
      await db.schema.createIndex("jobs_by_state").on("jobs").columns(["state", "run_after"]).execute();
    },
  },
  {
    id: "runtime/3-idempotency",
    async up(db) {
      await db.schema
        .createTable("idempotency")
        .addColumn("key", "text", (column) => column.primaryKey())
        .addColumn("request", "text", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("status", "integer", (column) => column.notNull())
        .addColumn("body", "text", (column) => column.notNull())
        .addColumn("created", "bigint", (column) => column.notNull())
        .execute();
    },
  },
];

/** Every migration of a node, the runtime's first, then each room's in the order given: for `openDatabase`. */
export function gatherMigrations(capabilities: readonly Pick<Capability, "migrations">[]): readonly Migration[] {
  return [...runtimeMigrations, ...capabilities.flatMap((capability) => capability.migrations ?? [])];
}
