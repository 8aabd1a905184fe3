import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { canonicalJsonBytes, type Json } from "@base/bytes/canonicalJson.ts";
import { sha256Hex } from "@base/bytes/hash.ts";
import { utf8 } from "@base/bytes/hex.ts";
import { InvalidInputError, NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { LogKeeper } from "@machines/log/keeper.ts";
import {
  bare,
  makeStatement,
  type Opening,
  type Resource,
  seal,
  sealedBytes,
  signEnvelope,
  statementBytes,
  walletSigner,
} from "@machines/statements";
import { keeperOf } from "./keeper.ts";
import { type Kind, parsePredicate, predicateType } from "./kinds.ts";

/** Lines of a file that are appended with one call. */
const LINES = 4_096;
/** Positions told one by one in an answer. */
const TOLD = 1_000;

export interface AppendInput {
  readonly file?: string | undefined;
  readonly records?: readonly Json[] | undefined;
  readonly kind?: Kind | undefined;
  readonly about?: readonly string[] | undefined;
  readonly sign?: string | undefined;
  readonly seal?: boolean | undefined;
}

/** Where records stand now. */
export interface AppendOutput {
  readonly count: number;
  readonly duplicates: number;
  /** Lowest and highest position of them; null when nothing was given. */
  readonly first: number | null;
  readonly last: number | null;
  readonly indexes: number[];
  readonly size: number;
  readonly openings: Opening[];
}

/**
 * Adds records: JSON values as their canonical JSON (RFC 8785), lines of a file byte for byte.
 *
 * With `kind` each value is the predicate of an in-toto statement about `about`; with `sign` it stands in a DSSE envelope
 * signed by that identity; with `seal` only the root of its salted fields is logged, and the openings are handed back.
 * What it answers is durable. Throws InvalidInputError, NotFoundError (no log, no file), RecordTooLongError. SPEC L1, L2.
 */
export async function append(context: Context, input: AppendInput): Promise<AppendOutput> {
  const keeper = keeperOf(context);
  const { file, records = [] } = input;
  if ((file === undefined) === (records.length === 0)) {
    throw new InvalidInputError("Give either records or a file of JSON lines.", { data: { field: "records" } });
  }
  const plain = input.kind === undefined && input.sign === undefined && !input.seal;
  const told = new Tally();
  const openings: Opening[] = [];
  const add = async (values: readonly Json[]) => {
    const made = await Promise.all(values.map((value) => recordOf(context, input, value, openings)));
    told.add(await keeper.append(made));
  };
  if (file === undefined) await add(records);
  else {
    for await (const lines of linesOf(file, context.signal)) {
      const values = lines.map(({ text, number }) => parseLine(text, file, number));
      if (plain) told.add(await keeper.append(lines.map(({ text }) => utf8(text))));
      else await add(values);
      context.progress({ label: "appending", done: told.count, unit: "records" });
    }
  }
  await tended(context, keeper);
  return { ...told.result(keeper.log.size), openings };
}

class Tally {
  count = 0;
  #duplicates = 0;
  #first: number | null = null;
  #last: number | null = null;
  readonly #indexes: number[] = [];

  add({ indexes, duplicates }: { readonly indexes: readonly number[]; readonly duplicates: readonly number[] }): void {
    this.count += indexes.length;
    this.#duplicates += duplicates.length;
    for (const index of indexes) {
      if (this.#first === null || index < this.#first) this.#first = index;
      if (this.#last === null || index > this.#last) this.#last = index;
      if (this.#indexes.length <= TOLD) this.#indexes.push(index);
    }
  }

  result(size: number): Omit<AppendOutput, "openings"> {
    const indexes = this.#indexes.length > TOLD ? [] : this.#indexes;
    return { count: this.count, duplicates: this.#duplicates, first: this.#first, last: this.#last, indexes, size };
  }
}

const known = new WeakSet<LogKeeper>();

/** Sees to it that what was appended is anchored in its time, also where the chain itself never says anything. */
export async function tended(context: Pick<Context, "enqueue">, keeper: LogKeeper): Promise<void> {
  if (known.has(keeper)) return;
  known.add(keeper);
  await context.enqueue("log.tend", "tend", {});
}

async function recordOf(context: Context, input: AppendInput, value: Json, openings: Opening[]): Promise<Uint8Array> {
  const { kind, about = [], sign } = input;
  if (input.seal) {
    if (kind !== undefined) parsePredicate(kind, value);
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new InvalidInputError("Only an object can be sealed field by field.");
    }
    const opening = seal(value as { readonly [key: string]: Json }, context.random);
    openings.push(opening);
    return sealedBytes(opening.sealed);
  }
  if (kind === undefined && sign === undefined) return canonicalJsonBytes(value);
  const predicate = kind === undefined ? (value as { readonly [key: string]: Json }) : parsePredicate(kind, value);
  const subjects = await Promise.all(
    (about.length ? about : [kind ?? "record"]).map((name) => subjectOf(context, name, value)),
  );
  const statement = makeStatement(subjects, predicateType(kind ?? "note"), predicate);
  if (sign === undefined) return statementBytes(statement);
  const signers = sign === "node" ? (context.signers ?? []) : [walletSigner(context.identities.get(sign).account)];
  return canonicalJsonBytes(await signEnvelope(statement, signers));
}

/**
 * A subject from `name`, `name=<sha256>` or the name of something in the lineage, whose digest is that of its statement.
 * What nobody knows gets the digest of the record that is about it.
 */
async function subjectOf(context: Pick<Context, "db">, about: string, value: Json): Promise<Resource> {
  const [name = "", digest] = about.split(/=(?=(?:0x)?[0-9a-fA-F]{64}$)/);
  if (digest !== undefined) return { name, digest: { sha256: bare(digest) } };
  const [, kind, id] = /^([a-z]+):(.+)$/.exec(name) ?? [];
  const row =
    kind === undefined || id === undefined
      ? undefined
      : await context.db.kysely
          .selectFrom("ix_nodes")
          .select("statement")
          .where("kind", "=", kind)
          .where("id", "=", id)
          .where("statement", "is not", null)
          .executeTakeFirst()
          .catch(() => undefined); // a node without the room of assets has no lineage
  return { name, digest: { sha256: bare(row ? String(row["statement"]) : sha256Hex(canonicalJsonBytes(value))) } };
}

interface Line {
  readonly text: string;
  readonly number: number;
}

/** Lines of a file that are not empty, `LINES` at a time. */
async function* linesOf(file: string, signal: AbortSignal): AsyncGenerator<Line[]> {
  const stream = createReadStream(file, { encoding: "utf8", signal });
  let batch: Line[] = [];
  let number = 0;
  try {
    for await (const text of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      number++;
      if (text.trim() === "") continue;
      batch.push({ text, number });
      if (batch.length < LINES) continue;
      yield batch;
      batch = [];
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new NotFoundError(`There is no file ${file}.`, { cause, data: { file } });
    if (code === "EISDIR") throw new InvalidInputError(`${file} is a folder.`, { cause, data: { file } });
    throw cause;
  }
  if (batch.length) yield batch;
}

function parseLine(text: string, file: string, number: number): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new InvalidInputError(`${file}: line ${number} is no JSON.`, { cause, data: { file, line: number } });
  }
}
