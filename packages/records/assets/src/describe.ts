import { isHash } from "@base/bytes/hash.ts";
import { BaseError, IntegrityError, UnavailableError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { PublishedPayload } from "./events.ts";
import { edgeRow, type NodeFacts, type NodeRef, nodeRow } from "./lineage.ts";
import { lower, recoverSigner, type SignedStatement, scopeOf } from "./sign.ts";
import { rememberSignature } from "./signatures.ts";
import { type AssetStatement, type ModelStatement, parseAssetStatement, parseStatement } from "./statements.ts";

type Needs = Pick<Context, "store" | "db" | "chain" | "contracts" | "log">;

/** How a publication's uri names the blob that holds the publisher's signature. */
export const SIGNATURE_URI = "assay:";

/**
 * Reads the statement behind a publication from the store (or other nodes) and adds its name, and for a model its
 * training run, to the lineage. Safe to run again. Throws UnavailableError while the statement is nowhere to be had.
 */
export async function describe(context: Needs, published: PublishedPayload): Promise<void> {
  let statement: AssetStatement;
  try {
    statement = parseAssetStatement(await fetchJson(context, published.statement));
  } catch (error) {
    if (!(error instanceof BaseError) || error.kind !== "user") throw error;
    context.log.warn("an asset's statement does not fit", { asset: published.id, error: error.shortMessage });
    return save(
      context,
      published,
      [nodeRow({ kind: "asset", id: published.id }, { label: "(unreadable statement)" })],
      [],
    );
  }
  const signed = await learnSignature(context, published, statement);
  const asset: NodeRef = { kind: "asset", id: published.id };
  const label = `${published.kind}: ${statement.name}`;
  const nodes = [nodeRow(asset, { label, statement: published.statement, signed })];
  const edges: ReturnType<typeof edgeRow>[] = [];
  if (statement.type === "assay/model/1") {
    const run: NodeRef = { kind: "run", id: statement.run };
    nodes.push(nodeRow(run, { label: await runLabel(context, statement), statement: statement.run }));
    edges.push(edgeRow(asset, "came from", run));
    for (const parent of statement.parents) edges.push(edgeRow(run, "trained on", { kind: "asset", id: parent.asset }));
  }
  await save(context, published, nodes, edges);
}

/** JSON of a blob; throws UnavailableError (try again) where no node has it yet. */
export async function fetchJson(context: Pick<Context, "store">, hash: string): Promise<unknown> {
  try {
    return await context.store.getJson(hash as `0x${string}`);
  } catch (cause) {
    if (cause instanceof BaseError && cause.name === "NotFoundError") {
      throw new UnavailableError(`no node has the blob ${hash} yet`, {
        cause,
        hints: ["Name the publisher's node among the peers of this one."],
        data: { hash },
      });
    }
    throw cause;
  }
}

async function runLabel(context: Needs, model: ModelStatement): Promise<string> {
  const run = parseStatement("assay/run/1", await fetchJson(context, model.run));
  return `training run: ${run.commitment.steps} steps, target ${model.target}`;
}

/** The publisher's signature, remembered; undefined where the publication names none that holds. */
async function learnSignature(
  context: Needs,
  published: PublishedPayload,
  statement: AssetStatement,
): Promise<NodeFacts["signed"]> {
  const blob = published.uri.startsWith(SIGNATURE_URI) ? published.uri.slice(SIGNATURE_URI.length) : "";
  if (!isHash(blob)) return undefined;
  try {
    const envelope = (await fetchJson(context, blob)) as Omit<SignedStatement, "statement">;
    const signed: SignedStatement = { ...envelope, statement };
    const signer = await recoverSigner(scopeOf(context), signed);
    if (signer !== lower(published.publisher))
      throw new IntegrityError(`signed by ${signer}, published by ${published.publisher}`);
    if (signed.hash !== published.statement)
      throw new IntegrityError(`the signature is of ${signed.hash}, not of ${published.statement}`);
    await rememberSignature(context, signed);
    return { signer, signature: signed.signature };
  } catch (error) {
    if (error instanceof BaseError && error.kind === "retryable") throw error;
    context.log.warn("an asset's signature does not hold", { asset: published.id, error: String(error) });
    return undefined;
  }
}

/** Writes what was learnt: into a node's row that the event itself wrote, if there is one. Safe to repeat. */
async function save(
  context: Pick<Context, "db">,
  published: PublishedPayload,
  nodes: readonly ReturnType<typeof nodeRow>[],
  edges: readonly ReturnType<typeof edgeRow>[],
): Promise<void> {
  const at = { block: published.block, log_index: published.logIndex, tx: published.tx };
  await context.db.kysely.transaction().execute(async (db) => {
    const known = async (table: string, words: Readonly<Record<string, unknown>>) =>
      (await db
        .selectFrom(table)
        .select("tx")
        .where((row) => row.and(words))
        .executeTakeFirst()) !== undefined;
    const add = (table: string, row: Readonly<Record<string, unknown>>) =>
      db
        .insertInto(table)
        .values({ ...row, ...at })
        .execute();
    for (const row of nodes) {
      const own = { kind: row.kind, id: row.id, ...at };
      if (!(await known("ix_nodes", own))) await add("ix_nodes", row);
      else
        await db
          .updateTable("ix_nodes")
          .set(Object.fromEntries(Object.entries(row).filter(([, word]) => word !== null)))
          .where((stored) => stored.and(own))
          .execute();
    }
    for (const row of edges) if (!(await known("ix_edges", { ...row, tx: published.tx }))) await add("ix_edges", row);
  });
}
