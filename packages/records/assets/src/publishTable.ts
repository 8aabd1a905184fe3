import { readFile, stat } from "node:fs/promises";
import { InvalidInputError, NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { Table } from "@machines/engine";
import { bytesSource, type TableFormat } from "@machines/formats";
import { currencyOf } from "./currency.ts";
import { existingAsset, type PublishedAsset, publishAsset } from "./publishAsset.ts";
import { lower } from "./sign.ts";
import type { Column, Parent } from "./statements.ts";
import { MAX_COMMITTED_ROWS, type TableRoots, tableRoots } from "./rowSet.ts";
import { drawSalt, keepSalt } from "./salts.ts";
import { type Storing, storeProfile, storeSource } from "./storeSource.ts";
import { parseTable, schemaOf } from "./table.ts";

/** Largest table that is checked and published as one asset, in bytes: it is parsed in memory. */
export const MAX_TABLE_BYTES = 256 * 1024 * 1024;

export type PublishContext = Pick<
  Context,
  | "store"
  | "db"
  | "chain"
  | "contracts"
  | "identities"
  | "log"
  | "clock"
  | "progress"
  | "signal"
  | "indexed"
  | "random"
  | "vault"
>;

/** What a publisher says about a table, besides what the table itself says. */
export interface TableTerms {
  readonly name: string;
  /** SPDX identifier or the name of a licence. */
  readonly licence: string;
  /** Smallest units of the currency; 0 is free. */
  readonly price: bigint;
  /** Share that each descendant's revenue owes, 0 to 10,000. */
  readonly royaltyBps: number;
  /** Where the table comes from, in the publisher's words. */
  readonly provenance: string;
  /** What an empty cell is: a mistake (`error`, unless said) or a missing value (`null`). */
  readonly missing?: "error" | "null" | undefined;
  /** Hash rows and cells with a secret that this node keeps, so that nobody can guess them from the roots; sealed tables always. */
  readonly salted?: boolean | undefined;
  /** Identity that publishes; the node's default one unless said. */
  readonly as?: string | undefined;
}

/** A published table: the asset and what was found in it. */
export interface PublishedTable extends PublishedAsset {
  readonly name: string;
  readonly rows: number;
  readonly schema: Column[];
  readonly size: number;
  readonly mediaType: string;
  /** Blob with the profile on record. */
  readonly profile: string | null;
}

/** Where the bytes come from: a file of this machine, CSV text, or bytes in hand. */
export interface TableSource {
  readonly file?: string | undefined;
  readonly content?: string | undefined;
  readonly bytes?: Uint8Array | undefined;
}

const tableMediaTypes = {
  csv: "text/csv",
  jsonl: "application/jsonl",
  parquet: "application/vnd.apache.parquet",
  arrow: "application/vnd.apache.arrow.file",
} as const;

/** Lineage of a derived table. */
export interface Derivation {
  readonly parents: readonly Parent[];
  readonly transform: { readonly id: string; readonly parameters: unknown };
}

/**
 * Checks a table, stores its bytes in chunks, and publishes a signed statement about it. Publishing the same bytes
 * again by the same identity returns the first asset. Throws InvalidInputError naming file, row and column. SPEC S1-S4.
 */
export async function publishTable(
  context: PublishContext,
  source: TableSource & { readonly format?: TableFormat },
  terms: TableTerms & Storing,
  derivation?: Derivation,
): Promise<PublishedTable> {
  const identity = context.identities.get(terms.as);
  const bytes = await readCsv(source);
  context.progress({ label: "checking the table", done: 0, total: bytes.length, unit: "bytes" });
  const format = source.format ?? "csv";
  const table = await parseTable(bytes, { missing: terms.missing ?? "error", format }, source.file);
  const schema = schemaOf(table);
  const profile = await storeProfile(context, bytesSource(bytes), format, terms);
  const fields = await storeSource(context, source.file ?? bytes, terms);
  const mediaType = tableMediaTypes[format];
  const found = { name: terms.name, rows: table.rows, schema, size: bytes.length, mediaType, profile: profile ?? null };
  const existing = await existingAsset(context, identity, fields.manifest.root);
  if (existing) return { ...existing, ...found };
  const currency = await currencyOf(context);
  const roots = await commitRows(context, table, terms.salted === true || fields.sealed !== undefined);
  const common = {
    name: terms.name,
    licence: terms.licence,
    price: terms.price.toString(),
    currency: currency.address,
    royaltyBps: terms.royaltyBps,
    creator: lower(identity.address),
    createdAt: new Date(context.clock()).toISOString(),
    mediaType,
    schema,
    rows: table.rows,
    ...fields,
    ...(profile ? { profile } : {}),
    provenance: terms.provenance,
    ...(roots === undefined ? {} : { roots }),
  };
  context.progress({ label: "publishing" });
  const asset = await publishAsset(
    context,
    identity,
    derivation === undefined
      ? { type: "assay/data/1", ...common }
      : {
          type: "assay/derived/1",
          ...common,
          parents: [...derivation.parents],
          transform: { id: derivation.transform.id, parameters: derivation.transform.parameters as never },
        },
  );
  return { ...asset, ...found };
}

/** Roots over rows and columns; none for a table too large to be worth it. The salt is kept before it counts. */
async function commitRows(context: PublishContext, table: Table, salted: boolean): Promise<TableRoots | undefined> {
  if (table.rows > MAX_COMMITTED_ROWS) {
    context.log.info("a table is too large to commit its rows one by one", { rows: table.rows });
    return undefined;
  }
  const salt = salted ? drawSalt(context) : null;
  const roots = tableRoots(table, salt);
  if (salt !== null) await keepSalt(context, roots.rows.root, salt);
  return roots;
}

/** The bytes of a table from wherever they are; throws NotFoundError or InvalidInputError that names the file. */
export async function readCsv(source: TableSource): Promise<Uint8Array> {
  const given = [source.file, source.content, source.bytes].filter((part) => part !== undefined).length;
  if (given !== 1)
    throw new InvalidInputError("give either a file or the table's content", { data: { field: "file" } });
  if (source.file !== undefined) return readTableFile(source.file);
  const bytes = source.bytes ?? new TextEncoder().encode(source.content);
  if (bytes.length > MAX_TABLE_BYTES) throw tooLarge("the table", bytes.length);
  return bytes;
}

async function readTableFile(file: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(file);
    if (size > MAX_TABLE_BYTES) throw tooLarge(file, size);
    return await readFile(file);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT") throw new NotFoundError(`there is no file ${file}`, { cause, data: { file } });
    if (code === "EISDIR") throw new InvalidInputError(`${file} is a folder: name one file`, { cause, data: { file } });
    if (code === "EACCES" || code === "EPERM")
      throw new InvalidInputError(`${file} may not be read`, { cause, data: { file } });
    throw cause;
  }
}

function tooLarge(what: string, size: number): InvalidInputError {
  return new InvalidInputError(`${what} has ${size} bytes; a table may have ${MAX_TABLE_BYTES}`, {
    hints: ["Split it by rows and publish the parts: training takes several assets with the same columns."],
    data: { size, limit: MAX_TABLE_BYTES },
  });
}
