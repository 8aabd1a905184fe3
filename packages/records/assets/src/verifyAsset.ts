import { canonicalJsonBytes } from "@base/bytes/canonicalJson.ts";
import { sha256Hex } from "@base/bytes/hash.ts";
import { MerkleBuilder } from "@base/bytes/merkle.ts";
import { BaseError } from "@base/errors";
import type { Check, Context } from "@kernel/capability";
import { formatOf, profile as profileOf } from "@machines/formats";
import { getAbiItem, type Hash, type Log } from "viem";
import { assetBytes, assetSource } from "./bytes.ts";
import { type OnChainAsset, readAsset } from "./load.ts";
import { kindOf, rootOf } from "./publishAsset.ts";
import type { ReceiptEntry } from "./receiptFile.ts";
import { lower } from "./sign.ts";
import {
  type AnyModelStatement,
  type AssetStatement,
  isModelStatement,
  parseAssetStatement,
  type StoredStatement,
} from "./statements.ts";
import { describeSchema, tableOf } from "./table.ts";

/** A check with one word more: `skipped` says that nothing was checked, and why stands in `detail`. */
export interface Finding extends Check {
  readonly skipped?: boolean | undefined;
}

type Needs = Pick<Context, "store" | "chain" | "contracts" | "vault">;

/** The Published event of an asset, read from the chain's log. */
export interface Publication {
  readonly parents: readonly string[];
  readonly price: bigint;
  readonly royaltyBps: number;
  readonly statement: Hash;
  readonly block: bigint;
  /** Null where the event is proved by its receipt alone, which does not name its transaction. */
  readonly tx: Hash | null;
}

/**
 * Checks an asset's statement against the chain (current state, event, settled block), its parents, and its bytes when
 * they are at hand. SPEC S11.
 */
export async function* verifyAsset(context: Needs, entry: ReceiptEntry): AsyncIterable<Finding> {
  const statement = parseAssetStatement(entry.statement);
  let asset: OnChainAsset;
  try {
    asset = await readAsset(context, entry.node.id);
  } catch (error) {
    if (!(error instanceof BaseError) || error.kind !== "user") throw error;
    if (error.name === "NeedsChainError")
      return yield { name: "on chain", ok: true, skipped: true, detail: error.shortMessage };
    return yield { name: "on chain", ok: false, detail: error.shortMessage };
  }
  yield same("on chain: statement", asset.statement, entry.hash);
  yield same("on chain: content root", asset.root, rootOf(statement));
  yield same("on chain: kind", asset.kind, kindOf(statement));
  yield same("on chain: publisher", asset.publisher, statement.creator);
  yield* verifyPublication(context, entry, statement);
  for (const parent of "parents" in statement ? statement.parents : []) {
    const onChain = await readAsset(context, parent.asset).catch(orUndefined);
    const ok = onChain?.root === parent.root && onChain.statement === parent.statement;
    yield {
      name: `parent ${parent.asset}`,
      ok,
      detail: ok ? `root ${parent.root}` : "the chain says something else about it",
    };
  }
  yield* isModelStatement(statement) ? verifyModelBytes(context, statement) : verifyStoredBytes(context, statement);
}

/** The one Published event of an asset on this node's Assets contract; undefined when there is none. */
export async function publicationOf(
  context: Pick<Context, "chain" | "contracts">,
  id: string,
): Promise<Publication | undefined> {
  const assets = context.contracts.get("Assets");
  const event = getAbiItem({ abi: assets.abi, name: "Published" }) as never;
  const logs = (await context.chain.client.getLogs({
    address: assets.address,
    event,
    args: { id: BigInt(id) } as never,
    fromBlock: assets.block,
  })) as unknown as (Log<bigint, number, false> & { args: Record<string, unknown> })[];
  const log = logs[0];
  if (!log) return undefined;
  return {
    parents: (log.args["parents"] as bigint[]).map(String),
    price: BigInt(log.args["price"] as bigint),
    royaltyBps: Number(log.args["royaltyBps"]),
    statement: log.args["statement"] as Hash,
    block: log.blockNumber,
    tx: log.transactionHash,
  };
}

