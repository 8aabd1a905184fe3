import { InvalidInputError, NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { z } from "zod";
import { type LineageFilter, narrow } from "./narrow.ts";
import { key, type NodeRef } from "./lineage.ts";
import { renderTree } from "./renderTree.ts";
import { statementHash } from "./sign.ts";
import { among, byKind, edgesOf, listEach, type StoredEdge, Things, type Walk, walk } from "./walk.ts";

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
  const things = new Things();
  const start = things.number(key(subject));
  const walks: Walk[] = [];
  for (const way of ways) walks.push(await walk(context, things, start, way, depth, MAX_NODES));
  const found = new Set(walks.flatMap((one) => [...one.found]));
  const rows = walks.flatMap((one) => one.edges);
  // What was made from the subject may rest on the subject's own sources without it in between.
  if (direction === "both") rows.push(...(await across(context, things, walks, found)));
  const known = await loadNodes(context, things, found);
  return {
    subject,
    nodes: [...found].map((number) => (known[number] as Known).node),
    edges: proven(things, rows, known),
    truncated: walks.some((one) => one.truncated),
  };
}

/** Edges from the second walk's nodes to the first one's: neither walk crosses them. */
async function across(
  context: Pick<Context, "db">,
  things: Things,
  [down, up]: readonly Walk[],
  all: ReadonlySet<number>,
) {
  if (!down || !up || down.found.size === 1 || up.found.size === 1) return [];
  const rows: StoredEdge[] = [];
  for (const group of byKind(things, up.found))
    rows.push(...(await edgesOf(context, things, "sources", group, MAX_NODES * 4)));
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
  const rows = await listEach<[place: number, kind: string]>(context.db, [spelling], {
    columns: "kind",
    table: "ix_nodes",
    where: () => "id = each.value",
  });
  const kinds = [...new Set(rows.map(([, kind]) => kind))].filter((kind) => !written || kind === written[1]).sort();
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

/** A row of `ix_nodes`: one event's word on a node. */
type Word = readonly [
  place: number,
  label: string | null,
  statement: string | null,
  facts: string | null,
  signer: string | null,
  signature: string | null,
  block: number,
  logIndex: number,
  tx: string,
];

/** A node with what proves the edges that start at it. */
interface Known {
  readonly node: LineageNode;
  readonly proof: Pick<EdgeProof, "statement" | "signer" | "signature">;
}

/** Nodes by number; the list has holes where a number was not found. */
async function loadNodes(
  context: Pick<Context, "db">,
  things: Things,
  found: ReadonlySet<number>,
): Promise<readonly Known[]> {
  const words: Word[][] = [];
  for (const [kind, numbers] of byKind(things, found)) {
    const rows = await listEach<Word>(
      context.db,
      numbers.map((number) => (things.refs[number] as NodeRef).id),
      {
        columns: "label, statement, facts, signer, signature, block, log_index, tx",
        table: "ix_nodes",
        where: (at) => `id = each.value and kind = ${at}`,
        parameters: [kind],
      },
    );
    for (const row of rows) {
      const number = numbers[row[0]] as number;
      const before = words[number];
      if (before) before.push(row);
      else words[number] = [row];
    }
  }
  const known: Known[] = [];
  for (const number of found)
    known[number] = knownOf(things.refs[number] as NodeRef, things.keys[number] as string, words[number] ?? []);
  await findSignatures(context, known);
  return known;
}

/**
 * The newest word on each field stands; the transaction is the one that named the statement or the facts, and a
 * signature is of the statement beside it. SPEC S8.
 */
function knownOf(ref: NodeRef, name: string, words: Word[]): Known {
  let label: string | null = null;
  let facts: string | null = null;
  let stated: Word | undefined;
  let named: Word | undefined;
  if (words.length > 1) words.sort((a, b) => a[6] - b[6] || a[7] - b[7]);
  for (const word of words) {
    label = word[1] ?? label;
    facts = word[3] ?? facts;
    if (word[2] !== null) stated = word;
    if (word[2] !== null || word[3] !== null || named === undefined) named = word;
  }
  const statement = stated?.[2] ?? null;
  const said = facts === null ? null : (JSON.parse(facts) as z.core.util.JSONType);
  return {
    node: {
      kind: ref.kind,
      id: ref.id,
      label: label ?? name,
      statement,
      facts: said,
      block: named === undefined ? null : String(named[6]),
      tx: named?.[8] ?? null,
    },
    proof: {
      statement: statement ?? (said === null ? null : statementHash(said)),
      signer: stated?.[4] ?? null,
      signature: stated?.[5] ?? null,
    },
  };
}

/** Signatures that no node's row carries: by another road than a publication (a run's, a report's). */
async function findSignatures(context: Pick<Context, "db">, known: Known[]): Promise<void> {
  const open = new Map<string, number[]>();
  known.forEach(({ proof: { statement, signer } }, number) => {
    if (statement === null || signer !== null) return;
    const numbers = open.get(statement);
    if (numbers) numbers.push(number);
    else open.set(statement, [number]);
  });
  const hashes = [...open.keys()];
  const rows = await listEach<[place: number, signer: string, signature: string]>(context.db, hashes, {
    columns: "signer, signature",
    table: "signatures",
    where: () => "hash = each.value",
  });
  for (const [place, signer, signature] of rows) {
    const statement = hashes[place] as string;
    for (const number of open.get(statement) as number[]) {
      const { node, proof } = known[number] as Known;
      if (signer < (proof.signer ?? "0y")) known[number] = { node, proof: { statement, signer, signature } };
    }
  }
}

/** Edges with their proofs; an edge that several events state is proved by the newest. SPEC S12. */
function proven(things: Things, rows: readonly StoredEdge[], known: readonly Known[]): LineageEdge[] {
  const edges = new Map<number, LineageEdge>();
  const roles = new Map<string, number>();
  const count = things.refs.length;
  for (const { from, to, role, block, logIndex, tx } of rows) {
    const word = roles.get(role) ?? roles.size;
    roles.set(role, word);
    // One number for the edge: names as text would be built and hashed again for each.
    const name = (word * count + from) * count + to;
    const before = edges.get(name);
    if (before && Number(before.proof.block) > block) continue;
    const { statement, signer, signature } = (known[from] as Known).proof;
    edges.set(name, {
      from: things.refs[from] as NodeRef,
      to: things.refs[to] as NodeRef,
      role,
      proof: { block: String(block), logIndex, tx, statement, signer, signature },
    });
  }
  return [...edges.values()];
}
