import { parseHash } from "@base/bytes/hash.ts";
import { utf8 } from "@base/bytes/hex.ts";
import type { Context } from "@kernel/capability";
import { MAX_RECORD } from "@machines/log/hashing.ts";
import { bare, makeStatement, parseStatement, statementBytes } from "@machines/statements";
import { sql } from "kysely";
import { catchUp } from "./entries.ts";
import { inTurn } from "./keeper.ts";
import { predicateType } from "./kinds.ts";

type Needs = Pick<Context, "db" | "records" | "store" | "log">;

/** Events written with one append. */
const STEP = 512;

/**
 * Writes the events of settled blocks up to `block` into the log, in the chain's order and each exactly once.
 *
 * First the index catches up with the log, so that an event which a process wrote before it was killed is known; only
 * what the log does not have is appended. A job: safe to run again. SPEC L3, L4.
 */
export async function record(context: Needs, { block }: { readonly block: string }): Promise<void> {
  const keeper = context.records;
  if (!keeper) return;
  await inTurn(keeper, async () => {
    const { origin } = keeper.log;
    for (;;) {
      await catchUp(context, keeper);
      const { rows } = await sql<{ key: string; statement: string }>`
        select e.key, e.statement from ix_log_events e
        where e.block <= ${Number(block)}
          and not exists (select 1 from log_entries l where l.event = e.key and l.origin = ${origin})
        order by e.block, e.log_index limit ${STEP}`.execute(context.db.kysely);
      if (rows.length === 0) return;
      const records: Uint8Array[] = [];
      for (const row of rows) records.push(...(await recordsOf(context, row)));
      await keeper.append(records);
    }
  });
}

/**
 * The event's record, behind the records of what it brought about: a model's training run and evaluation stand before
 * the publication of the model, so that the event, which marks all as written, is the last.
 */
async function recordsOf(context: Needs, { statement }: { key: string; statement: string }): Promise<Uint8Array[]> {
  const event = utf8(statement);
  const more: Uint8Array[] = [];
  for (const { name, digest } of parseStatement(JSON.parse(statement)).subject) {
    if (!name?.startsWith("asset:") || digest?.["sha256"] === undefined) continue;
    for (const one of await trainingOf(context, name, digest["sha256"])) {
      if (one.length <= MAX_RECORD) more.push(one);
    }
  }
  return [...more, event.length <= MAX_RECORD ? event : shortened(statement)];
}

/** A model's training run and evaluation as records of their own, when the statements behind it are at hand. */
async function trainingOf(context: Needs, asset: string, digest: string): Promise<Uint8Array[]> {
  const read = async (hash: string) =>
    (await context.store.getJson(parseHash(`0x${hash}`)).catch(() => undefined)) as Record<string, unknown> | undefined;
  const model = await read(digest);
  if (typeof model?.["run"] !== "string") return [];
  const hash = bare(model["run"]);
  const run = await read(hash);
  const parents = Array.isArray(model["parents"]) ? (model["parents"] as { asset?: unknown }[]) : [];
  const data = parents.map((parent) => `asset:${String(parent.asset)}`);
  const { checkpoints, ...commitment } = (run?.["commitment"] ?? {}) as Record<string, unknown>;
  const steps = Array.isArray(checkpoints) ? { checkpoints: checkpoints.length } : {};
  const metrics = model["metrics"] ?? {};
  const subject = { name: `run:0x${hash}`, digest: { sha256: hash } };
  const about = { name: asset, digest: { sha256: digest } };
  const training = { model: asset, data, commitment: { ...commitment, ...steps }, metrics, creator: model["creator"] };
  return [
    statementBytes(makeStatement([subject, about], predicateType("training"), training)),
    statementBytes(makeStatement([about, subject], predicateType("evaluation"), { model: asset, metrics })),
  ];
}

/** An event whose arguments do not fit a record: its subjects and digests stand for them. */
function shortened(statement: string): Uint8Array {
  const { subject, predicateType: type, predicate } = parseStatement(JSON.parse(statement));
  return statementBytes(makeStatement(subject.slice(0, 64), type, { event: predicate?.["event"], shortened: true }));
}
