import { InvalidInputError, NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { sql } from "kysely";
import type { z } from "zod";
import { key, type NodeRef } from "./lineage.ts";
import { renderTree } from "./renderTree.ts";

/** A node with what is known of it. */
export interface LineageNode extends NodeRef {
  readonly label: string;
  readonly statement: string | null;
  readonly facts: z.core.util.JSONType;
  /** Block and transaction of its newest event; null for a node that only edges name. */
  readonly block: string | null;
  readonly tx: string | null;
}

/** `from` was made from, decided by or paid because of `to`. */
export interface LineageEdge {
  readonly from: NodeRef;
  readonly to: NodeRef;
  readonly role: string;
}

/** A part of the lineage around one node. */
export interface Lineage {
  readonly subject: NodeRef;
  /** What the subject stands on, nearest first; the subject is the first node. */
  readonly nodes: LineageNode[];
  readonly edges: LineageEdge[];
  /** True when the depth or the size bound cut something off. */
  readonly truncated: boolean;
}

export interface TraceInput {
  /** `payout:3`, an asset's id, a run's hash, or any other id that only one node has. */
  readonly id: string;
  /** `sources` (what it stands on), `uses` (what stands on it), or both. */
  readonly direction?: "sources" | "uses" | "both" | undefined;
  /** Steps to follow, 1 to 64; 32 unless said. */
  readonly depth?: number | undefined;
}

/** Nodes that one trace returns at most. */
export const MAX_NODES = 2_000;
/** Steps that one trace follows at most. */
export const MAX_DEPTH = 64;

/**
 * Walks the lineage from any node: down to the data it stands on and up to what was made from it.
 *
 * Throws NotFoundError for an unknown id, InvalidInputError when an id names nodes of several kinds. SPEC S8, S9.
 */
export async function trace(
  context: Pick<Context, "db">,
  input: TraceInput,
): Promise<Lineage & { readonly tree: string }> {
  const lineage = await lineageOf(context, input);
  return { ...lineage, tree: renderTree(lineage) };
}

/** The lineage as data, without its picture. Throws like `trace`. */
export async function lineageOf(context: Pick<Context, "db">, input: TraceInput): Promise<Lineage> {
  const subject = await resolveNode(context, input.id);
  const depth = input.depth ?? 32;
  if (!Number.isInteger(depth) || depth < 1 || depth > MAX_DEPTH) {
    throw new InvalidInputError(`depth is a whole number from 1 to ${MAX_DEPTH}, not ${depth}`, {
      data: { field: "depth" },
    });
  }
  const direction = input.direction ?? "both";
  const refs = new Map<string, NodeRef>([[key(subject), subject]]);
  let truncated = false;
  for (const way of ["sources", "uses"] as const) {
    if (direction !== "both" && direction !== way) continue;
    const found = await walk(context, subject, way, depth);
    truncated ||= found.truncated;
    for (const ref of found.refs) refs.set(key(ref), ref);
  }
  const nodes = await loadNodes(context, [...refs.values()]);
  const edges = await loadEdges(context, refs);
  return { subject, nodes, edges, truncated };
}

/**
 * The node that a person means by `text`: `kind:id`, or an id alone when one kind has it.
 * Throws NotFoundError, or InvalidInputError that lists the kinds.
 */
export async function resolveNode(context: Pick<Context, "db">, text: string): Promise<NodeRef> {
  const written = /^([a-z][a-z-]*):(.+)$/.exec(text.trim());
  const id = (written?.[2] ?? text).trim();
  const spelling = /^0x[0-9a-f]+$/i.test(id) ? id.toLowerCase() : id;
  let query = context.db.kysely.selectFrom("ix_nodes").select("kind").distinct().where("id", "=", spelling);
  if (written) query = query.where("kind", "=", written[1]);
  const kinds = (await query.execute()).map((row: { kind: string }) => row.kind).sort();
  if (kinds.length === 1) return { kind: kinds[0] as string, id: spelling };
  if (kinds.length === 0) {
    throw new NotFoundError(`nothing in the lineage is called ${text}`, {
      hints: ["Ids look like asset:1, run:0x..., decision:..., policy:..., payout:...; `assay list` shows the assets."],
      data: { id: text },
    });
  }
  throw new InvalidInputError(
    `${text} could be ${kinds.map((kind) => `${kind}:${spelling}`).join(" or ")}: say which`,
    {
      data: { id: text, kinds },
    },
  );
}

async function walk(context: Pick<Context, "db">, from: NodeRef, way: "sources" | "uses", depth: number) {
  const [here, there] = way === "sources" ? ["from", "to"] : ["to", "from"];
  const [hereKind, hereId] = [sql.ref(`edge.${here}_kind`), sql.ref(`edge.${here}_id`)];
  const [thereKind, thereId] = [sql.ref(`edge.${there}_kind`), sql.ref(`edge.${there}_id`)];
  const { rows } = await sql<{ kind: string; id: string; depth: number | string }>`
    with recursive walk(kind, id, depth) as (
      select cast(${from.kind} as text), cast(${from.id} as text), 0
      union
      select ${thereKind}, ${thereId}, walk.depth + 1
      from walk join ix_edges edge on ${hereKind} = walk.kind and ${hereId} = walk.id
      where walk.depth <= ${sql.lit(depth)}
    )
    select kind, id, depth from walk limit ${sql.lit(MAX_NODES * 4)}`.execute(context.db.kysely);
  const refs = new Map<string, NodeRef>();
  let truncated = rows.length === MAX_NODES * 4;
  // The walk goes one step further than asked, so that a cut is known rather than guessed.
  const near = rows.filter((row) => Number(row.depth) <= depth);
  for (const { kind, id } of near) refs.set(key({ kind, id }), { kind, id });
  truncated ||= rows.some((row) => Number(row.depth) > depth && !refs.has(key(row)));
  const kept = [...refs.values()].slice(0, MAX_NODES);
  return { refs: kept, truncated: truncated || kept.length < refs.size };
}

interface StoredNode {
  kind: string;
  id: string;
  label: string | null;
  statement: string | null;
  facts: string | null;
  block: number | string | bigint;
  tx: string;
}

async function loadNodes(context: Pick<Context, "db">, refs: readonly NodeRef[]): Promise<LineageNode[]> {
  const known = new Map<string, StoredNode>();
  for (const ids of batches([...new Set(refs.map((ref) => ref.id))])) {
    const rows: StoredNode[] = await context.db.kysely
      .selectFrom("ix_nodes")
      .select(["kind", "id", "label", "statement", "facts", "block", "tx"])
      .where("id", "in", ids)
      .orderBy("block")
      .orderBy("log_index")
      .execute();
    for (const row of rows) {
      const before = known.get(key(row));
      // The newest word on each field stands; the transaction is the one that named the statement or the facts.
      const named = row.statement !== null || row.facts !== null || !before ? row : before;
      known.set(key(row), {
        ...named,
        label: row.label ?? before?.label ?? null,
        statement: row.statement ?? before?.statement ?? null,
        facts: row.facts ?? before?.facts ?? null,
      });
    }
  }
  return refs.map((ref) => {
    const row = known.get(key(ref));
    if (!row) return { ...ref, label: key(ref), statement: null, facts: null, block: null, tx: null };
    const facts = row.facts === null ? null : (JSON.parse(row.facts) as z.core.util.JSONType);
    return {
      ...ref,
      label: row.label ?? key(ref),
      statement: row.statement,
      facts,
      block: String(row.block),
      tx: row.tx,
    };
  });
}

async function loadEdges(context: Pick<Context, "db">, refs: ReadonlyMap<string, NodeRef>): Promise<LineageEdge[]> {
  const edges = new Map<string, LineageEdge>();
  for (const ids of batches([...new Set([...refs.values()].map((ref) => ref.id))])) {
    const rows = await context.db.kysely
      .selectFrom("ix_edges")
      .select(["from_kind", "from_id", "to_kind", "to_id", "role"])
      .where("from_id", "in", ids)
      .orderBy("block")
      .orderBy("log_index")
      .execute();
    for (const row of rows) {
      const edge = {
        from: { kind: row.from_kind as string, id: row.from_id as string },
        to: { kind: row.to_kind as string, id: row.to_id as string },
        role: row.role as string,
      };
      if (refs.has(key(edge.from)) && refs.has(key(edge.to)))
        edges.set(`${key(edge.from)} ${key(edge.to)} ${edge.role}`, edge);
    }
  }
  return [...edges.values()];
}

/** Slices that fit a statement's parameter limit on every database. */
function* batches<T>(items: readonly T[], size = 500): Iterable<T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
