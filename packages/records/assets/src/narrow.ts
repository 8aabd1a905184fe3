import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { key, type NodeRef } from "./lineage.ts";
import type { Lineage, LineageEdge, LineageNode } from "./trace.ts";
import { listEach } from "./walk.ts";

/** What of a lineage to show. The subject always stays. */
export interface LineageFilter {
  /** Kinds of nodes to keep; all unless said. */
  readonly kinds?: readonly string[] | undefined;
  /** Address that owns, published, signed, asked for or received it. */
  readonly owner?: string | undefined;
  /** First and last block, or moments (ISO 8601, UTC); both included. What has no block yet is left out. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

type Needs = Pick<Context, "db"> & Partial<Pick<Context, "chain">>;

/**
 * Takes out of a lineage what a filter does not ask for. What a removed node joined stays joined by one edge that names
 * what stood between, and carries the proof of its first step. Throws InvalidInputError for a moment that is none. SPEC S12.
 */
export async function narrow(context: Needs, lineage: Lineage, filter: LineageFilter): Promise<Lineage> {
  const { kinds, owner } = filter;
  const since = await blockOf(context, filter.since, "since");
  const until = await blockOf(context, filter.until, "until");
  if (kinds === undefined && owner === undefined && since === undefined && until === undefined) return lineage;
  const owners = owner === undefined ? undefined : await ownersOf(context, lineage);
  const keep = (node: LineageNode): boolean => {
    if (kinds !== undefined && !kinds.includes(node.kind)) return false;
    if (owner !== undefined && !owners?.get(key(node))?.has(owner.toLowerCase())) return false;
    if (since === undefined && until === undefined) return true;
    const block = node.block === null ? undefined : Number(node.block);
    return block !== undefined && block >= (since ?? 0) && block <= (until ?? Number.POSITIVE_INFINITY);
  };
  const nodes = lineage.nodes.filter((node) => key(node) === key(lineage.subject) || keep(node));
  return { ...lineage, nodes, edges: joined(lineage.edges, new Set(nodes.map(key))) };
}

/** Edges among what is kept; paths through what is not become one edge each, the shortest way. */
function joined(edges: readonly LineageEdge[], kept: ReadonlySet<string>): LineageEdge[] {
  const next = new Map<string, LineageEdge[]>();
  for (const edge of edges) {
    const from = key(edge.from);
    const list = next.get(from);
    if (list) list.push(edge);
    else next.set(from, [edge]);
  }
  const made: LineageEdge[] = [];
  for (const from of kept) {
    const steps = next.get(from) ?? [];
    // Where one edge joins two things already, a longer way says nothing new.
    const seen = new Set(steps.map(({ to }) => key(to)).filter((to) => kept.has(to)));
    let paths = steps.map((first) => ({ first, at: first.to, via: [] as NodeRef[] }));
    while (paths.length > 0) {
      const longer: typeof paths = [];
      for (const { first, at, via } of paths) {
        const here = key(at);
        if (kept.has(here)) {
          if (via.length === 0) made.push(first);
          else if (here !== from && !seen.has(here)) made.push({ ...first, to: at, via });
          if (via.length > 0) seen.add(here);
          continue;
        }
        if (seen.has(here)) continue;
        seen.add(here);
        for (const edge of next.get(here) ?? []) longer.push({ first, at: edge.to, via: [...via, at] });
      }
      paths = longer;
    }
  }
  return made;
}

/** Everybody who has to do with a node: owner and publisher of an asset, signers, and whom its facts name. */
async function ownersOf(context: Needs, { nodes }: Lineage): Promise<Map<string, Set<string>>> {
  const owners = new Map<string, Set<string>>();
  const add = (node: string, who: unknown) => {
    if (typeof who !== "string") return;
    const set = owners.get(node) ?? new Set();
    owners.set(node, set.add(who.toLowerCase()));
  };
  for (const node of nodes) {
    const facts = node.facts as Record<string, unknown> | null;
    for (const field of ["creator", "owner", "recipient", "requester", "payer"]) add(key(node), facts?.[field]);
    const request = facts?.["request"] as Record<string, unknown> | undefined;
    add(key(node), request?.["requester"]);
  }
  const ids = nodes.filter(({ kind }) => kind === "asset").map(({ id }) => id);
  for (const [table, columns] of [
    ["ix_assets", "publisher"],
    ["ix_asset_owners", "owner"],
  ] as const) {
    const rows = await listEach<[place: number, who: string]>(context.db, ids, {
      columns,
      table,
      where: () => "id = each.value",
      order: "block, log_index",
    });
    // The newest row is the owner of now.
    for (const [place, who] of new Map(rows.map(([place, who]) => [place, who]))) add(`asset:${ids[place]}`, who);
  }
  const stated = nodes.filter((node) => node.statement !== null);
  const signers = await listEach<[place: number, signer: string]>(
    context.db,
    stated.map((node) => node.statement as string),
    { columns: "signer", table: "signatures", where: () => "hash = each.value" },
  );
  for (const [place, signer] of signers) add(key(stated[place] as LineageNode), signer);
  return owners;
}

/** A block number, or the first block at or after a moment (`until`: the last at or before it). */
async function blockOf(context: Needs, text: string | undefined, field: "since" | "until") {
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const moment = Date.parse(
    /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T${field === "since" ? "00:00:00" : "23:59:59"}Z` : text,
  );
  if (Number.isNaN(moment) || !context.chain) {
    throw new InvalidInputError(`${field} is a block number or a moment such as 2026-01-31, not ${text}`, {
      data: { field },
    });
  }
  const { client } = context.chain;
  const seconds = BigInt(Math.floor(moment / 1000));
  let low = 0n;
  let high = await client.getBlockNumber({ cacheTime: 0 });
  // First block later than the moment (`until`) or not earlier than it (`since`).
  const late = (at: bigint) => (field === "since" ? at >= seconds : at > seconds);
  if (!late((await client.getBlock({ blockNumber: high })).timestamp))
    return Number(field === "since" ? high + 1n : high);
  while (low < high) {
    const middle = (low + high) / 2n;
    if (late((await client.getBlock({ blockNumber: middle })).timestamp)) high = middle;
    else low = middle + 1n;
  }
  return Number(field === "since" ? low : low - 1n);
}
