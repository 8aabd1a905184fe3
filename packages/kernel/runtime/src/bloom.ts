import { type Hex, hexToBytes, keccak256 } from "viem";

/**
 * Whether a block's log bloom may hold `value` (an address or a topic): false is certain, true may be chance.
 * 2048 bits, three of them from the keccak256 of the value (Ethereum yellow paper, section 4.3.1).
 */
export function mayHold(bloom: Hex, value: Hex): boolean {
  const bits = hexToBytes(bloom);
  if (bits.length !== 256) return true;
  const hash = hexToBytes(keccak256(value));
  for (const at of [0, 2, 4]) {
    const bit = (((hash[at] as number) << 8) | (hash[at + 1] as number)) & 2047;
    if (((bits[255 - (bit >> 3)] as number) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}
