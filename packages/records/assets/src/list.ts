import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { sql } from "kysely";

export interface ListInput {
  /** `data`, `derived`, `model` or `service`; all unless said. */
  readonly kind?: string | undefined;
  /** Only what this address owns now. */
  readonly owner?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** One line of the list: the asset as the index knows it now. */
export interface ListedAsset {
  readonly id: string;
  readonly kind: string;
  readonly name: string | null;
  readonly owner: string;
  readonly publisher: string;
  readonly price: string;
  readonly state: string;
  readonly royaltyBps: number;
  readonly root: string;
  readonly parents: string[];
  readonly at: string;
}

const newest = (column: string, table: string) =>
  sql<
    string | null
  >`(select h.${sql.ref(column)} from ${sql.table(table)} h where h.id = a.id order by h.block desc, h.log_index desc limit 1)`;

/** Assets by the index, oldest first, a page at a time. Throws InvalidInputError for a cursor that is none. */
export async function list(
  context: Pick<Context, "db">,
  input: ListInput,
): Promise<{ assets: ListedAsset[]; next: string | null }> {
  const [block, log] = parseCursor(input.cursor);
  const name = sql<
    string | null
  >`(select n.label from ix_nodes n where n.kind = 'asset' and n.id = a.id and n.label is not null order by n.block desc, n.log_index desc limit 1)`;
  const owner = newest("owner", "ix_asset_owners");
  const { rows } = await sql<Record<string, string | number | bigint | null>>`
    select a.*, ${name} as name, ${owner} as owner,
      coalesce(${newest("price", "ix_asset_prices")}, a.price) as price_now,
      coalesce(${newest("state", "ix_asset_states")}, 'active') as state
    from ix_assets a
    where (a.block > ${block} or (a.block = ${block} and a.log_index > ${log}))
      ${input.kind === undefined ? sql`` : sql`and a.kind = ${input.kind}`}
      ${input.owner === undefined ? sql`` : sql`and ${owner} = ${input.owner.toLowerCase()}`}
    order by a.block, a.log_index limit ${input.limit + 1}`.execute(context.db.kysely);
  const page = rows.slice(0, input.limit);
  const last = page.at(-1);
  return {
    assets: page.map((row) => ({
      id: String(row["id"]),
      kind: String(row["kind"]),
      name: row["name"] === null ? null : String(row["name"]).replace(/^[a-z]+: /, ""),
      owner: String(row["owner"] ?? row["publisher"]),
      publisher: String(row["publisher"]),
      price: String(row["price_now"]),
      state: String(row["state"]),
      royaltyBps: Number(row["royalty_bps"]),
      root: String(row["root"]),
      parents: JSON.parse(String(row["parents"])) as string[],
      at: new Date(Number(row["at"]) * 1000).toISOString(),
    })),
    next: rows.length > input.limit && last ? `${last["block"]}-${last["log_index"]}` : null,
  };
}

function parseCursor(cursor: string | undefined): [number, number] {
  if (cursor === undefined) return [-1, -1];
  const parts = /^(\d{1,15})-(\d{1,9})$/.exec(cursor);
  if (!parts) throw new InvalidInputError("cursor: use the `next` of the page before", { data: { field: "cursor" } });
  return [Number(parts[1]), Number(parts[2])];
}
