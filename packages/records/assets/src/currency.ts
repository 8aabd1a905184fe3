import type { Context } from "@kernel/capability";
import { type Address, erc20Abi, formatUnits } from "viem";
import { lower } from "./sign.ts";

/** The ERC-20 in which assets are priced. */
export interface Currency {
  /** Lower-case hex. */
  readonly address: Address;
  readonly symbol: string;
  readonly decimals: number;
}

const known = new WeakMap<object, Map<string, Currency>>();

/** The currency of this deployment's Assets contract; asked once per chain connection. */
export async function currencyOf(context: Pick<Context, "chain" | "contracts">): Promise<Currency> {
  const assets = context.contracts.get("Assets");
  const perChain = known.get(context.chain) ?? new Map<string, Currency>();
  known.set(context.chain, perChain);
  const found = perChain.get(assets.address);
  if (found) return found;
  const address = lower((await context.chain.read(assets, "token")) as string);
  const token = { address, abi: erc20Abi };
  const [symbol, decimals] = await Promise.all([
    context.chain.read(token, "symbol"),
    context.chain.read(token, "decimals"),
  ]);
  const currency = { address, symbol: String(symbol), decimals: Number(decimals) };
  perChain.set(assets.address, currency);
  return currency;
}

/** An amount of smallest units as people read it, e.g. `5 aUSD`. */
export function showAmount(currency: Currency, units: bigint | string): string {
  return `${formatUnits(BigInt(units), currency.decimals)} ${currency.symbol}`;
}
