import type { Hash } from "@base/bytes/hash.ts";
import { IntegrityError, InvalidInputError } from "@base/errors";
import type { Context, Identity } from "@kernel/capability";
import { ContractRevertError } from "@machines/chain/errors.ts";
import { decodeEventLog, type Hex, type TransactionReceipt } from "viem";
import { describe, SIGNATURE_URI } from "./describe.ts";
import { kinds } from "./events.ts";
import { lower, scopeOf, signStatement } from "./sign.ts";
import { rememberSignature } from "./signatures.ts";
import { type AssetStatement, isModelStatement, parseAssetStatement } from "./statements.ts";

type Needs = Pick<Context, "store" | "db" | "chain" | "contracts" | "log" | "indexed">;

/** An asset on chain, just published or found there. */
export interface PublishedAsset {
  /** Token id, decimal text. */
  readonly id: string;
  readonly root: Hash;
  /** Hash of the statement on chain; of the first publication when the asset existed. */
  readonly statement: Hash;
  /** True when the same publisher had published the same root before; nothing was sent then. */
  readonly existing: boolean;
  readonly tx: Hex | null;
  readonly gasUsed: bigint | null;
}

/**
 * Signs a statement, stores statement and signature, and publishes the asset in one transaction.
 *
 * The same root of the same publisher is published once: later calls return the first asset. Blobs are stored before
 * the transaction, so that a publication on chain always has its statement; a failure before leaves nothing that counts.
 * Throws InvalidInputError when the statement does not fit, ContractRevertError when the contract refuses. SPEC S1-S4.
 */
export async function publishAsset(context: Needs, identity: Identity, draft: AssetStatement): Promise<PublishedAsset> {
  const statement = parseAssetStatement(draft);
  if (statement.creator !== lower(identity.address)) {
    throw new InvalidInputError(`the statement names ${statement.creator} as creator, but ${identity.name} signs`, {
      data: { field: "creator" },
    });
  }
  const root = rootOf(statement);
  const existing = await existingAsset(context, identity, root);
  if (existing) return existing;
  const signed = await signStatement(identity.account, scopeOf(context), statement);
  await context.store.putJson(statement);
  const envelope = await context.store.putJson({
    hash: signed.hash,
    signer: signed.signer,
    signature: signed.signature,
  });
  const assets = context.contracts.get("Assets");
  let receipt: TransactionReceipt;
  try {
    receipt = await context.chain.write(identity.account, assets, "publish", [
      {
        kind: kinds.indexOf(kindOf(statement)),
        root,
        statement: signed.hash,
        price: BigInt(statement.price),
        royaltyBps: statement.royaltyBps,
        parents: "parents" in statement ? statement.parents.map((parent) => BigInt(parent.asset)) : [],
        uri: `${SIGNATURE_URI}${envelope}`,
      },
    ]);
  } catch (error) {
    if (error instanceof ContractRevertError && error.data.errorName === "AlreadyPublished") {
      const raced = await existingAsset(context, identity, root);
      if (raced) return raced;
    }
    throw error;
  }
  const { id, logIndex } = publishedId(context, receipt, signed.hash);
  await rememberSignature(context, signed);
  await context.indexed(receipt.blockNumber);
  await describe(context, {
    id,
    kind: kindOf(statement),
    statement: signed.hash,
    publisher: signed.signer,
    uri: `${SIGNATURE_URI}${envelope}`,
    block: receipt.blockNumber.toString(),
    logIndex,
    tx: receipt.transactionHash,
  });
  return { id, root, statement: signed.hash, existing: false, tx: receipt.transactionHash, gasUsed: receipt.gasUsed };
}

/** The asset that an identity published with this root before; undefined when there is none. SPEC S3. */
export async function existingAsset(
  context: Pick<Context, "chain" | "contracts">,
  identity: Identity,
  root: Hash,
): Promise<PublishedAsset | undefined> {
  const assets = context.contracts.get("Assets");
  const id = (await context.chain.read(assets, "idOf", [identity.address, root])) as bigint;
  if (id === 0n) return undefined;
  const asset = (await context.chain.read(assets, "asset", [id])) as { statement: Hash };
  return { id: id.toString(), root, statement: asset.statement, existing: true, tx: null, gasUsed: null };
}

/** Content root that a statement is about: of the table's chunks, or of the model's bundle. */
export function rootOf(statement: AssetStatement): Hash {
  return isModelStatement(statement) ? statement.root : statement.manifest.root;
}

/** The asset kind of a statement, as `events.kinds` names it. */
export function kindOf(statement: AssetStatement): "data" | "derived" | "model" {
  if (statement.type === "assay/data/1" || statement.type === "assay/file/1") return "data";
  return statement.type === "assay/derived/1" ? "derived" : "model";
}

function publishedId(context: Needs, receipt: TransactionReceipt, statement: Hash): { id: string; logIndex: number } {
  const assets = context.contracts.get("Assets");
  for (const log of receipt.logs) {
    if (lower(log.address) !== lower(assets.address)) continue;
    const event = decodeEventLog({ abi: assets.abi, data: log.data, topics: log.topics, strict: false });
    const args = event.args as unknown as { id: bigint; statement: Hash } | undefined;
    if (event.eventName === "Published" && args?.statement === statement)
      return { id: args.id.toString(), logIndex: log.logIndex };
  }
  throw new IntegrityError(`transaction ${receipt.transactionHash} was mined without a Published event`, {
    hints: ["Does the deployment file name the right Assets contract?"],
  });
}
