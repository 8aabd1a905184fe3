// Answers and gaps, as the parts of a dossier make them.
import { canonicalJson } from "@base/bytes/canonicalJson.ts";
import type { Logged } from "./extract.ts";
import { checkRecord } from "./extract.ts";
import type { Facts } from "./gather.ts";
import type { Answer, Gap, Proof, Signed } from "./shapes.ts";

/** What was found for one item. `note`: a note on record about the item closes the gap. */
export interface Found {
  readonly answers: Answer[];
  readonly gaps: (Gap & { readonly note: boolean })[];
}

/** An answer that somebody put on record. */
export function onRecord(label: string, text: string, ...proofs: readonly Proof[]): Answer {
  return { basis: "record", label, text, proofs: [...proofs] };
}

/** An answer that holds for every model of this system, with the command that shows it. */
export function bySystem(label: string, text: string, command: string): Answer {
  return { basis: "system", label, text, proofs: [proofOf("how Assay works", command)] };
}

/** A table on record. */
export function tabled(
  label: string,
  text: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  ...proofs: readonly Proof[]
): Answer {
  return { ...onRecord(label, text, ...proofs), table: { head: [...head], rows: rows.map((row) => [...row]) } };
}

function proofOf(what: string, command: string, record: number | null = null): Proof {
  return { what, statement: null, signer: null, tx: null, block: null, logIndex: null, record, command };
}

/** What proves a record of the log. */
export function recordProof({ index }: Pick<Logged, "index">): Proof {
  return proofOf(`record ${index}`, checkRecord(index), index);
}

/** A gap that a note about the item closes. */
export function unsaid(facts: Facts, id: string, missing: string): Found["gaps"][number] {
  return { missing, close: appending(facts, "note", { item: id, what: "…" }), note: true };
}

/** A gap that something else closes. */
export function lacking(missing: string, close: string): Found["gaps"][number] {
  return { missing, close, note: false };
}

/** The command that puts a record about the model on the log, its fields to be filled in. */
export function appending({ asset }: Pick<Facts, "asset">, kind: string, fields: object): string {
  return `echo ${quoted(JSON.stringify(fields))} | assay log append - --kind ${kind} --about asset:${asset.id} --sign node`;
}

/** Answers that quote the log's records of some kinds, word for word. */
export function quotedRecords(facts: Facts, ...kinds: readonly string[]): Answer[] {
  return facts.logged.filter(({ kind }) => kinds.includes(kind)).map((one) => quote(one, one.kind));
}

/** Whether a note closes the gaps of an item: one that names a key must be signed by it. SPEC D5. */
export function settled(facts: Facts, id: string): boolean {
  return facts.logged.some(
    ({ kind, predicate, signed }) =>
      kind === "note" && predicate["item"] === id && signed.every(({ checked }) => checked),
  );
}

/** Notes that name an item in their field `item`. SPEC D5. */
export function notesOf(facts: Facts, id: string): Answer[] {
  return facts.logged
    .filter(({ kind, predicate }) => kind === "note" && predicate["item"] === id)
    .map((one) => quote(one, "note", String(one.predicate["what"])));
}

/** Who signed, and whether that was checked. */
export function signing({ key, checked }: Signed): string {
  return checked ? `signed by ${key}` : `names the key ${key}, not checked`;
}

function quote(one: Logged, label: string, text = canonicalJson(one.predicate as never)): Answer {
  const by = one.signed.length === 0 ? "unsigned" : one.signed.map(signing).join(", ");
  return onRecord(`${label}, record ${one.index} (${by})`, text, recordProof(one));
}

/** Numbers and words of nested values, named by their path; lists are left to the statement. */
export function flat(value: unknown, path = ""): [string, string][] {
  if (value === null || value === undefined) return [];
  if (typeof value !== "object") return [[path, String(value)]];
  if (Array.isArray(value)) {
    const plain = value.every((one) => typeof one !== "object");
    return [[path, plain && value.length <= 16 ? value.join(", ") : `${value.length} entries in the statement`]];
  }
  return Object.entries(value).flatMap(([name, inner]) => flat(inner, path === "" ? name : `${path}.${name}`));
}

/** A word for a POSIX shell. */
function quoted(text: string): string {
  return /^[\w.,:/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** What an item's status is called. */
export const statuses = { answered: "Answered", partial: "Answered in part", gap: "Gap" } as const;

/** A proof as names and values, what it is of first; parts that it does not have are left out. */
export function proofRows(proof: Proof): [name: string, value: string | number][] {
  const rows: [string, string | number | null][] = [
    ["Of", proof.what],
    ["Statement", proof.statement],
    ["Signer", proof.signer],
    ["Transaction", proof.tx],
    ["Block", proof.block],
    ["Event in its block", proof.logIndex],
    ["Record of the log", proof.record],
    ["Check it", proof.command],
  ];
  return rows.filter((row): row is [string, string | number] => row[1] !== null);
}
