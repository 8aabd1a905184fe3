import { InvalidInputError } from "@base/errors";
import type { Context, Identity } from "@kernel/capability";
import { assetOf, poolOf } from "./read.ts";

/**
 * Makes sure that the pool may take `value` units of the asset from an identity; approves exactly that where it may not.
 * Throws InvalidInputError when the identity has less.
 */
export async function allowPool(context: Pick<Context, "chain" | "contracts">, payer: Identity, value: bigint) {
  const [asset, pool] = await Promise.all([assetOf(context), poolOf(context)]);
  const [balance, allowance] = (await Promise.all([
    context.chain.read(asset, "balanceOf", [payer.address]),
    context.chain.read(asset, "allowance", [payer.address, pool.address]),
  ])) as [bigint, bigint];
  if (balance < value) {
    throw new InvalidInputError(`${payer.name} has ${balance} units of the currency, but ${value} are needed`, {
      hints: [`Send currency to ${payer.address}.`],
      data: { balance: balance.toString(), needed: value.toString() },
    });
  }
  if (allowance < value) await context.chain.write(payer.account, asset, "approve", [pool.address, value]);
}
