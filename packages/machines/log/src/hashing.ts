import { hash } from "node:crypto";

/** Bytes of a SHA-256 digest. */
export const HASH = 32;
/** Hashes in a full tile (C2SP tlog-tiles). */
export const TILE = 256;
/** Bytes of a full tile. */
export const TILE_BYTES = HASH * TILE;

/** Longest record: entry bundles have uint16 lengths. */
export const MAX_RECORD = 0xffff;

// Scratch room used again and again: hashing is synchronous. A digest as a text of 32 code units crosses into JavaScript
// several times as fast as a Buffer does.
const leaf = Buffer.alloc(1 + MAX_RECORD);
let leafView = leaf.subarray(0, 1);
const pair = Buffer.alloc(1 + 2 * HASH);
pair[0] = 1;

function digestInto(input: Uint8Array, out: Uint8Array, at: number): void {
  const digest = hash("sha256", input, "binary");
  for (let i = 0; i < HASH; i++) out[at + i] = digest.charCodeAt(i);
}

/** Writes SHA-256(0x00 ‖ record) to `out[at ...]` (RFC 6962, 2.1). */
export function hashLeafInto(record: Uint8Array, out: Uint8Array, at: number): void {
  if (leafView.length !== 1 + record.length) leafView = leaf.subarray(0, 1 + record.length);
  leaf.set(record, 1);
  digestInto(leafView, out, at);
}

/** As `hashLeafInto`, of the record at `source[from ... to]`. */
export function hashLeafOf(source: Buffer, from: number, to: number, out: Uint8Array, at: number): void {
  if (leafView.length !== 1 + to - from) leafView = leaf.subarray(0, 1 + to - from);
  source.copy(leaf, 1, from, to);
  digestInto(leafView, out, at);
}

/** SHA-256(0x01 ‖ left ‖ right) in new memory (RFC 6962, 2.1). */
export function hashNode(left: Uint8Array, right: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(HASH);
  pair.set(left, 1);
  pair.set(right, 1 + HASH);
  digestInto(pair, out, 0);
  return out;
}

const work = Buffer.alloc(TILE_BYTES / 2);

/** Root of the complete subtree over `count` hashes from `hashes[from ...]`; `count` is a power of two up to 256. */
export function subtreeRoot(hashes: Buffer, from: number, count: number): Buffer {
  if (count === 1) return Buffer.from(hashes.subarray(from * HASH, (from + 1) * HASH));
  let source = hashes;
  let start = from * HASH;
  for (let left = count / 2; left >= 1; left /= 2) {
    for (let i = 0; i < left; i++) {
      source.copy(pair, 1, start + i * 2 * HASH, start + (i + 1) * 2 * HASH);
      digestInto(pair, work, i * HASH);
    }
    source = work;
    start = 0;
  }
  return Buffer.from(work.subarray(0, HASH));
}
