import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { erc20Abi, type Hex } from "viem";
import { currencyOf, showAmount } from "./currency.ts";
import { readAsset } from "./load.ts";

export interface BuyInput {
  readonly id: string;
  readonly as?: string | undefined;
  /** Most that may be paid, smallest units; the price of now unless said. */
  readonly maxPrice?: bigint | undefined;
}

/**
 * Buys access to an asset; the price is split along its lineage in the same transaction. What is owned, bought or free
 * already costs nothing. Throws NotFoundError, InvalidInputError when the money does not reach, ContractRevertError when
 * it is not on sale or the price rose. SPEC S6.
 */
export async function buy(
  context: Pick<Context, "chain" | "contracts" | "identities" | "indexed">,
  input: BuyInput,
): Promise<{ id: string; price: bigint; already: boolean; tx: Hex | null; gasUsed: bigint | null }> {
  const identity = context.identities.get(input.as);
  const asset = await readAsset(context, input.id);
  const assets = context.contracts.get("Assets");
  if (await context.chain.read(assets, "hasAccess", [BigInt(asset.id), identity.address])) {
    return { id: asset.id, price: 0n, already: true, tx: null, gasUsed: null };
  }
  const most = input.maxPrice ?? asset.price;
  const currency = await currencyOf(context);
  const token = { address: currency.address, abi: erc20Abi };
  const [balance, allowance] = (await Promise.all([
    context.chain.read(token, "balanceOf", [identity.address]),
    context.chain.read(token, "allowance", [identity.address, assets.address]),
  ])) as [bigint, bigint];
  if (balance < asset.price) {
    throw new InvalidInputError(
      `asset ${asset.id} costs ${showAmount(currency, asset.price)}, and ${identity.name} has ${showAmount(currency, balance)}`,
      { data: { id: asset.id, price: asset.price.toString(), balance: balance.toString() } },
    );
  }
  if (allowance < asset.price)
    await context.chain.write(identity.account, token, "approve", [assets.address, asset.price]);
  const receipt = await context.chain.write(identity.account, assets, "buy", [
    BigInt(asset.id),
    identity.address,
    most,
  ]);
  await context.indexed(receipt.blockNumber);
  return { id: asset.id, price: asset.price, already: false, tx: receipt.transactionHash, gasUsed: receipt.gasUsed };
}
