import { BaseError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { currencyOf, showAmount } from "./currency.ts";
import { loadStatement, readAsset } from "./load.ts";
import { findSignature } from "./signatures.ts";
import type { AssetStatement } from "./statements.ts";

export interface ShowInput {
  readonly id: string;
}

/**
 * An asset as the chain and its statement describe it, with its owner and who is paid how much of its revenue.
 * Throws NotFoundError for an unknown id; an unreachable statement is said, not thrown.
 */
export async function show(context: Pick<Context, "store" | "db" | "chain" | "contracts">, input: ShowInput) {
  const asset = await readAsset(context, input.id);
  const contract = context.contracts.get("Assets");
  const [owner, split, currency] = await Promise.all([
    context.chain.read(contract, "ownerOf", [BigInt(asset.id)]) as Promise<string>,
    context.chain.read(contract, "splitOf", [BigInt(asset.id)]) as Promise<
      readonly [readonly bigint[], readonly bigint[]]
    >,
    currencyOf(context),
  ]);
  let statement: AssetStatement | null = null;
  let problem: string | null = null;
  try {
    statement = (await loadStatement(context, asset.id)).statement;
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    problem = error.shortMessage;
  }
  return {
    ...asset,
    name: statement?.name ?? null,
    owner: owner.toLowerCase(),
    priceText: showAmount(currency, asset.price),
    split: split[0].map((id, index) => ({ id: id.toString(), bps: Number(split[1][index]) })),
    signature: (await findSignature(context, asset.statement, asset.publisher))?.signature ?? null,
    document: statement,
    problem,
  };
}
