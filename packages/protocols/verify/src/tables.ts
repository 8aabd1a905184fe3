import type { Migration } from "@machines/store";

/** The game's index (append-only, one row an event), and what this node found when it ran a claim's job again. */
export const migrations: readonly Migration[] = [
  {
    id: "disputes/1",
    async up(db) {
      const create = async (name: string, columns: readonly string[], key: string) => {
        let table = db.schema
          .createTable(name)
          .addColumn("block", "bigint", (c) => c.notNull())
          .addColumn("log_index", "integer", (c) => c.notNull())
          .addColumn("tx", "text", (c) => c.notNull());
        for (const column of columns) table = table.addColumn(column, "text", (c) => c.notNull());
        await table.execute();
        await db.schema.createIndex(`${name}_key`).on(name).column(key).execute();
      };
      await create("ix_dispute_claims", ["claim", "claimant", "stand", "job", "result", "manifest", "at"], "claim");
      await create("ix_dispute_finals", ["claim", "at"], "claim");
      await create("ix_dispute_games", ["game", "claim", "challenger", "at"], "game");
      await create("ix_dispute_moves", ["game", "phase", "state_json", "posted_json", "at"], "game");
      await create("ix_dispute_computed", ["game", "claimed", "truth"], "game");
      await create("ix_dispute_ends", ["game", "status", "reward", "burned", "at"], "game");
      await db.schema
        .createTable("dispute_checks")
        .addColumn("claim", "text", (c) => c.notNull())
        .addColumn("tx", "text", (c) => c.notNull())
        .addColumn("own", "text", (c) => c.notNull())
        .addColumn("agrees", "integer", (c) => c.notNull())
        .addColumn("checked_at", "bigint", (c) => c.notNull())
        .addPrimaryKeyConstraint("dispute_checks_key", ["claim", "tx"])
        .execute();
    },
  },
  {
    id: "disputes/about",
    async up(db) {
      await db.schema.alterTable("dispute_checks").addColumn("about_json", "text").execute();
      await db.schema.alterTable("dispute_checks").addColumn("about_holds", "integer").execute();
    },
  },
  {
    id: "disputes/states",
    async up(db) {
      await db.schema
        .createTable("dispute_states")
        .addColumn("job", "text", (c) => c.primaryKey())
        .addColumn("kept_json", "text", (c) => c.notNull())
        .addColumn("seal", "text", (c) => c.notNull())
        .addColumn("bytes", "bigint", (c) => c.notNull())
        .addColumn("at", "bigint", (c) => c.notNull())
        .execute();
    },
  },
];
