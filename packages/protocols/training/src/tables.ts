import type { Migration } from "@machines/store";

/** The newest checkpoint of each unfinished run (SPEC T9); `bytes` is base64, `at` milliseconds since 1970. */
export const migrations: readonly Migration[] = [
  {
    id: "training-1",
    async up(db) {
      await db.schema
        .createTable("training_checkpoints")
        .addColumn("job", "text", (column) => column.primaryKey())
        .addColumn("step", "integer", (column) => column.notNull())
        .addColumn("bytes", "text", (column) => column.notNull())
        .addColumn("at", "bigint", (column) => column.notNull())
        .execute();
    },
  },
];

/** Reports that this node signed, by the model that they are about: no index, the chain does not have them (SPEC T15). */
export const reportMigrations: readonly Migration[] = [
  {
    id: "report-1",
    async up(db) {
      await db.schema
        .createTable("reports")
        .addColumn("report", "text", (column) => column.primaryKey())
        .addColumn("model", "text", (column) => column.notNull())
        .execute();
      await db.schema.createIndex("reports_by_model").on("reports").column("model").execute();
    },
  },
];
