// The index over the log: which record is of which kind and about what. It follows the log and is never ahead of it.
import { BaseError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { LogKeeper } from "@machines/log/keeper.ts";
import { parseOpenLineage, refsOfEvent } from "@machines/statements";
import { statementSchema } from "@machines/statements/inToto.ts";
import { kindOf } from "./kinds.ts";

/** Records looked at in one transaction. */
const STEP = 4_096;
/** What a record may be found under. */
const MAX_REFS = 64;

/** What the index knows of a record. */
export interface Entry {
  readonly kind: string;
  /** Key of the event that it repeats, where it does. */
  readonly event: string | null;
  /** First thing that it is about. */
  readonly about: string;
  readonly refs: readonly string[];
}

/** What a record is, from its bytes alone; undefined for what is not of a form that we know. */
export function describeRecord(record: Uint8Array): Entry | undefined {
  if (record[0] !== 0x7b) return undefined;
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(Buffer.from(record.buffer, record.byteOffset, record.length).toString("utf8"));
    if (typeof value["payload"] === "string" && typeof value["payloadType"] === "string") {
      value = JSON.parse(Buffer.from(value["payload"], "base64").toString("utf8")) as Record<string, unknown>;
    }
  } catch {
    return undefined;
  }
  if (value["_type"] !== undefined) {
    const statement = statementSchema.safeParse(value);
    if (!statement.success) return undefined;
    const names = statement.data.subject.flatMap(({ name }) => (name === undefined ? [] : [name]));
    const event = names.find((name) => name.startsWith("event:"));
    const [about = "", ...others] = names.filter((name) => name !== event);
    return {
      kind: kindOf(statement.data.predicateType),
      event: statement.data.predicateType === "urn:assay:event:1" ? (event?.slice(6) ?? null) : null,
      about: about || (event ?? ""),
      refs: [
        about,
        ...others,
        ...(event ? [event, `tx:${event.slice(6, 72)}`, ...hashesIn(statement.data)] : []),
      ].filter(Boolean),
    };
  }
  if (value["type"] === "assay/sealed/1") return { kind: "sealed", event: null, about: "", refs: [] };
  if (value["eventTime"] === undefined || value["producer"] === undefined) return undefined;
  try {
    const refs = refsOfEvent(parseOpenLineage(value));
    return { kind: "openlineage", event: null, about: refs[0] ?? "", refs };
  } catch (error) {
    if (error instanceof BaseError) return undefined;
    throw error;
  }
}

/** Hashes among an event's arguments: a decision's events name it that way. */
function hashesIn({ predicate }: { readonly predicate?: Readonly<Record<string, unknown>> | undefined }): string[] {
  const args = Object.values((predicate?.["args"] ?? {}) as Record<string, unknown>);
  return args.filter((value): value is string => typeof value === "string" && /^0x[0-9a-f]{64}$/.test(value));
}

/** Brings the index up to the log's newest record; call it `inTurn`. Safe to cut off and to repeat. SPEC L4. */
export async function catchUp({ db }: Pick<Context, "db">, keeper: LogKeeper): Promise<void> {
  const { origin } = keeper.log;
  for (;;) {
    const row = await db.kysely
      .selectFrom("log_cursor")
      .select("scanned")
      .where("origin", "=", origin)
      .executeTakeFirst();
    const scanned = Number(row?.["scanned"] ?? 0);
    const size = keeper.log.size;
    if (scanned >= size) return;
    const end = Math.min(size, scanned + STEP);
    const reader = await keeper.reader(end - 1);
    const found: [number, Entry][] = [];
    let at = scanned;
    for await (const record of reader.records(scanned, end)) {
      const entry = describeRecord(record);
      if (entry) found.push([at, entry]);
      at++;
    }
    await db.kysely.transaction().execute(async (trx) => {
      for (let from = 0; from < found.length; from += 500) {
        const part = found.slice(from, from + 500);
        await trx
          .insertInto("log_entries")
          .values(part.map(([record, { kind, event, about }]) => ({ origin, record, kind, event, about })))
          .onConflict((conflict) => conflict.columns(["origin", "record"]).doNothing())
          .execute();
        const refs = part.flatMap(([record, entry]) =>
          [...new Set(entry.refs)].slice(0, MAX_REFS).map((ref) => ({ origin, ref, record })),
        );
        for (let first = 0; first < refs.length; first += 2_000) {
          await trx
            .insertInto("log_refs")
            .values(refs.slice(first, first + 2_000))
            .onConflict((conflict) => conflict.columns(["origin", "ref", "record"]).doNothing())
            .execute();
        }
      }
      await trx
        .insertInto("log_cursor")
        .values({ origin, scanned: end })
        .onConflict((conflict) => conflict.column("origin").doUpdateSet({ scanned: end }))
        .execute();
    });
  }
}
