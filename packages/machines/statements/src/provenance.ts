// What every format is written from: a subject, what it stands on, and the statements behind each thing, as a receipt holds them.
import { createHash } from "node:crypto";
import type { Json } from "@base/bytes/canonicalJson.ts";
import { InvalidInputError } from "@base/errors";
import { bare } from "./inToto.ts";

/** Something by kind and id. */
export interface Ref {
  readonly kind: string;
  readonly id: string;
}

/** A statement about a thing, with who signed it and where it is on chain. */
export interface StatementEntry {
  readonly node: Ref;
  readonly hash: string;
  readonly statement: unknown;
  readonly signer?: string | undefined;
  readonly tx?: string | undefined;
  readonly block?: string | undefined;
}

/** A subject with its lineage down to the data; a receipt of records/assets has this form. */
export interface Provenance {
  readonly chainId: number;
  readonly contracts: Readonly<Record<string, string>>;
  readonly subject: Ref;
  readonly nodes: readonly (Ref & { readonly label: string })[];
  readonly edges: readonly { readonly from: Ref; readonly to: Ref; readonly role: string }[];
  readonly statements: readonly StatementEntry[];
}

/** What the export needs beyond the lineage. */
export interface ExportOptions {
  /** SHA-256 of a table's whole file by asset id, bare hex; its statement knows the root of its chunks only. */
  readonly files?: Readonly<Record<string, string>>;
  /** Where the subject is to be had; a name within this chain when absent. */
  readonly url?: string | undefined;
  /** Of the export itself, ISO 8601; formats that ask for such a time use it. */
  readonly now: string;
}

/** A document in one format. */
export interface Exported {
  readonly mediaType: string;
  readonly document: Json;
}

/** What a table's statement says, as far as the formats ask for it. */
export interface TableFacts {
  readonly name: string;
  readonly licence: string;
  readonly creator: string;
  readonly createdAt: string;
  readonly rows: number;
  readonly schema: readonly { readonly name: string; readonly type: string; readonly missing?: number }[];
  readonly manifest: { readonly size: number; readonly root: string };
  /** Of the file as it was published. */
  readonly mediaType?: string;
  /** There where the stored bytes are encrypted. */
  readonly sealed?: { readonly cipher: string };
  readonly provenance: string;
  readonly transform?: { readonly id: string; readonly parameters: Json };
  readonly parents?: readonly Parent[];
}

/** What a model's statement says. */
export interface ModelFacts {
  readonly name: string;
  readonly licence: string;
  readonly creator: string;
  readonly createdAt: string;
  readonly root: string;
  readonly size: number;
  readonly run: string;
  readonly task: string;
  readonly inputs: readonly string[];
  readonly target: string;
  readonly metrics: Readonly<Record<string, Json>>;
  readonly intendedUse: string;
  readonly parents: readonly Parent[];
}

interface Parent {
  readonly asset: string;
  readonly root: string;
  readonly statement: string;
}

export const key = ({ kind, id }: Ref): string => `${kind}:${id}`;

/** A name for a thing that is the same for everybody: chain, contract, kind, id. */
export function uriOf({ chainId, contracts }: Pick<Provenance, "chainId" | "contracts">, { kind, id }: Ref): string {
  return `urn:assay:${chainId}:${(contracts["Assets"] ?? "0x").toLowerCase()}:${kind}:${id}`;
}

/** Who signs as a URI (did:pkh). */
export const agentOf = ({ chainId }: Pick<Provenance, "chainId">, address: string): string =>
  `did:pkh:eip155:${chainId}:${address.toLowerCase()}`;

/** The statement behind a thing, undefined when the lineage has none. */
export function entryOf({ statements }: Pick<Provenance, "statements">, ref: Ref): StatementEntry | undefined {
  return statements.find(({ node }) => key(node) === key(ref));
}

const typeOf = (entry: StatementEntry | undefined): string =>
  String((entry?.statement as { type?: unknown })?.type ?? "");

/** A table's facts, undefined for what is no table. */
export function tableOf(provenance: Provenance, ref: Ref): TableFacts | undefined {
  const entry = entryOf(provenance, ref);
  return /^assay\/(data|derived)\/1$/.test(typeOf(entry)) ? (entry?.statement as TableFacts) : undefined;
}

/** A model's facts, undefined for what is no model. */
export function modelOf(provenance: Provenance, ref: Ref): ModelFacts | undefined {
  const entry = entryOf(provenance, ref);
  return typeOf(entry) === "assay/model/1" ? (entry?.statement as ModelFacts) : undefined;
}

/** The subject as a table or a model; throws InvalidInputError where a format has no word for what it is. */
export function assetOf(provenance: Provenance, format: string): TableFacts | ModelFacts {
  const found = tableOf(provenance, provenance.subject) ?? modelOf(provenance, provenance.subject);
  if (found) return found;
  throw new InvalidInputError(`${format} describes tables and models, and ${key(provenance.subject)} is neither.`, {
    hints: ["prov and openlineage take anything."],
    data: { subject: key(provenance.subject) },
  });
}

/** Content root of a table or model, bare hex. */
export const rootOf = (asset: TableFacts | ModelFacts): string =>
  bare("root" in asset ? asset.root : asset.manifest.root);

/** A UUID that a text always leads to (RFC 9562, version 8, from SHA-256). */
export function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  const variant = ((Number.parseInt(hex[16] as string, 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Numbers among metrics with dotted names, e.g. `baselines.mean.mae`. */
export function flatMetrics(metrics: unknown, prefix = ""): [string, number][] {
  return Object.entries((metrics ?? {}) as Record<string, unknown>).flatMap(([name, value]): [string, number][] => {
    if (typeof value === "number") return [[prefix + name, value]];
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? flatMetrics(value, `${prefix}${name}.`)
      : [];
  });
}
