import type { Migration } from "@machines/store";

/**
 * Tables of this room. `ix_*` follow the chain and are undone with its blocks; the others are an index over the log,
 * which is made again from its records wherever it lags (SPEC L4), so losing them loses nothing.
 */
export const migrations: readonly Migration[] = [
  {
    id: "log-1",
    async up(db) {
      for (const [table, columns] of Object.entries({
        ix_log_events: { key: "text", statement: "text" },
        ix_log_anchors: {
          signer: "text",
          log: "text",
          before: "text",
          size: "bigint",
          root: "text",
          accumulator: "text",
        },
      })) {
        let builder = db.schema
          .createTable(table)
          .addColumn("block", "bigint", (column) => column.notNull())
          .addColumn("log_index", "integer", (column) => column.notNull())
          .addColumn("tx", "text", (column) => column.notNull());
        for (const [name, type] of Object.entries(columns)) {
          builder = builder.addColumn(name, type as "text" | "bigint", (column) => column.notNull());
        }
        await builder.execute();
      }
      await db.schema
        .createTable("log_entries")
        .addColumn("origin", "text", (column) => column.notNull())
        .addColumn("record", "bigint", (column) => column.notNull())
        .addColumn("kind", "text", (column) => column.notNull())
        .addColumn("event", "text")
        .addColumn("about", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("log_entries_key", ["origin", "record"])
        .execute();
      await db.schema
        .createTable("log_refs")
        .addColumn("origin", "text", (column) => column.notNull())
        .addColumn("ref", "text", (column) => column.notNull())
        .addColumn("record", "bigint", (column) => column.notNull())
        .addPrimaryKeyConstraint("log_refs_key", ["origin", "ref", "record"])
        .execute();
      await db.schema
        .createTable("log_cursor")
        .addColumn("origin", "text", (column) => column.primaryKey())
        .addColumn("scanned", "bigint", (column) => column.notNull())
        .execute();
      for (const [name, table, columns] of [
        ["log_events_by_block", "ix_log_events", ["block", "log_index"]],
        ["log_events_by_key", "ix_log_events", ["key"]],
        ["log_anchors_by_log", "ix_log_anchors", ["log", "signer"]],
        ["log_entries_by_event", "log_entries", ["event"]],
      ] as const) {
        await db.schema
          .createIndex(name)
          .on(table)
          .columns([...columns])
          .execute();
      }
    },
  },
];
