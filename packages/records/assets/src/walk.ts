import type { Context } from "@kernel/capability";
import { CompiledQuery } from "kysely";
import { key, type NodeRef } from "./lineage.ts";

/** A row of `ix_edges`: what was made from what, and the event that says so. */
export interface StoredEdge {
  readonly from_kind: string;
  readonly from_id: string;
  readonly to_kind: string;
  readonly to_id: string;
  readonly role: string;
  readonly block: number | string | bigint;
  readonly log_index: number;
  readonly tx: string;
}

/** What one walk found. */
export interface Walk {
  /** Nearest first; the start is the first. */
  readonly refs: readonly NodeRef[];
  /** Edges among what was found, nearest first. */
  readonly edges: readonly StoredEdge[];
  /** True when the depth or a bound cut something off. */
  readonly truncated: boolean;
}

type Db = Pick<Context, "db">;
export type Way = "sources" | "uses";

/** Edges read in one step at most: a thing that everybody uses cannot hold up the node. */
const MAX_READ = 8_000;

/**
 * Walks edges breadth first, one query a step and kind: a ring ends, a ladder of diamonds is read once, and no step
 * reads more than its bound. `limit` is the number of nodes found at most, the start included. SPEC S9.
 */
export async function walk(context: Db, start: NodeRef, way: Way, depth: number, limit: number): Promise<Walk> {
  const found = new Set([key(start)]);
  const refs: NodeRef[] = [start];
  const read: StoredEdge[] = [];
  let truncated = false;
  let frontier: readonly NodeRef[] = [start];
  // One step further than asked: it tells the edges among what was found, and whether anything was cut off.
  for (let step = 0; step <= depth && frontier.length > 0; step++) {
    const room = Math.min(MAX_READ, 4 * (limit - refs.length) + 512);
    const next: NodeRef[] = [];
    for (const [kind, ids] of byKind(frontier)) {
      const edges = await edgesOf(context, way, kind, ids, room);
      truncated ||= edges.length === room;
      for (const edge of edges) {
        read.push(edge);
        const ref =
          way === "sources" ? { kind: edge.to_kind, id: edge.to_id } : { kind: edge.from_kind, id: edge.from_id };
        if (found.has(key(ref))) continue;
        if (step === depth || refs.length >= limit) {
          truncated = true;
          continue;
        }
        found.add(key(ref));
        refs.push(ref);
        next.push(ref);
      }
    }
    frontier = next;
  }
  return { refs, edges: among(read, found), truncated };
}

/** Edges from or to (`way`) things of one kind, oldest first, `limit` of them at most. */
export async function edgesOf(
  { db }: Db,
  way: Way,
  kind: string,
  ids: readonly string[],
  limit: number,
): Promise<readonly StoredEdge[]> {
  const side = way === "sources" ? "from" : "to";
  const rows = await selectEach<StoredEdge>(
    db,
    ids,
    (each, at) =>
      `select from_kind, from_id, to_kind, to_id, role, block, log_index, tx
       from ${each} cross join ix_edges where ${side}_kind = ${at} and ${side}_id = each.value limit ${at}`,
    [kind, limit],
  );
  return [...rows].sort((a, b) => Number(a.block) - Number(b.block) || a.log_index - b.log_index);
}

/** Edges whose ends are both in the set. */
export function among(edges: readonly StoredEdge[], found: ReadonlySet<string>): StoredEdge[] {
  return edges.filter(
    ({ from_kind, from_id, to_kind, to_id }) =>
      found.has(`${from_kind}:${from_id}`) && found.has(`${to_kind}:${to_id}`),
  );
}

/** Ids by kind, in the order in which they came. */
export function byKind(refs: readonly NodeRef[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { kind, id } of refs) {
    const group = groups.get(kind);
    if (group) group.push(id);
    else groups.set(kind, [id]);
  }
  return groups;
}

/**
 * Runs SQL for each text of a list, which comes as one JSON parameter: the SQL stays the same whatever its length, so
 * both engines keep it compiled. `each` stands for the list, a table of one column `value`; write it first.
 */
export async function selectEach<T>(
  db: Context["db"],
  list: readonly string[],
  text: (each: string, at: string) => string,
  parameters: readonly (string | number)[] = [],
): Promise<readonly T[]> {
  const postgres = db.kind === "postgres";
  const each = postgres
    ? "(select json_array_elements_text(?::json) as value) each"
    : "(select value from json_each(?)) each";
  let count = 0;
  const numbered = text(each, "?").replace(/\?/g, () => (postgres ? `$${++count}` : "?"));
  return (await db.kysely.executeQuery<T>(CompiledQuery.raw(numbered, [JSON.stringify(list), ...parameters]))).rows;
}
