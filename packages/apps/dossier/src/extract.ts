import { canonicalJson } from "@base/bytes/canonicalJson.ts";
import { BaseError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { openEnvelope, parseKey } from "@machines/statements";
import { head } from "@records/log/head.ts";
import { list } from "@records/log/show.ts";
import type { LogExtract, Signed } from "./shapes.ts";

/** Records that a dossier carries at most. */
const MAX_RECORDS = 1_000;
/** Characters of a record that are shown. */
const MAX_TEXT = 2_000;

type Shown = Awaited<ReturnType<typeof list>>["records"][number];

/** A record with its statement's predicate, for what is answered from it. */
export interface Logged {
  readonly index: number;
  readonly kind: string;
  readonly signed: readonly Signed[];
  readonly predicate: Readonly<Record<string, unknown>>;
}

/** Statement and signing keys of a record, whether or not it stands in an envelope. */
function opened(value: unknown) {
  const given = (value ?? {}) as { statement?: unknown; signed?: string[] };
  const statement = (given.statement ?? given) as {
    subject?: { name?: string }[];
    predicate?: Record<string, unknown>;
  };
  return { statement, signed: Array.isArray(given.signed) ? given.signed : [] };
}

/**
 * The log's records about a model: those about `refs`, and about the decisions that these name. In the log's order, each
 * with its path to the newest head. Null where the node keeps no log. SPEC D6.
 */
export async function extractOf(
  context: Context,
  refs: readonly string[],
): Promise<{ readonly log: LogExtract; readonly logged: readonly Logged[] } | null> {
  const keeper = context.records;
  if (!keeper) return null;
  const top = await head(context);
  const found = new Map<number, Shown>();
  let truncated = false;
  const seek = async (about: string) => {
    for (let cursor: string | undefined; ; ) {
      const page = await list(context, { about, limit: 200, cursor });
      for (const record of page.records) found.set(record.index, record);
      if (page.next === null) return;
      if (found.size >= MAX_RECORDS) truncated = true;
      if (truncated) return;
      cursor = page.next;
    }
  };
  for (const ref of refs) await seek(ref);
  // An override or an explanation names the decision, not the model.
  const named = [...found.values()]
    .filter(({ kind }) => kind === "decision")
    .flatMap(({ value }) => (opened(value).statement.subject ?? []).map(({ name = "" }) => name))
    .filter((name) => name !== "" && !/^(asset|event|tx|run):/.test(name));
  for (const ref of [...new Set(named)].filter((name) => !refs.includes(name)).slice(0, 500)) await seek(ref);

  const reader = await keeper.reader();
  const kept = [...found.values()].filter(({ index }) => index < reader.size).sort((a, b) => a.index - b.index);
  const records: LogExtract["records"] = [];
  const logged: Logged[] = [];
  for (const { index, kind, about, value, leaf } of kept.slice(-MAX_RECORDS)) {
    const { statement, signed: named } = opened(value);
    const signed = named.length === 0 ? [] : await checked(context, await reader.record(index), named);
    const says = value === null ? "" : canonicalJson(statement as never);
    records.push({
      index,
      kind,
      about,
      says: says.length > MAX_TEXT ? `${says.slice(0, MAX_TEXT)}…` : says,
      signed,
      leaf,
      inclusion: [...(await reader.proveInclusion(index)).proof],
      command: checkRecord(index),
    });
    logged.push({ index, kind, signed, predicate: statement.predicate ?? {} });
  }
  const { origin, size, root, note } = reader.checkpoint;
  const anchor = top.anchors?.newest.find((one) => one.settled);
  const log: LogExtract = {
    origin,
    size,
    root,
    note,
    keys: top.keys,
    witnesses: top.witnesses.filter(({ signed }) => signed).map(({ name }) => name),
    anchor:
      anchor && top.anchors
        ? {
            chainId: top.anchors.chainId,
            contract: top.anchors.contract.toLowerCase(),
            size: anchor.size,
            root: anchor.root,
            block: String(anchor.block),
          }
        : null,
    records,
    truncated: truncated || kept.length > MAX_RECORDS,
  };
  return { log, logged };
}

/** Which of the named keys signed an envelope: wallets, and the keys of this node; others are not known here. */
async function checked(
  { signers = [] }: Pick<Context, "signers">,
  record: Uint8Array,
  named: readonly string[],
): Promise<Signed[]> {
  const envelope: unknown = JSON.parse(Buffer.from(record).toString("utf8"));
  const found: Signed[] = [];
  for (const key of named) {
    const text = key.startsWith("eip155:") ? key : signers.find(({ keyid }) => keyid === key)?.key;
    let holds = false;
    try {
      if (text !== undefined) holds = Boolean(await openEnvelope(envelope, [parseKey(text)]));
    } catch (error) {
      if (!(error instanceof BaseError)) throw error;
    }
    found.push({ key, checked: holds });
  }
  return found;
}

/** The command that proves a record and checks the proof. */
export function checkRecord(index: number): string {
  return `assay log prove ${index} --out record-${index}.json && assay log verify record-${index}.json`;
}
