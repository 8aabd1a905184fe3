import type { Hash } from "@base/bytes/hash.ts";
import { bytesToHex } from "@base/bytes/hex.ts";
import { EMPTY_ROOT } from "@base/bytes/merkle.ts";
import type { Edge } from "./edge.ts";
import { MissingTileError, SwappedTileError, TileMismatchError, TruncatedFileError } from "./errors.ts";
import { HASH, hashNode, subtreeRoot, TILE, TILE_BYTES } from "./hashing.ts";
import { levelCount, tilePath } from "./layout.ts";
import { consistencyRanges, inclusionRanges, type Range, subtreesOf, within } from "./ranges.ts";

/** Where the files of a log are read from: a folder, a web server, an object store. */
export interface TileSource {
  /** Bytes of the file at a path such as `tile/0/x001/234`, undefined when it is not there. */
  read(path: string): Promise<Uint8Array | undefined>;
}

/** Full tiles that were checked, the least recently used one dropped first. */
export class TileCache {
  readonly #tiles = new Map<string, Buffer>();
  readonly #limit: number;

  /** `limit`: tiles of 8 KiB. */
  constructor(limit = 256) {
    this.#limit = limit;
  }

  get(path: string): Buffer | undefined {
    const tile = this.#tiles.get(path);
    if (!tile) return undefined;
    this.#tiles.delete(path);
    this.#tiles.set(path, tile);
    return tile;
  }

  set(path: string, tile: Buffer): void {
    this.#tiles.set(path, tile);
    if (this.#tiles.size <= this.#limit) return;
    const [oldest] = this.#tiles.keys();
    this.#tiles.delete(oldest as string);
  }
}

/**
 * The hashes of one tree, read from its tiles; each tile is checked against the one above it, up to the tree's right
 * edge, whose root the caller has checked. Nothing unchecked is handed out.
 */
export class CheckedTiles {
  readonly size: number;
  readonly #edge: Edge;
  readonly #source: TileSource;
  readonly #cache: TileCache;

  constructor(edge: Edge, source: TileSource, cache: TileCache) {
    this.size = edge.size;
    this.#edge = edge;
    this.#source = source;
    this.#cache = cache;
  }

  /** Hashes of a tile (fewer than 256 at the right edge); throws a typed error when the file is not what was signed. */
  async tile(level: number, index: number): Promise<Buffer> {
    const count = levelCount(this.size, level);
    within(index, 0, Math.ceil(count / TILE) - 1, `Tile index at level ${level}`);
    if (index === Math.floor(count / TILE)) return this.#edge.partial(level);
    const path = tilePath(level, index);
    const known = this.#cache.get(path);
    if (known) return known;
    const read = await this.#source.read(path);
    if (!read) throw missing(path);
    if (read.length !== TILE_BYTES) throw truncated(path, read.length, TILE_BYTES);
    const bytes = Buffer.from(read);
    const parents = await this.tile(level + 1, Math.floor(index / TILE));
    const at = (index % TILE) * HASH;
    const root = subtreeRoot(bytes, 0, TILE);
    if (!root.equals(parents.subarray(at, at + HASH))) throw mismatch(path, level, index, root, parents);
    this.#cache.set(path, bytes);
    return bytes;
  }

  /** Leaf hash of record `index`. */
  async leaf(index: number): Promise<Buffer> {
    const tile = await this.tile(0, Math.floor(index / TILE));
    return tile.subarray((index % TILE) * HASH, (index % TILE) * HASH + HASH);
  }

  /** Root over the first `size` leaves. */
  async root(size: number = this.size): Promise<Hash> {
    within(size, 0, this.size, "Tree size");
    return size === 0 ? EMPTY_ROOT : bytesToHex(await this.#rangeRoot({ start: 0, end: size }));
  }

  /** Audit path of record `index` in the tree of the first `size` records. */
  async inclusion(index: number, size: number): Promise<Hash[]> {
    within(size, 1, this.size, "Tree size");
    within(index, 0, size - 1, "Record index");
    return this.#roots(inclusionRanges(index, size));
  }

  /** Proof that the first `second` records begin with the first `first` records, 1 <= first <= second. */
  async consistency(first: number, second: number): Promise<Hash[]> {
    within(second, 1, this.size, "Tree size");
    within(first, 1, second, "Earlier tree size");
    return this.#roots(consistencyRanges(first, second));
  }

  async #roots(ranges: readonly Range[]): Promise<Hash[]> {
    const roots: Hash[] = [];
    for (const range of ranges) roots.push(bytesToHex(await this.#rangeRoot(range)));
    return roots;
  }

  async #rangeRoot(range: Range): Promise<Buffer> {
    let root: Buffer | undefined;
    for (const { level, index } of subtreesOf(range).reverse()) {
      const tileLevel = Math.floor(level / 8);
      const width = 2 ** (level % 8);
      const first = index * width;
      const tile = await this.tile(tileLevel, Math.floor(first / TILE));
      const part = subtreeRoot(tile, first % TILE, width);
      root = root ? hashNode(part, root) : part;
    }
    return root as Buffer;
  }
}

export function missing(path: string): MissingTileError {
  return new MissingTileError(`${path} is not there, though the checkpoint says that it must be.`, {
    data: { path },
    hints: ["Fetch the file from a mirror; the log's operator withholds or lost it."],
  });
}

export function truncated(path: string, has: number, wants: number): TruncatedFileError {
  return new TruncatedFileError(`${path} has ${has} bytes, a whole one has ${wants}.`, { data: { path, has, wants } });
}

function mismatch(path: string, level: number, index: number, root: Buffer, parents: Buffer) {
  for (let i = 0; i < parents.length / HASH; i++) {
    if (!root.equals(parents.subarray(i * HASH, (i + 1) * HASH))) continue;
    const holds = tilePath(level, index - (index % TILE) + i);
    return new SwappedTileError(`${path} holds the hashes of ${holds}.`, { data: { path, holds } });
  }
  return new TileMismatchError(`${path} does not hold the hashes that were signed.`, { data: { path } });
}
