import { InvalidInputError } from "@base/errors";
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "./hex.ts";

/** A SHA-256 digest as text: `0x` and 64 lower-case hex digits. */
export type Hash = `0x${string}`;

/** A SHA-256 computation that is fed piece by piece. */
export interface Sha256Stream {
  update(bytes: Uint8Array): Sha256Stream;
  /** 32 bytes; nothing may follow. */
  digest(): Uint8Array;
}

// Browsers have no such function and take the portable code; a plain import of node:crypto would break their bundles.
const nodeCrypto = globalThis.process?.getBuiltinModule?.("node:crypto");

/** SHA-256 (FIPS 180-4) of the bytes: 32 bytes. */
export const sha256: (bytes: Uint8Array) => Uint8Array = nodeCrypto
  ? (bytes) => {
      // The digest as a text of 32 code units crosses into JavaScript twice as fast as a Buffer does.
      const digest = nodeCrypto.hash("sha256", bytes, "binary");
      const copy = new Uint8Array(32);
      for (let i = 0; i < 32; i++) copy[i] = digest.charCodeAt(i);
      return copy;
    }
  : (bytes) => nobleSha256(bytes);

/** SHA-256 fed piece by piece, for data that does not stand in memory at once. */
export const sha256Stream: () => Sha256Stream = nodeCrypto
  ? () => nodeCrypto.createHash("sha256") as unknown as Sha256Stream
  : () => nobleSha256.create();

/** SHA-256 of all parts after each other, as text. */
export function sha256Hex(...parts: readonly Uint8Array[]): Hash {
  if (parts.length === 1) {
    const bytes = parts[0] as Uint8Array;
    return nodeCrypto ? `0x${nodeCrypto.hash("sha256", bytes, "hex")}` : bytesToHex(sha256(bytes));
  }
  const stream = sha256Stream();
  for (const part of parts) stream.update(part);
  return bytesToHex(stream.digest());
}

/** True for `0x` and 64 lower-case hex digits: the only spelling of a Hash. */
export function isHash(value: unknown): value is Hash {
  return typeof value === "string" && /^0x[0-9a-f]{64}$/.test(value);
}

/** The text as a Hash, upper-case digits lowered; throws InvalidInputError when it is not 0x and 64 hex digits. */
export function parseHash(text: string): Hash {
  const hash = typeof text === "string" ? text.toLowerCase() : text;
  if (!isHash(hash)) {
    const shown = JSON.stringify(String(text).slice(0, 80));
    throw new InvalidInputError(`A hash is 0x and 64 hex digits, got ${shown}.`);
  }
  return hash;
}

/** The 32 bytes of a Hash; throws InvalidInputError on any other spelling. */
export function hashBytes(hash: Hash): Uint8Array<ArrayBuffer> {
  if (!isHash(hash)) parseHash(hash);
  return hexToBytes(hash);
}
