import { isHash } from "@base/bytes/hash.ts";
import { BaseError, IntegrityError, UnavailableError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { PublishedPayload } from "./events.ts";
import { edgeRow, type NodeRef, nodeRow } from "./lineage.ts";
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
    return insert(
      context,
      published,
      [nodeRow({ kind: "asset", id: published.id }, { label: "(unreadable statement)" })],
      [],
    );
  }
  await learnSignature(context, published, statement);
  const asset: NodeRef = { kind: "asset", id: published.id };
  const nodes = [nodeRow(asset, { label: `${published.kind}: ${statement.name}` })];
  const edges: ReturnType<typeof edgeRow>[] = [];
  if (statement.type === "assay/model/1") {
    const run: NodeRef = { kind: "run", id: statement.run };
    nodes.push(nodeRow(run, { label: await runLabel(context, statement), statement: statement.run }));
    edges.push(edgeRow(asset, "came from", run));
    for (const parent of statement.parents) edges.push(edgeRow(run, "trained on", { kind: "asset", id: parent.asset }));
  }
  await insert(context, published, nodes, edges);
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

async function learnSignature(context: Needs, published: PublishedPayload, statement: AssetStatement): Promise<void> {
  const blob = published.uri.startsWith(SIGNATURE_URI) ? published.uri.slice(SIGNATURE_URI.length) : "";
  if (!isHash(blob)) return;
  try {
    const envelope = (await fetchJson(context, blob)) as Omit<SignedStatement, "statement">;
    const signed: SignedStatement = { ...envelope, statement };
    const signer = await recoverSigner(scopeOf(context), signed);
    if (signer !== lower(published.publisher))
      throw new IntegrityError(`signed by ${signer}, published by ${published.publisher}`);
    await rememberSignature(context, signed);
  } catch (error) {
    if (error instanceof BaseError && error.kind === "retryable") throw error;
    context.log.warn("an asset's signature does not hold", { asset: published.id, error: String(error) });
  }
}

async function insert(
  context: Pick<Context, "db">,
  published: PublishedPayload,
  nodes: readonly ReturnType<typeof nodeRow>[],
  edges: readonly ReturnType<typeof edgeRow>[],
): Promise<void> {
  const at = { block: published.block, log_index: published.logIndex, tx: published.tx };
  await context.db.kysely.transaction().execute(async (db) => {
    for (const [table, rows] of [
      ["ix_nodes", nodes],
      ["ix_edges", edges],
    ] as const) {
      for (const row of rows) {
        let query = db.selectFrom(table).select("tx").where("tx", "=", published.tx);
        for (const [column, value] of Object.entries(row)) {
          query = value === null ? query.where(column, "is", null) : query.where(column, "=", value);
        }
        if ((await query.executeTakeFirst()) === undefined)
          await db
            .insertInto(table)
            .values({ ...row, ...at })
            .execute();
      }
    }
  });
}
