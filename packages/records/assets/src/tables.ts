import type { Migration } from "@machines/store";
import type { Kysely } from "kysely";

/** Columns of the index tables besides `block`, `log_index` and `tx`; `?` marks what may be null. */
const tables: Readonly<Record<string, Readonly<Record<string, "text" | "text?" | "integer" | "bigint">>>> = {
  ix_assets: {
    id: "text",
    kind: "text",
    publisher: "text",
    root: "text",
    statement: "text",
    price: "text",
    royalty_bps: "integer",
    parents: "text",
    uri: "text",
    at: "bigint",
  },
  ix_asset_owners: { id: "text", owner: "text" },
  ix_asset_prices: { id: "text", price: "text" },
  ix_asset_states: { id: "text", state: "text" },
  ix_asset_sales: { id: "text", buyer: "text", recipient: "text", price: "text", at: "bigint" },
  ix_asset_credits: { id: "text", payee: "text", owner: "text", amount: "text" },
  ix_asset_withdrawals: { owner: "text", amount: "text" },
  ix_nodes: { kind: "text", id: "text", label: "text?", statement: "text?", facts: "text?" },
  ix_edges: { from_kind: "text", from_id: "text", to_kind: "text", to_id: "text", role: "text" },
};

const indexes: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  assets_by_id: ["ix_assets", ["id"]],
  assets_by_root: ["ix_assets", ["root"]],
  asset_owners_by_id: ["ix_asset_owners", ["id", "block", "log_index"]],
  asset_prices_by_id: ["ix_asset_prices", ["id", "block", "log_index"]],
  asset_states_by_id: ["ix_asset_states", ["id", "block", "log_index"]],
  asset_sales_by_id: ["ix_asset_sales", ["id"]],
  asset_credits_by_owner: ["ix_asset_credits", ["owner"]],
  nodes_by_id: ["ix_nodes", ["id", "kind"]],
  edges_by_from: ["ix_edges", ["from_id", "from_kind"]],
  edges_by_to: ["ix_edges", ["to_id", "to_kind"]],
};

/**
 * Tables of this room. Index tables are append-only and carry the block that a row came from; amounts and ids are
 * decimal text. `ix_nodes` and `ix_edges` are shared: every room adds its part of the lineage there (SPEC S8).
 */
export const migrations: readonly Migration[] = [
  { id: "assets-1", up },
  { id: "assets-2", up: indexEdges },
  { id: "assets-3", up: keepSalts },
  { id: "assets-4", up: clusterSignatures },
  { id: "assets-5", up: signNodes },
];

/** A node's row carries its signature, so that a walk reads one row a node; ids, which differ most, come first in keys. */
async function signNodes(db: Kysely<unknown>): Promise<void> {
  for (const column of ["signer", "signature"])
    await db.schema.alterTable("ix_nodes").addColumn(column, "text").execute();
  for (const side of ["from", "to"]) {
    await db.schema.dropIndex(`edges_${side}`).execute();
    await db.schema
      .createIndex(`edges_${side}`)
      .on("ix_edges")
      .columns([`${side}_id`, `${side}_kind`])
      .execute();
  }
}

/** SQLite: a signature lies in the tree of its key, one page away instead of two. PostgreSQL has no such tables. */
async function clusterSignatures(db: Kysely<unknown>): Promise<void> {
  const { SqliteAdapter, sql } = await import("kysely"); // the definitions of a room load no database
  if (!(db.getExecutor().adapter instanceof SqliteAdapter)) return;
  await sql`alter table signatures rename to signatures_before`.execute(db);
  await signatures(db).modifyEnd(sql`without rowid`).execute();
  await sql`insert into signatures select hash, signer, signature from signatures_before order by hash, signer`.execute(
    db,
  );
  await db.schema.dropTable("signatures_before").execute();
}

function signatures(db: Kysely<unknown>) {
  return db.schema
    .createTable("signatures")
    .addColumn("hash", "text", (column) => column.notNull())
    .addColumn("signer", "text", (column) => column.notNull())
    .addColumn("signature", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("signatures_pk", ["hash", "signer"]);
}

/** Secrets of salted row sets: no index, they cannot be had again from the chain. */
async function keepSalts(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("row_salts")
    .addColumn("root", "text", (column) => column.primaryKey())
    .addColumn("salt", "text", (column) => column.notNull())
    .execute();
}

/** Kind before id, so that one step of a walk is one range of the index; the walk's columns come with it. */
async function indexEdges(db: Kysely<unknown>): Promise<void> {
  for (const name of ["edges_by_from", "edges_by_to", "nodes_by_id"]) await db.schema.dropIndex(name).execute();
  const index = (name: string, table: string, columns: readonly string[]) =>
    db.schema
      .createIndex(name)
      .on(table)
      .columns([...columns])
      .execute();
  await index("edges_from", "ix_edges", ["from_kind", "from_id"]);
  await index("edges_to", "ix_edges", ["to_kind", "to_id"]);
  await index("nodes_id", "ix_nodes", ["id", "kind"]);
}

async function up(db: Kysely<unknown>): Promise<void> {
  for (const [table, columns] of Object.entries(tables)) {
    let builder = db.schema
      .createTable(table)
      .addColumn("block", "bigint", (column) => column.notNull())
      .addColumn("log_index", "integer", (column) => column.notNull())
      .addColumn("tx", "text", (column) => column.notNull());
    for (const [name, type] of Object.entries(columns)) {
      builder =
        type === "text?"
          ? builder.addColumn(name, "text")
          : builder.addColumn(name, type, (column) => column.notNull());
    }
    await builder.execute();
  }
  for (const [name, [table, columns]] of Object.entries(indexes)) {
    await db.schema
      .createIndex(name)
      .on(table)
      .columns([...columns])
      .execute();
  }
  await signatures(db).execute();
}
