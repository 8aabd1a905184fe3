import type { Migration } from "@machines/store";
import type { CreateTableBuilder } from "kysely";

type Table = CreateTableBuilder<string, string>;
const placed = (table: Table): Table =>
  table
    .addColumn("block", "bigint", (c) => c.notNull())
    .addColumn("log_index", "integer", (c) => c.notNull())
    .addColumn("tx", "text", (c) => c.notNull());

/** The oracle's index: one row an event, append-only. `*_json` columns hold the wire form of types.ts. */
export const migrations: readonly Migration[] = [
  {
    id: "oracle/1",
    async up(db) {
      const create = async (name: string, columns: readonly string[], keys: readonly string[]) => {
        let table = db.schema.createTable(name) as unknown as Table;
        for (const column of columns) table = table.addColumn(column, "text", (c) => c.notNull());
        await placed(table).execute();
        for (const key of keys) await db.schema.createIndex(`${name}_${key}`).on(name).column(key).execute();
        await db.schema.createIndex(`${name}_block`).on(name).column("block").execute();
      };
      await create("ix_oracle_policies", ["policy_id", "policy_json"], ["policy_id"]);
      await create(
        "ix_oracle_requests",
        ["request_id", "requester", "policy_id", "model_id", "input_hash", "request_json", "asked_at"],
        ["request_id"],
      );
      await create("ix_oracle_answers", ["request_id", "answer_json", "signers_json", "deadline"], ["request_id"]);
      await create(
        "ix_oracle_challenges",
        ["request_id", "challenger", "arbiter", "dispute_id", "claim_json", "deadline"],
        ["request_id"],
      );
      await create(
        "ix_oracle_resolutions",
        ["request_id", "dispute_id", "ruling", "status", "deadline"],
        ["request_id"],
      );
      await create("ix_oracle_finals", ["request_id", "output", "delivered"], ["request_id"]);
      await create("ix_oracle_deliveries", ["request_id"], ["request_id"]);
      await create("ix_oracle_voids", ["request_id", "refund"], ["request_id"]);
      await create("ix_oracle_royalties", ["request_id", "model_id", "owner", "amount"], ["request_id"]);
      await create("ix_oracle_slashes", ["account", "amount", "burned"], ["account"]);
      await db.schema
        .createTable("oracle_checks")
        .addColumn("request_id", "text", (c) => c.notNull())
        .addColumn("answer", "text", (c) => c.notNull())
        .addColumn("own", "text", (c) => c.notNull())
        .addColumn("agrees", "integer", (c) => c.notNull())
        .addColumn("watcher", "text", (c) => c.notNull())
        .addColumn("checked_at", "bigint", (c) => c.notNull())
        .addPrimaryKeyConstraint("oracle_checks_key", ["request_id", "answer"])
        .execute();
    },
  },
];
