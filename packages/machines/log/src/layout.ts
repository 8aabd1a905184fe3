import { HASH, TILE, TILE_BYTES } from "./hashing.ts";

/** Index of a tile as a path: 1234067 is x001/x234/067 (C2SP tlog-tiles). */
export function indexPath(index: number): string {
  let path = String(index % 1000).padStart(3, "0");
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    path = `x${String(rest % 1000).padStart(3, "0")}/${path}`;
  }
  return path;
}

/** Path of a hash tile below the log's folder; `width` hashes, 256 for a full one. */
export function tilePath(level: number, index: number, width: number = TILE): string {
  return `tile/${level}/${indexPath(index)}${width < TILE ? `.p/${width}` : ""}`;
}

/** Path of an entry bundle below the log's folder; `width` records, 256 for a full one. */
export function bundlePath(index: number, width: number = TILE): string {
  return `tile/entries/${indexPath(index)}${width < TILE ? `.p/${width}` : ""}`;
}

/** How many hashes stand at a tile level in a tree of `size` leaves: roots of all complete subtrees of 256^level. */
export function levelCount(size: number, level: number): number {
  let count = size;
  for (let i = 0; i < level; i++) count = Math.floor(count / TILE);
  return count;
}

/** Tile levels that hold at least one hash in a tree of `size` leaves. */
export function levelsOf(size: number): number {
  let levels = 0;
  for (let count = size; count > 0; count = Math.floor(count / TILE)) levels++;
  return levels;
}

/** Bytes of a tile of `width` hashes. */
export function tileBytes(width: number): number {
  return width === TILE ? TILE_BYTES : width * HASH;
}
