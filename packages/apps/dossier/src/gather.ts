import { parseHash } from "@base/bytes/hash.ts";
import { BaseError, InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { Profile } from "@machines/formats";
import { loadStatement, type OnChainAsset, readAsset } from "@records/assets/load.ts";
import { findSignature } from "@records/assets/signatures.ts";
import {
  type AnyModelStatement,
  type AssetStatement,
  isModelStatement,
  parseStatement,
  type RunStatement,
} from "@records/assets/statements.ts";
import { lineageOf } from "@records/assets/trace.ts";
import { extractOf, type Logged } from "./extract.ts";
import { type Reports, reportsOf } from "./reports.ts";
import type { LogExtract, Proof } from "./shapes.ts";

/** Steps up and down that a dossier follows. */
const DEPTH = 64;
/** Decisions that are looked up in the log. */
const MAX_DECISIONS = 500;

/** An asset that the model stands on; `statement` is null where no node has it. */
export interface Source {
  readonly id: string;
  readonly statement: AssetStatement | null;
  readonly profile: Profile | null;
  readonly proof: Proof;
}

/** Another model with this one's publisher and name, or made from this one. */
export interface Relative {
  readonly id: string;
  readonly name: string;
  readonly how: "earlier" | "later" | "made from it";
  readonly at: string;
  readonly proof: Proof;
}

/** All that is on record about a model. */
export interface Facts extends Reports {
  readonly asset: OnChainAsset;
  readonly model: AnyModelStatement;
  readonly proof: Proof;
  readonly run: { readonly hash: string; readonly statement: RunStatement; readonly proof: Proof } | null;
  readonly sources: readonly Source[];
  readonly relatives: readonly Relative[];
  readonly decisions: readonly string[];
  /** True when the lineage was larger than one dossier reads. */
  readonly truncated: boolean;
  readonly log: LogExtract | null;
  readonly logged: readonly Logged[];
}

/** Reads everything; throws NotFoundError for an unknown asset, InvalidInputError for what is no model. SPEC D1, D3. */
export async function gather(context: Context, id: string): Promise<Facts> {
  const { asset, statement: model } = await loadStatement(context, id);
  if (!isModelStatement(model)) {
    throw new InvalidInputError(`asset ${id} is ${asset.kind}, and a dossier is about a model`, {
      hints: ["`assay list --kind model` shows the models."],
      data: { id },
    });
  }
  const below = await lineageOf(context, { id: `asset:${id}`, direction: "sources", depth: DEPTH });
  const above = await lineageOf(context, { id: `asset:${id}`, direction: "uses", depth: DEPTH });
  const decisions = above.nodes.filter(({ kind }) => kind === "decision").map((node) => node.id);
  const runHash = model.type === "assay/model/1" ? model.run : null;
  const refs = [
    `asset:${id}`,
    ...(runHash === null ? [] : [`run:${runHash}`]),
    ...decisions.slice(0, MAX_DECISIONS).flatMap((one) => [`decision:${one}`, one]),
  ];
  const extract = await extractOf(context, refs);
  const ids = below.nodes.filter(({ kind, id: other }) => kind === "asset" && other !== id).map((node) => node.id);
  const sources: Source[] = [];
  for (const one of ids) sources.push(await sourceOf(context, one));
  const madeFromIt = above.nodes.filter((node) => node.kind === "asset" && node.id !== id).map((node) => node.id);
  return {
    asset,
    model,
    proof: await assetProof(context, id),
    run: runHash === null ? null : await runOf(context, runHash, below.nodes),
    sources,
    relatives: await relativesOf(context, asset, model, madeFromIt),
    ...(await reportsOf(context, id, asset.root)),
    decisions,
    truncated: below.truncated || above.truncated || decisions.length > MAX_DECISIONS,
    log: extract?.log ?? null,
    logged: extract?.logged ?? [],
  };
}

/** What proves an asset: its statement's hash with the publisher's signature, and the event that published it. */
async function assetProof(context: Context, id: string): Promise<Proof> {
  const asset = await readAsset(context, id);
  const row = await context.db.kysely
    .selectFrom("ix_assets")
    .select(["block", "log_index", "tx"])
    .where("id", "=", id)
    .executeTakeFirst();
  const signed = await findSignature(context, asset.statement, asset.publisher);
  let record: number | null = null;
  if (row && context.records) {
    const logged = await context.db.kysely
      .selectFrom("log_refs")
      .innerJoin("log_entries", (join) =>
        join.onRef("log_entries.origin", "=", "log_refs.origin").onRef("log_entries.record", "=", "log_refs.record"),
      )
      .select("log_refs.record")
      .where("log_refs.origin", "=", context.records.log.origin)
      .where("log_refs.ref", "=", `tx:${row.tx}`)
      .where("log_entries.about", "=", `asset:${id}`)
      .orderBy("log_refs.record")
      .executeTakeFirst();
    record = logged === undefined ? null : Number(logged["record"]);
  }
  return {
    what: `asset:${id}`,
    statement: asset.statement,
    signer: signed?.signer ?? null,
    tx: row?.tx ?? null,
    block: row === undefined ? null : String(row.block),
    logIndex: row === undefined ? null : Number(row.log_index),
    record,
    command: `assay assets receipt asset:${id} --out asset-${id}.json && assay verify asset-${id}.json`,
  };
}

async function sourceOf(context: Context, id: string): Promise<Source> {
  const proof = await assetProof(context, id);
  let statement: AssetStatement | null = null;
  let profile: Profile | null = null;
  try {
    statement = (await loadStatement(context, id)).statement;
    if (!isModelStatement(statement) && statement.profile !== undefined)
      profile = (await context.store.getJson(parseHash(statement.profile))) as unknown as Profile;
  } catch (error) {
    // What this node has not is a gap of the dossier, not its end.
    if (!(error instanceof BaseError)) throw error;
  }
  return { id, statement, profile, proof };
}

async function runOf(
  context: Context,
  hash: string,
  nodes: readonly { kind: string; id: string; block: string | null; tx: string | null }[],
): Promise<Facts["run"]> {
  try {
    const statement = parseStatement("assay/run/1", await context.store.getJson(parseHash(hash)));
    const node = nodes.find((one) => one.kind === "run" && one.id === hash);
    const signed = await findSignature(context, hash);
    const proof = {
      what: `run:${hash}`,
      statement: hash,
      signer: signed?.signer ?? null,
      tx: node?.tx ?? null,
      block: node?.block ?? null,
      logIndex: null,
      record: null,
      command: `assay assets receipt run:${hash} --out run.json && assay verify run.json`,
    };
    return { hash, statement, proof };
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    return null;
  }
}

async function relativesOf(
  context: Context,
  asset: OnChainAsset,
  model: AnyModelStatement,
  madeFromIt: readonly string[],
): Promise<Relative[]> {
  const rows = await context.db.kysely
    .selectFrom("ix_assets")
    .select("id")
    .where("kind", "=", "model")
    .where("publisher", "=", asset.publisher)
    .execute();
  const ids = new Set([...rows.map((row) => String(row["id"])), ...madeFromIt]);
  ids.delete(asset.id);
  const found: Relative[] = [];
  for (const id of [...ids].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))) {
    let other: AssetStatement;
    try {
      other = (await loadStatement(context, id)).statement;
    } catch (error) {
      if (!(error instanceof BaseError)) throw error;
      continue;
    }
    const made = madeFromIt.includes(id);
    if (!made && other.name !== model.name) continue;
    const how = made ? "made from it" : BigInt(id) < BigInt(asset.id) ? "earlier" : "later";
    found.push({ id, name: other.name, how, at: other.createdAt, proof: await assetProof(context, id) });
  }
  return found;
}
