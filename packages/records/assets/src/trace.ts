import { InvalidInputError, NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { z } from "zod";
import { type LineageFilter, narrow } from "./narrow.ts";
import { key, type NodeRef } from "./lineage.ts";
import { renderTree } from "./renderTree.ts";
import { statementHash } from "./sign.ts";
import { among, byKind, edgesOf, type StoredEdge, selectEach, type Walk, walk } from "./walk.ts";

/** A node with what is known of it. */
export interface LineageNode extends NodeRef {
  readonly label: string;
  readonly statement: string | null;
  readonly facts: z.core.util.JSONType;
  /** Block and transaction of its newest event; null for a node that only edges name. */
  readonly block: string | null;
  readonly tx: string | null;
}

/** What proves an edge: the event that said so, and the statement of its newer end with who signed it. */
export interface EdgeProof {
  readonly block: string;
  readonly logIndex: number;
  readonly tx: string;
  /** SHA-256 of the newer end's statement (its facts where there is no blob); null where nothing was stated. */
  readonly statement: string | null;
  readonly signer: string | null;
  /** EIP-712 signature over the statement. */
  readonly signature: string | null;
}

/** `from` was made from, decided by or paid because of `to`. */
export interface LineageEdge {
  readonly from: NodeRef;
  readonly to: NodeRef;
  readonly role: string;
  /** Where a filter took things out that stood between the ends: those things. */
  readonly via?: NodeRef[] | undefined;
  readonly proof: EdgeProof;
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

export interface TraceInput extends LineageFilter {
  /** `payout:3`, an asset's id, a run's hash, or any other id that only one node has. */
  readonly id: string;
  /** `sources` (what it stands on), `uses` (what stands on it), or both. */
  readonly direction?: "sources" | "uses" | "both" | undefined;
  /** Steps to follow, 1 to 64; 32 unless said. */
  readonly depth?: number | undefined;
}

/** Nodes that one trace returns at most, a direction. */
export const MAX_NODES = 2_000;
/** Steps that one trace follows at most. */
export const MAX_DEPTH = 64;

/**
 * Walks the lineage from any node: down to the data it stands on and up to what was made from it, each edge with what
 * proves it. Filters take nodes out and keep joined what they joined.
 *
 * Throws NotFoundError for an unknown id, InvalidInputError when an id names nodes of several kinds. SPEC S8, S9, S12.
 */
export async function trace(
  context: Pick<Context, "db"> & Partial<Pick<Context, "chain">>,
  input: TraceInput,
): Promise<Lineage & { readonly tree: string }> {
  const lineage = await narrow(context, await lineageOf(context, input), input);
  return { ...lineage, tree: renderTree(lineage) };
}

/** The lineage as data, without its picture and before any filter. Throws like `trace`. */
export async function lineageOf(context: Pick<Context, "db">, input: TraceInput): Promise<Lineage> {
  const subject = await resolveNode(context, input.id);
  const depth = input.depth ?? 32;
  if (!Number.isInteger(depth) || depth < 1 || depth > MAX_DEPTH) {
    throw new InvalidInputError(`depth is a whole number from 1 to ${MAX_DEPTH}, not ${depth}`, {
      data: { field: "depth" },
    });
  }
  const direction = input.direction ?? "both";
  const ways = direction === "both" ? (["sources", "uses"] as const) : [direction];
  const walks: Walk[] = [];
  for (const way of ways) walks.push(await walk(context, subject, way, depth, MAX_NODES));
  const refs = new Map<string, NodeRef>();
  for (const ref of walks.flatMap((found) => found.refs)) refs.set(key(ref), ref);
  const rows = walks.flatMap((found) => found.edges);
  // What was made from the subject may rest on the subject's own sources without it in between.
  if (direction === "both") rows.push(...(await across(context, walks, new Set(refs.keys()))));
  const nodes = await loadNodes(context, [...refs.values()]);
  const edges = await proven(context, rows, nodes);
  return { subject, nodes, edges, truncated: walks.some((found) => found.truncated) };
}

/** Edges from the second walk's nodes to the first one's: neither walk crosses them. */
async function across(context: Pick<Context, "db">, [down, up]: readonly Walk[], all: ReadonlySet<string>) {
  if (!down || !up || down.refs.length === 1 || up.refs.length === 1) return [];
  const rows: StoredEdge[] = [];
  for (const [kind, ids] of byKind(up.refs))
    rows.push(...(await edgesOf(context, "sources", kind, ids, MAX_NODES * 4)));
  return among(rows, all);
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

interface StoredNode {
  readonly kind: string;
  readonly id: string;
  readonly label: string | null;
  readonly statement: string | null;
  readonly facts: string | null;
  readonly block: number | string | bigint;
  readonly log_index: number;
  readonly tx: string;
}

const byEvent = (a: StoredNode, b: StoredNode) => Number(a.block) - Number(b.block) || a.log_index - b.log_index;

async function loadNodes(context: Pick<Context, "db">, refs: readonly NodeRef[]): Promise<LineageNode[]> {
  const known = new Map<string, StoredNode>();
  for (const [kind, ids] of byKind(refs)) {
    const rows = await selectEach<StoredNode>(
      context.db,
      ids,
      (each, at) => `select kind, id, label, statement, facts, block, log_index, tx
                     from ${each} cross join ix_nodes where id = each.value and kind = ${at}`,
      [kind],
    );
    for (const row of [...rows].sort(byEvent)) {
      const before = known.get(key(row));
      if (!before) {
        known.set(key(row), row);
        continue;
      }
      // The newest word on each field stands; the transaction is the one that named the statement or the facts.
      const named = row.statement !== null || row.facts !== null ? row : before;
      known.set(key(row), {
        ...named,
        label: row.label ?? before.label,
        statement: row.statement ?? before.statement,
        facts: row.facts ?? before.facts,
      });
    }
  }
  return refs.map((ref) => {
    const row = known.get(key(ref));
    if (!row) return { ...ref, label: key(ref), statement: null, facts: null, block: null, tx: null };
    return {
      ...ref,
      label: row.label ?? key(ref),
      statement: row.statement,
      facts: row.facts === null ? null : (JSON.parse(row.facts) as z.core.util.JSONType),
      block: String(row.block),
      tx: row.tx,
    };
  });
}

/** Edges with their proofs; an edge that several events state is proved by the newest. SPEC S12. */
async function proven(
  context: Pick<Context, "db">,
  rows: readonly StoredEdge[],
  nodes: readonly LineageNode[],
): Promise<LineageEdge[]> {
  const stated = new Map<string, string | null>();
  for (const node of nodes)
    stated.set(key(node), node.statement ?? (node.facts === null ? null : statementHash(node.facts)));
  const hashes = [...new Set(stated.values())].filter((hash) => hash !== null);
  const signed = new Map<string, { signer: string; signature: string }>();
  const signatures = await selectEach<{ hash: string; signer: string; signature: string }>(
    context.db,
    hashes,
    (each) => `select hash, signer, signature from ${each} cross join signatures where hash = each.value`,
  );
  for (const row of signatures) if (row.signer < (signed.get(row.hash)?.signer ?? "0y")) signed.set(row.hash, row);
  const edges = new Map<string, LineageEdge>();
  const refs = new Map(nodes.map(({ kind, id }) => [`${kind}:${id}`, { kind, id }]));
  for (const row of rows) {
    const [fromKey, toKey] = [`${row.from_kind}:${row.from_id}`, `${row.to_kind}:${row.to_id}`];
    const name = `${fromKey} ${toKey} ${row.role}`;
    const before = edges.get(name);
    if (before && Number(before.proof.block) > Number(row.block)) continue;
    const statement = stated.get(fromKey) ?? null;
    const by = statement === null ? undefined : signed.get(statement);
    edges.set(name, {
      from: refs.get(fromKey) as NodeRef,
      to: refs.get(toKey) as NodeRef,
      role: row.role,
      proof: {
        block: String(row.block),
        logIndex: Number(row.log_index),
        tx: row.tx,
        statement,
        signer: by?.signer ?? null,
        signature: by?.signature ?? null,
      },
    });
  }
  return [...edges.values()];
}
