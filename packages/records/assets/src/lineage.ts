import type { IndexWriter } from "@kernel/capability";

/** Something in the lineage by kind and id. */
export interface NodeRef {
  /** `asset`, `run`, `decision`, `policy` or `payout`; a room may add kinds of lower-case letters. */
  readonly kind: string;
  /** Decimal text for contract ids, lower-case hex for hashes. */
  readonly id: string;
}

/** What an event knows of a node; what one leaves out, an earlier or later one may say. */
export interface NodeFacts {
  /** What a person reads, at most a line. */
  readonly label?: string;
  /** Hash of the statement behind the node, which is a blob in the store. */
  readonly statement?: string;
  /** A statement (`type` and fields, JSON values) that repeats the event, for receipts; where no `statement` exists. */
  readonly facts?: { readonly type: string; readonly [field: string]: unknown };
  /** Who signed `statement`, where the event's own blobs tell; a walk then need not look for it. */
  readonly signed?: { readonly signer: string; readonly signature: string } | undefined;
}

/** Adds a node to the lineage, or more facts to a known one: the newest word on each field stands. SPEC S8. */
export function addNode(writer: IndexWriter, ref: NodeRef, facts: NodeFacts = {}): void {
  writer.insert("ix_nodes", nodeRow(ref, facts));
}

/** Adds an edge: `from` was made from, decided by or paid because of `to`, so `to` is the older one. SPEC S8. */
export function addEdge(writer: IndexWriter, from: NodeRef, role: string, to: NodeRef): void {
  writer.insert("ix_edges", edgeRow(from, role, to));
}

/** The row of `ix_nodes` for a node. */
export function nodeRow(ref: NodeRef, facts: NodeFacts) {
  return {
    kind: ref.kind,
    id: ref.id,
    label: facts.label ?? null,
    statement: facts.statement ?? null,
    facts: facts.facts === undefined ? null : JSON.stringify(facts.facts),
    signer: facts.signed?.signer ?? null,
    signature: facts.signed?.signature ?? null,
  };
}

/** The row of `ix_edges` for an edge. */
export function edgeRow(from: NodeRef, role: string, to: NodeRef) {
  return { from_kind: from.kind, from_id: from.id, to_kind: to.kind, to_id: to.id, role };
}

/** `kind:id`, unique over all nodes. */
export function key(ref: NodeRef): string {
  return `${ref.kind}:${ref.id}`;
}