async function* verifyPublication(
  context: Needs,
  entry: ReceiptEntry,
  statement: AssetStatement,
): AsyncIterable<Finding> {
  const published = await publicationOf(context, entry.node.id);
  if (!published) return yield { name: "published", ok: false, detail: "the contract's log has no publication of it" };
  const parents = "parents" in statement ? statement.parents.map((parent) => parent.asset) : [];
  yield same("published: statement", published.statement, entry.hash);
  yield same("published: parents", published.parents.join(", ") || "none", parents.join(", ") || "none");
  yield same("published: price", published.price.toString(), statement.price);
  yield same("published: royalty", `${published.royaltyBps} bps`, `${statement.royaltyBps} bps`);
  if (entry.tx !== undefined && published.tx !== null) yield same("published: transaction", published.tx, entry.tx);
  if (entry.block !== undefined) yield same("published: block", published.block.toString(), entry.block);
  const settled = await context.chain.settled();
  const ok = published.block <= settled;
  yield { name: "settled", ok, detail: `block ${published.block}, settled up to ${settled}` };
}

/** Chunk by chunk, so that a file of any size is checked: stored bytes against the root, then what is said of them. */
async function* verifyStoredBytes(context: Needs, statement: StoredStatement): AsyncIterable<Finding> {
  const { manifest } = statement;
  const builder = new MerkleBuilder();
  let size = 0;
  try {
    for (const chunk of manifest.chunks) {
      const bytes = await context.store.get(chunk);
      builder.append(bytes);
      size += bytes.length;
    }
  } catch (error) {
    return yield missingBytes(error, statement.type === "assay/file/1" ? "the file" : "the table");
  }
  yield same("bytes: Merkle root", builder.root(), manifest.root);
  yield same("bytes: size", String(size), String(manifest.size));
  try {
    if (statement.type !== "assay/file/1") {
      const table = await tableOf(statement, await assetBytes(context, statement));
      yield { name: "bytes: table", ok: true, detail: `${table.rows} rows of ${describeSchema(statement.schema)}` };
    }
    if (statement.profile !== undefined) {
      const found = await profileOf(await assetSource(context, statement), { format: formatOf(statement.mediaType) });
      yield same("bytes: profile", sha256Hex(canonicalJsonBytes(found)), statement.profile);
    }
  } catch (error) {
    yield missingBytes(error, "the key of the sealed bytes");
  }
}

async function* verifyModelBytes(context: Needs, statement: AnyModelStatement): AsyncIterable<Finding> {
  let bytes: Uint8Array;
  try {
    bytes = await context.store.get(statement.root);
  } catch (error) {
    return yield missingBytes(error, "the model");
  }
  yield same("bytes: SHA-256", sha256Hex(bytes), statement.root);
  yield same("bytes: size", String(bytes.length), String(statement.size));
}

function missingBytes(error: unknown, what: string): Finding {
  if (error instanceof BaseError && error.name === "IntegrityError")
    return { name: "bytes", ok: false, detail: error.shortMessage };
  if (error instanceof BaseError && (error.name === "NotFoundError" || error.kind === "retryable")) {
    return { name: "bytes", ok: true, skipped: true, detail: `${what} is not at hand: ${error.shortMessage}` };
  }
  throw error;
}

/** A check that two texts are the same; says both when they are not. */
export function same(name: string, found: string, expected: string): Finding {
  const ok = lower(found) === lower(expected);
  return { name, ok, detail: ok ? found : `found ${found}, expected ${expected}` };
}

function orUndefined(error: unknown): undefined {
  if (error instanceof BaseError && error.kind === "user") return undefined;
  throw error;
}
