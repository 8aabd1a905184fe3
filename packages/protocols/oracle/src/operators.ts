import type { Context, Identity } from "@kernel/capability";
import { concat, type Hex, keccak256 } from "viem";
import type { Policy } from "./types.ts";

/** Identities of `names` that this policy admits and whose free bond covers its bond. */
export async function ableOperators(
  context: Pick<Context, "chain" | "contracts" | "identities">,
  names: readonly string[],
  policy: Policy,
): Promise<Identity[]> {
  const able: Identity[] = [];
  for (const name of names) {
    const identity = context.identities.get(name);
    const admitted = policy.operators.length === 0 || policy.operators.some((o) => same(o, identity.address));
    if (admitted && (await freeBond(context, identity.address)) >= policy.bond) able.push(identity);
  }
  return able;
}

/** Free ledger balance of an account, in token units. */
export async function freeBond(context: Pick<Context, "chain" | "contracts">, who: Hex): Promise<bigint> {
  const [free] = (await context.chain.read(context.contracts.get("Oracle"), "account", [who])) as [bigint, bigint];
  return free;
}

/**
 * Whose turn it is: operators' places for one request, 0 first, by the hash of request and address, so that
 * they take turns and do not all send the same answer.
 */
export function placeOf(requestId: Hex, operators: readonly Hex[], who: Hex): number {
  const rank = (address: Hex) => keccak256(concat([requestId, address.toLowerCase() as Hex]));
  const order = [...operators].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  return Math.max(
    0,
    order.findIndex((address) => same(address, who)),
  );
}

/** True for two spellings of one address. */
export function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
