import type { Hash } from "@base/bytes/hash.ts";
import { bytesToHex } from "@base/bytes/hex.ts";
import { EMPTY_ROOT } from "@base/bytes/merkle.ts";
import { BugError } from "@base/errors";
import { HASH, hashNode, subtreeRoot, TILE, TILE_BYTES } from "./hashing.ts";
import { levelCount, levelsOf } from "./layout.ts";

/** Hashes of one level that stand in no full tile yet. */
export interface EdgeLevel {
  readonly bytes: Buffer;
  count: number;
}

/** The right edge of a tree: the unfinished tile of each level, all that appending and the root need. */
export class Edge {
  size = 0;
  readonly levels: EdgeLevel[] = [];

  /** Edge from the partial tiles of each level; `read` gives exactly the level's hashes. */
  static from(size: number, read: (level: number, index: number, width: number) => Uint8Array): Edge {
    const edge = new Edge();
    edge.size = size;
    for (let level = 0; level < levelsOf(size); level++) {
      const all = levelCount(size, level);
      const row = edge.#level(level);
      row.count = all % TILE;
      if (row.count === 0) continue;
      const hashes = read(level, Math.floor(all / TILE), row.count);
      if (hashes.length !== row.count * HASH) throw new BugError(`Edge level ${level} has ${hashes.length} bytes.`);
      row.bytes.set(hashes);
    }
    return edge;
  }

  /** Adds a leaf hash; every tile that becomes full is handed out, lowest level first, before its bytes are used again. */
  push(hashes: Uint8Array, at: number, full: (level: number, index: number, tile: Buffer) => void): void {
    const row = this.#level(0);
    for (let i = 0; i < HASH; i++) row.bytes[row.count * HASH + i] = hashes[at + i] as number;
    row.count++;
    this.size++;
    for (let level = 0; (this.levels[level] as EdgeLevel).count === TILE; level++) {
      const { bytes } = this.levels[level] as EdgeLevel;
      full(level, levelCount(this.size, level) / TILE - 1, bytes);
      const up = this.#level(level + 1);
      up.bytes.set(subtreeRoot(bytes, 0, TILE), up.count * HASH);
      up.count++;
      (this.levels[level] as EdgeLevel).count = 0;
    }
  }

  /** Hashes of a level that stand in no full tile. */
  partial(level: number): Buffer {
    const row = this.levels[level];
    return row ? row.bytes.subarray(0, row.count * HASH) : Buffer.alloc(0);
  }

  /** Root over all leaves (RFC 6962, 2.1): the complete subtrees folded from the smallest up. */
  root(): Hash {
    let root: Buffer | undefined;
    for (const { bytes, count } of this.levels) {
      for (let width = 1, end = count; width < TILE && end > 0; width *= 2) {
        if ((end & width) === 0) continue;
        const peak = subtreeRoot(bytes, end - width, width);
        root = root ? hashNode(peak, root) : peak;
        end -= width;
      }
    }
    return root ? bytesToHex(root) : EMPTY_ROOT;
  }

  copy(): Edge {
    return Edge.from(this.size, (level) => this.partial(level));
  }

  #level(level: number): EdgeLevel {
    let row = this.levels[level];
    if (!row) {
      row = { bytes: Buffer.alloc(TILE_BYTES), count: 0 };
      this.levels[level] = row;
    }
    return row;
  }
}
