import type { Migration } from "@machines/store";
import type { Kysely } from "kysely";

/** Columns besides `block`, `log_index` and `tx`; ids, amounts and ratios are decimal text, days are YYYY-MM-DD. */
const tables: Readonly<Record<string, readonly string[]>> = {
  ix_cover_risks: [
    "risk_id",
    "cluster_id",
    "model_id",
    "policy_id",
    "label",
    "input_hash",
    "season_from",
    "season_to",
    "sales_start",
    "sales_end",
    "maturity",
    "claim_deadline",
    "trigger_wad",
    "exit_wad",
    "tsi_wad",
    "premium_rate",
    "cap",
    "cluster_cap",
    "oracle_fee",
  ],
  ix_cover_policies: ["policy_id", "risk_id", "owner", "payer", "sum_insured", "premium", "capital"],
  ix_cover_owners: ["policy_id", "owner"],
  ix_cover_requests: ["risk_id", "request_id", "fee"],
  ix_cover_decisions: ["risk_id", "request_id", "output", "ratio", "share", "claims"],
  ix_cover_expiries: ["risk_id", "refunds"],
  ix_cover_payouts: ["policy_id", "risk_id", "recipient", "amount", "kind", "delivered", "request_id"],
  ix_cover_closed: ["risk_id", "remainder"],
};

const indexes: readonly (readonly [string, string])[] = [
  ["ix_cover_risks", "risk_id"],
  ["ix_cover_policies", "policy_id"],
  ["ix_cover_policies", "risk_id"],
  ["ix_cover_owners", "policy_id"],
  ["ix_cover_requests", "risk_id"],
  ["ix_cover_decisions", "risk_id"],
  ["ix_cover_payouts", "policy_id"],
];

/** The product's index: one row an event, append-only. */
export const migrations: readonly Migration[] = [{ id: "cover-1", up }];

async function up(db: Kysely<unknown>): Promise<void> {
  for (const [name, columns] of Object.entries(tables)) {
    let table = db.schema
      .createTable(name)
      .addColumn("block", "bigint", (column) => column.notNull())
      .addColumn("log_index", "integer", (column) => column.notNull())
      .addColumn("tx", "text", (column) => column.notNull())
      .addColumn("at", "bigint", (column) => column.notNull());
    for (const column of columns) table = table.addColumn(column, "text", (text) => text.notNull());
    await table.execute();
    await db.schema.createIndex(`${name}_block`).on(name).column("block").execute();
  }
  for (const [table, column] of indexes)
    await db.schema.createIndex(`${table}_${column}`).on(table).column(column).execute();
}
