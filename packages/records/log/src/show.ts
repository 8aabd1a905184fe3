import { leafHash } from "@base/bytes/merkle.ts";
import { InvalidInputError, NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { z } from "zod";
import { catchUp, describeRecord } from "./entries.ts";
import { inTurn, keeperOf } from "./keeper.ts";

type JSONType = z.core.util.JSONType;

/** A record as people read it. */
export interface ShownRecord {
  readonly index: number;
  readonly kind: string;
  readonly about: string;
  readonly leaf: string;
  readonly bytes: number;
  /** The record where it is JSON, an envelope taken out of its base64; null otherwise. */
  readonly value: JSONType;
  /** The record's text as it was logged. */
  readonly text: string;
}

/** Shows one record by its position, or the newest about something (asset:1, tx:0x..., run:..., job:...). SPEC L5. */
export async function show(context: Context, { record }: { readonly record: string }): Promise<ShownRecord> {
  const index = await indexOf(context, record);
  const reader = await keeperOf(context).reader(index);
  return shown(index, await reader.record(index));
}

/** The position that a text names; throws NotFoundError. */
export async function indexOf(context: Context, record: string): Promise<number> {
  const keeper = keeperOf(context);
  if (/^\d{1,15}$/.test(record)) {
    const index = Number(record);
    if (index < keeper.log.size) return index;
    throw new NotFoundError(`The log has no record ${index}: it has ${keeper.log.size}.`);
  }
  await inTurn(keeper, () => catchUp(context, keeper));
  const row = await context.db.kysely
    .selectFrom("log_refs")
    .select("record")
    .where("origin", "=", keeper.log.origin)
    .where("ref", "=", record)
    .orderBy("record", "desc")
    .executeTakeFirst();
  if (row) return Number(row["record"]);
  throw new NotFoundError(`No record is about ${record}.`, { hints: ["`assay log list` shows what there is."] });
}

/** A record's bytes in a form that people read. */
export function shown(index: number, record: Uint8Array): ShownRecord {
  const text = Buffer.from(record).toString("utf8");
  const entry = describeRecord(record);
  return {
    index,
    kind: entry?.kind ?? "record",
    about: entry?.about ?? "",
    leaf: leafHash(record),
    bytes: record.length,
    value: readable(text),
    text,
  };
}

function readable(text: string): JSONType {
  try {
    const value = JSON.parse(text) as { payload?: unknown; signatures?: { keyid?: string }[] };
    if (typeof value?.payload !== "string" || !Array.isArray(value.signatures)) return value as JSONType;
    const statement = JSON.parse(Buffer.from(value.payload, "base64").toString("utf8")) as JSONType;
    return { statement, signed: value.signatures.map(({ keyid }) => keyid ?? "") };
  } catch {
    return null;
  }
}

/** Records by kind and by what they are about, newest first, a page at a time. */
export async function list(
  context: Context,
  input: {
    readonly kind?: string | undefined;
    readonly about?: string | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
  },
) {
  const keeper = keeperOf(context);
  const { origin } = keeper.log;
  await inTurn(keeper, () => catchUp(context, keeper));
  if (input.cursor !== undefined && !/^\d{1,15}$/.test(input.cursor)) {
    throw new InvalidInputError("cursor: use the `next` of the page before", { data: { field: "cursor" } });
  }
  let query = context.db.kysely
    .selectFrom("log_entries")
    .select(["record", "kind", "about"])
    .where("log_entries.origin", "=", origin);
  if (input.kind !== undefined) query = query.where("kind", "=", input.kind);
  if (input.about !== undefined) {
    const about = input.about;
    query = query.where("record", "in", (refs: never) =>
      (refs as unknown as typeof context.db.kysely)
        .selectFrom("log_refs")
        .select("record")
        .where("origin", "=", origin)
        .where("ref", "=", about),
    );
  }
  if (input.cursor !== undefined) query = query.where("record", "<", Number(input.cursor));
  const rows = await query
    .orderBy("record", "desc")
    .limit(input.limit + 1)
    .execute();
  const page = rows.slice(0, input.limit);
  const reader = page.length ? await keeper.reader(Number(page[0]?.["record"])) : undefined;
  const records: Omit<ShownRecord, "text">[] = [];
  for (const row of page) {
    if (!reader) break;
    const { text: _text, ...one } = shown(Number(row["record"]), await reader.record(Number(row["record"])));
    records.push(one);
  }
  const last = page.at(-1);
  return {
    records,
    total: keeper.log.size,
    next: rows.length > input.limit && last ? String(last["record"]) : null,
  };
}
