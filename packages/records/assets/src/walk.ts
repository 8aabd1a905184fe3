import type { Context } from "@kernel/capability";
import type { NodeRef } from "./lineage.ts";

/** A row of `ix_edges`: what was made from what, and the event that says so. Ends are numbers of a `Things`. */
export interface StoredEdge {
  readonly from: number;
  readonly to: number;
  readonly role: string;
  readonly block: number;
  readonly logIndex: number;
  readonly tx: string;
}

/** What one walk found. */
export interface Walk {
  /** Nearest first; the start is the first. */
  readonly found: ReadonlySet<number>;
  /** Edges among what was found, nearest first. */
  readonly edges: readonly StoredEdge[];
  /** True when the depth or a bound cut something off. */
  readonly truncated: boolean;
}

/** Nodes by number, so that thousands of edges are compared without building or hashing their names again. */
export class Things {
  readonly refs: NodeRef[] = [];
  readonly keys: string[] = [];
  readonly #numbers = new Map<string, number>();

  /** The number of a node by its `kind:id`; the same one each time. */
  number(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const made = this.refs.length;
    const colon = name.indexOf(":");
    this.#numbers.set(name, made);
    this.keys.push(name);
    this.refs.push({ kind: name.slice(0, colon), id: name.slice(colon + 1) });
    return made;
  }
}

type Db = Pick<Context, "db">;
export type Way = "sources" | "uses";

/** Edges read in one step at most: a thing that everybody uses cannot hold up the node. */
const MAX_READ = 8_000;

/**
 * Walks edges breadth first, one query a step and kind: a ring ends, a ladder of diamonds is read once, and no step
 * reads more than its bound. `limit` is the number of nodes found at most, the start included. SPEC S9.
 */
export async function walk(
  context: Db,
  things: Things,
  start: number,
  way: Way,
  depth: number,
  limit: number,
): Promise<Walk> {
  const found = new Set([start]);
  const read: StoredEdge[] = [];
  let truncated = false;
  let frontier: readonly number[] = [start];
  // One step further than asked: it tells the edges among what was found, and whether anything was cut off.
  for (let step = 0; step <= depth && frontier.length > 0; step++) {
    const room = Math.min(MAX_READ, 4 * (limit - found.size) + 512);
    const next: number[] = [];
    for (const group of byKind(things, frontier)) {
      const edges = await edgesOf(context, things, way, group, room);
      truncated ||= edges.length === room;
      for (const edge of edges) {
        read.push(edge);
        const end = way === "sources" ? edge.to : edge.from;
        if (found.has(end)) continue;
        if (step === depth || found.size >= limit) {
          truncated = true;
          continue;
        }
        found.add(end);
        next.push(end);
      }
    }
    frontier = next;
  }
  return { found, edges: among(read, found), truncated };
}

/** Edges from or to (`way`) things of one kind, oldest first, `limit` of them at most. */
export async function edgesOf(
  { db }: Db,
  things: Things,
  way: Way,
  [kind, numbers]: readonly [string, readonly number[]],
  limit: number,
): Promise<readonly StoredEdge[]> {
  const [side, other] = way === "sources" ? ["from", "to"] : ["to", "from"];
  const rows = await listEach<[number, string, string, number, number, string]>(
    db,
    numbers.map((number) => (things.refs[number] as NodeRef).id),
    {
      columns: `${other}_kind || ':' || ${other}_id, role, block, log_index, tx`,
      table: "ix_edges",
      where: (at) => `${side}_id = each.value and ${side}_kind = ${at}`,
      parameters: [kind],
      limit,
    },
  );
  const edges = rows.map(([place, name, role, block, logIndex, tx]) => {
    const [near, far] = [numbers[place] as number, things.number(name)];
    return way === "sources"
      ? { from: near, to: far, role, block, logIndex, tx }
      : { from: far, to: near, role, block, logIndex, tx };
  });
  return edges.sort((a, b) => a.block - b.block || a.logIndex - b.logIndex);
}

/** Edges whose ends are both in the set. */
export function among(edges: readonly StoredEdge[], found: ReadonlySet<number>): StoredEdge[] {
  return edges.filter(({ from, to }) => found.has(from) && found.has(to));
}

/** Numbers by the kind of their things, in the order in which they came. */
export function byKind(things: Things, numbers: Iterable<number>): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const number of numbers) {
    const { kind } = things.refs[number] as NodeRef;
    const group = groups.get(kind);
    if (group) group.push(number);
    else groups.set(kind, [number]);
  }
  return groups;
}

/** Rows to find for each text of a list, which the condition calls `each.value`. */
export interface Wanted {
  readonly columns: string;
  readonly table: string;
  /** `at` stands for the next of `parameters`. */
  readonly where: (at: string) => string;
  readonly parameters?: readonly string[];
  readonly order?: string;
  /** Rows in all at most. */
  readonly limit?: number;
}

/**
 * Finds rows for each text of a list, which comes as one JSON parameter: the SQL stays the same whatever its length, so
 * both engines keep it compiled. Rows come as lists: the text's place in the list (from 0), then the columns.
 *
 * PostgreSQL asks for each text by itself (a lateral join that `offset` keeps apart): knowing nothing of the list's
 * length, and nothing of a table that was never analysed, it would join by reading the whole table.
 */
export async function listEach<Row extends readonly [place: number, ...columns: unknown[]]>(
  db: Context["db"],
  list: readonly string[],
  { columns, table, where, parameters = [], order, limit }: Wanted,
): Promise<readonly Row[]> {
  if (list.length === 0) return [];
  const values: (string | number)[] = [JSON.stringify(list), ...parameters];
  const ordered = order === undefined ? "" : ` order by ${order}`;
  // "+ 0" says that it is a number.
  const limited = limit === undefined ? "" : " limit ? + 0";
  if (limit !== undefined) values.push(limit);
  if (db.kind !== "postgres") {
    const each = "(select value, key as place from json_each(?)) each";
    const text = `select each.place, ${columns} from ${each} cross join ${table} where ${where("?")}${ordered}${limited}`;
    return (await db.lists(text, values)) as unknown as readonly Row[];
  }
  const each =
    "(select value, n - 1 as place from json_array_elements_text(?::json) with ordinality as t(value, n)) each";
  const found = `(select ${columns} from ${table} where ${where("?")}${ordered}${limited} offset 0) found`;
  if (limit !== undefined) values.push(limit);
  let count = 0;
  const text = `select each.place, found.* from ${each} cross join lateral ${found}${limited}`;
  return (await db.lists(
    text.replace(/\?/g, () => `$${++count}`),
    values,
  )) as unknown as readonly Row[];
}
