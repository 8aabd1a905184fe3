import type { Hash } from "@base/bytes/hash.ts";
import { BaseError, IntegrityError, NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { ContractRevertError } from "@machines/chain/errors.ts";
import type { Table } from "@machines/engine";
import type { Address } from "viem";
import { assetBytes } from "./bytes.ts";
import { fetchJson } from "./describe.ts";
import { kinds, states } from "./events.ts";
import { kindOf, rootOf } from "./publishAsset.ts";
import { statementHash } from "./sign.ts";
import {
  type AssetStatement,
  isModelStatement,
  type Parent,
  parseAssetStatement,
  type TableStatement,
} from "./statements.ts";
import { tableOf } from "./table.ts";

type Needs = Pick<Context, "store" | "chain" | "contracts" | "vault">;

/** What the chain says about an asset now. */
export interface OnChainAsset {
  readonly id: string;
  readonly publisher: Address;
  readonly kind: string;
  readonly state: string;
  readonly royaltyBps: number;
  readonly price: bigint;
  readonly root: Hash;
  readonly statement: Hash;
}

/** Reads an asset from the chain; throws NotFoundError for an unknown id. */
export async function readAsset(
  context: Pick<Context, "chain" | "contracts">,
  id: string | bigint,
): Promise<OnChainAsset> {
  const missing = (cause?: unknown) =>
    new NotFoundError(`there is no asset ${id}`, {
      cause,
      hints: ["`assay list` shows what there is."],
      data: { id: String(id) },
    });
  if (!/^[1-9]\d{0,77}$/.test(String(id))) throw missing();
  try {
    const found = await context.chain.read(context.contracts.get("Assets"), "asset", [BigInt(id)]);
    if (Number(found.kind) === 0) throw missing();
    return {
      id: String(id),
      publisher: found.publisher.toLowerCase(),
      kind: kinds[Number(found.kind)] ?? "unknown",
      state: states[Number(found.state)] ?? "unknown",
      royaltyBps: Number(found.royaltyBps),
      price: BigInt(found.price),
      root: found.root,
      statement: found.statement,
    };
  } catch (error) {
    if (error instanceof ContractRevertError && error.data.errorName === "UnknownAsset") throw missing(error);
    throw error;
  }
}

/**
 * An asset's statement, checked against the chain: the hash that was published, and the root that it is about.
 *
 * Throws NotFoundError for an unknown id, UnavailableError while no node has the statement, IntegrityError when it
 * contradicts the chain. SPEC S5.
 */
export async function loadStatement(
  context: Needs,
  id: string | bigint,
): Promise<{ asset: OnChainAsset; statement: AssetStatement }> {
  const asset = await readAsset(context, id);
  const value = await fetchJson(context, asset.statement);
  if (statementHash(value) !== asset.statement) {
    throw new IntegrityError(`the statement of asset ${asset.id} does not hash to what the chain says`, {
      data: { id: asset.id },
    });
  }
  let statement: AssetStatement;
  try {
    statement = parseAssetStatement(value);
  } catch (cause) {
    if (!(cause instanceof BaseError)) throw cause;
    throw new IntegrityError(`the statement of asset ${asset.id} is none: ${cause.shortMessage}`, { cause });
  }
  if (rootOf(statement) !== asset.root || kindOf(statement) !== asset.kind) {
    throw new IntegrityError(`the statement of asset ${asset.id} is about other bytes than the chain`, {
      data: { id: asset.id, statement: rootOf(statement), chain: asset.root },
    });
  }
  return { asset, statement };
}

/** A table asset with its bytes, each chunk and the root verified. Throws like `loadStatement`, and NotFoundError for lost chunks. */
export async function loadTable(
  context: Needs,
  id: string | bigint,
): Promise<{ asset: OnChainAsset; statement: TableStatement; bytes: Uint8Array; table: Table }> {
  const { asset, statement } = await loadStatement(context, id);
  if (isModelStatement(statement)) {
    throw new NotFoundError(`asset ${asset.id} is a model, and a table is wanted here`, { data: { id: asset.id } });
  }
  if (statement.type === "assay/file/1") {
    throw new NotFoundError(`asset ${asset.id} is a file (${statement.mediaType}), and a table is wanted here`, {
      data: { id: asset.id },
    });
  }
  const bytes = await assetBytes(context, statement);
  return { asset, statement, bytes, table: await tableOf(statement, bytes) };
}

/** The entry for an asset in the `parents` of another statement. */
export function parentOf(asset: OnChainAsset): Parent {
  return { asset: asset.id, root: asset.root, statement: asset.statement };
}
