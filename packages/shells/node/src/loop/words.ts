import type { Node } from "../node.ts";
import { UNIT } from "./cast.ts";

/** Name of the key with this address, else the address. */
export function nameOf(node: Node, address: string): string {
  const found = node.keys.names().find((name) => node.keys.get(name).address.toLowerCase() === address.toLowerCase());
  return found ?? address;
}

/** An amount of base units for people, two decimals, rounded down. */
export function money(units: string | bigint): string {
  const cents = (BigInt(units) * 100n) / UNIT;
  return `${cents / 100n}.${String(cents % 100n).padStart(2, "0")} aUSD`;
}
