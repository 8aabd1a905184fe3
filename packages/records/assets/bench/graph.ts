import { sha256Hex } from "@base/bytes/hash.ts";
import { utf8 } from "@base/bytes/hex.ts";
import type { Database } from "@machines/store";
import { CompiledQuery, type Kysely, sql } from "kysely";
import { edgeRow, nodeRow } from "../src/lineage.ts";

const hex = (n: number, salt: string) => `0x${(salt + n.toString(16)).padStart(64, "0")}`;

/** Numbers in [0, 1) that are the same in every run (a linear congruential generator). */
function draws(): () => number {
  let state = 12345;
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
}

const indexes = {
  edges_from: "ix_edges (from_id, from_kind)",
  edges_to: "ix_edges (to_id, to_kind)",
  nodes_id: "ix_nodes (id, kind)",
};

/**
 * Fills the lineage with at least `edges` edges; answers how many things there are (assets 1, 2, 3...). In bulk:
 * one statement for each 500 rows, signatures in their order, indexes at the end.
 */
export async function fillLineage(db: Database, edges: number): Promise<number> {
  const draw = draws();
  const tables: Record<string, Record<string, unknown>[]> = { ix_nodes: [], ix_edges: [], drafts: [] };
  const run = (text: string) => sql.raw(text).execute(db.kysely);
  for (const name of Object.keys(indexes)) await run(`drop index ${name}`);
  await run("create table drafts (hash text, signer text, signature text)");
  const flush = async () => {
    await db.kysely.transaction().execute(async (trx) => {
      for (const [table, rows] of Object.entries(tables)) {
        for (let from = 0; from < rows.length; from += 500)
          await insertBulk(trx, db.kind, table, rows.slice(from, from + 500));
        rows.length = 0;
      }
    });
  };
  let made = 0;
  let id = 0;
  while (made < edges) {
    id++;
    const at = { block: 10 + id, log_index: id % 7, tx: hex(id, "abc") };
    const asset = { kind: "asset", id: String(id) };
    const statement = sha256Hex(utf8(String(id)));
    const signed = { signer: "0x00000000000000000000000000000000000000aa", signature: `0x${"7b".repeat(65)}` };
    tables["ix_nodes"]?.push({ ...nodeRow(asset, { label: `derived: table ${id}`, statement, signed }), ...at });
    tables["drafts"]?.push({ hash: statement, ...signed });
    const parents = new Set<number>();
    if (id > 50) {
      const wanted = [1, 1, 1, 1, 1, 1, 2, 2, 2, 3][Math.floor(draw() * 10)] as number;
      // Mostly what was made lately, sometimes something old: as pipelines do.
      while (parents.size < wanted)
        parents.add(draw() < 0.8 ? id - 1 - Math.floor(draw() * 40) : 1 + Math.floor(draw() * (id - 1)));
    }
    for (const parent of parents) {
      made++;
      tables["ix_edges"]?.push({ ...edgeRow(asset, "made from", { kind: "asset", id: String(parent) }), ...at });
    }
    if (id % 20_000 === 0) await flush();
  }
  await flush();
  await run("insert into signatures select hash, signer, signature from drafts order by hash");
  await run("drop table drafts");
  for (const [name, on] of Object.entries(indexes)) await run(`create index ${name} on ${on}`);
  return id;
}

async function insertBulk(
  trx: Kysely<unknown>,
  kind: Database["kind"],
  table: string,
  rows: Record<string, unknown>[],
) {
  const names = Object.keys(rows[0] as object);
  let count = 0;
  const place = () => (kind === "postgres" ? `$${++count}` : "?");
  const values = rows.map(() => `(${names.map(place).join(",")})`).join(",");
  await trx.executeQuery(
    CompiledQuery.raw(
      `insert into ${table} (${names.join(",")}) values ${values}`,
      rows.flatMap((row) => names.map((name) => row[name])),
    ),
  );
}
