import type { Migration } from "@machines/store";

/** The panel's index (append-only, one row an event) and this node's own votes, whose salts must outlive a restart. */
export const migrations: readonly Migration[] = [
  {
    id: "arbitration/1",
    async up(db) {
      const create = async (name: string, columns: readonly string[]) => {
        let table = db.schema
          .createTable(name)
          .addColumn("block", "bigint", (c) => c.notNull())
          .addColumn("log_index", "integer", (c) => c.notNull())
          .addColumn("tx", "text", (c) => c.notNull());
        for (const column of columns) table = table.addColumn(column, "text", (c) => c.notNull());
        await table.execute();
        await db.schema.createIndex(`${name}_dispute`).on(name).column("dispute_id").execute();
      };
      await create("ix_panel_disputes", [
        "dispute_id",
        "client",
        "subject",
        "defence",
        "claim",
        "context",
        "opened_at",
      ]);
      await create("ix_panel_commits", ["dispute_id", "member"]);
      await create("ix_panel_reveals", ["dispute_id", "member", "result"]);
      await create("ix_panel_rulings", ["dispute_id", "result", "ruling", "reward", "burned"]);
      await db.schema
        .createTable("panel_votes")
        .addColumn("dispute_id", "text", (c) => c.notNull())
        .addColumn("member", "text", (c) => c.notNull())
        .addColumn("result", "text", (c) => c.notNull())
        .addColumn("salt", "text", (c) => c.notNull())
        .addPrimaryKeyConstraint("panel_votes_key", ["dispute_id", "member"])
        .execute();
    },
  },
];
