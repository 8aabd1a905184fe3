import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { bytesToHex } from "@base/bytes/hex.ts";
import { BugError } from "@base/errors";
import { readEntries } from "./bundle.ts";
import { type Trust, type VerifiedCheckpoint, verifyCheckpoint } from "./checkpoint.ts";
import { diskError } from "./disk.ts";
import { Edge } from "./edge.ts";
import {
  AlteredRecordError,
  DroppedRecordError,
  ReorderedRecordsError,
  RolledBackError,
  TileMismatchError,
  TruncatedFileError,
} from "./errors.ts";
import { HASH, hashLeafInto, TILE } from "./hashing.ts";
import { bundlePath, levelCount, levelsOf, tileBytes, tilePath } from "./layout.ts";
import { within } from "./ranges.ts";
import { CheckedTiles, missing, TileCache, type TileSource, truncated } from "./tiles.ts";
import { type ConsistencyProof, type Head, type InclusionProof, splitView } from "./verify.ts";

/** Files of a log in a folder. */
export function folderSource(dir: string): TileSource {
  return {
    async read(path) {
      try {
        return await readFile(join(dir, path));
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw diskError(cause, join(dir, path));
      }
    },
  };
}

/** What `openReader` needs. */
export interface ReaderOptions {
  readonly source: TileSource;
  readonly trust: Trust;
  /** The newest head this reader's owner saw before; the log must extend it. */
  readonly seen?: Head;
  /** Checked tiles kept in memory, 8 KiB each (default 256). */
  readonly cachedTiles?: number;
}

/** How far an audit has come. */
export interface AuditReport {
  readonly records: number;
  readonly tiles: number;
}

/**
 * Reads a log from its files alone and trusts none of them: each record is checked against its tile, each tile against
 * the one above, the top against a checkpoint, the checkpoint against the keys that are trusted.
 */
export class LogReader {
  readonly #options: ReaderOptions;
  readonly #cache: TileCache;
  #tiles: CheckedTiles;
  #checkpoint: VerifiedCheckpoint;

  /** Use `openReader`. */
  constructor(options: ReaderOptions, cache: TileCache, loaded: Loaded) {
    this.#options = options;
    this.#cache = cache;
    this.#tiles = loaded.tiles;
    this.#checkpoint = loaded.checkpoint;
  }

  /** The checkpoint that everything is read under. */
  get checkpoint(): VerifiedCheckpoint {
    return this.#checkpoint;
  }

  /** Records in the log. */
  get size(): number {
    return this.#checkpoint.size;
  }

  /**
   * Moves on to the log's newest checkpoint, after checking that it extends this one.
   *
   * Throws RolledBackError or SplitViewError, and what `openReader` throws.
   */
  async update(): Promise<VerifiedCheckpoint> {
    const loaded = await load({ ...this.#options, seen: this.#checkpoint }, this.#cache);
    this.#tiles = loaded.tiles;
    this.#checkpoint = loaded.checkpoint;
    return loaded.checkpoint;
  }

  /** The bytes of record `index`, checked. */
  async record(index: number): Promise<Uint8Array> {
    within(index, 0, this.size - 1, "Record index");
    const bundle = await this.#bundle(Math.floor(index / TILE));
    return bundle[index % TILE] as Uint8Array;
  }

  /** Records [start, end) in order, each checked. */
  async *records(start = 0, end: number = this.size): AsyncGenerator<Uint8Array> {
    within(end, 0, this.size, "End");
    within(start, 0, end, "Start");
    for (let at = start; at < end; ) {
      const tile = Math.floor(at / TILE);
      const bundle = await this.#bundle(tile);
      for (const last = Math.min(end, (tile + 1) * TILE); at < last; at++) yield bundle[at % TILE] as Uint8Array;
    }
  }

  /** Proof that record `index` stands under the checkpoint. */
  async proveInclusion(index: number, size: number = this.size): Promise<InclusionProof> {
    const proof = await this.#tiles.inclusion(index, size);
    const leaf = bytesToHex(await this.#tiles.leaf(index));
    return { index, leaf, proof, size, root: await this.#tiles.root(size) };
  }

  /** Proof that the first `second` records begin with the first `first`. */
  async proveConsistency(first: number, second: number = this.size): Promise<ConsistencyProof> {
    const proof = await this.#tiles.consistency(first, second);
    return {
      first: { size: first, root: await this.#tiles.root(first) },
      second: { size: second, root: await this.#tiles.root(second) },
      proof,
    };
  }

  /** Reads and checks every tile and every record; throws the typed error of the first thing that is wrong. */
  async audit({ signal }: { readonly signal?: AbortSignal } = {}): Promise<AuditReport> {
    let tiles = 0;
    for (let level = levelsOf(this.size) - 1; level >= 0; level--) {
      const count = Math.ceil(levelCount(this.size, level) / TILE);
      for (let index = 0; index < count; index++, tiles++) {
        signal?.throwIfAborted();
        await this.#tiles.tile(level, index);
      }
    }
    for (let tile = 0; tile < Math.ceil(this.size / TILE); tile++) {
      signal?.throwIfAborted();
      await this.#bundle(tile);
    }
    return { records: this.size, tiles };
  }

  async #bundle(tile: number): Promise<readonly Uint8Array[]> {
    const hashes = await this.#tiles.tile(0, tile);
    const width = Math.min(TILE, this.size - tile * TILE);
    const { source } = this.#options;
    let path = bundlePath(tile, width);
    let bytes = await source.read(path);
    const whole = width < TILE && !bytes ? await source.read(bundlePath(tile)) : undefined;
    if (whole) [path, bytes] = [bundlePath(tile), whole];
    if (!bytes) throw missing(path);
    return checkBundle(path, bytes, hashes, tile * TILE, whole !== undefined);
  }
}

interface Loaded {
  readonly checkpoint: VerifiedCheckpoint;
  readonly tiles: CheckedTiles;
}

/**
 * Opens a log for reading, from a folder or anywhere else.
 *
 * Throws MissingTileError, TruncatedFileError, TileMismatchError (files), CheckpointFormatError,
 * CheckpointSignatureError, WitnessQuorumError (checkpoint), RolledBackError, SplitViewError (against `seen`).
 */
export async function openReader(options: ReaderOptions): Promise<LogReader> {
  const cache = new TileCache(options.cachedTiles);
  return new LogReader(options, cache, await load(options, cache));
}

async function load({ source, trust, seen }: ReaderOptions, cache: TileCache): Promise<Loaded> {
  const note = await source.read("checkpoint");
  if (!note) throw missing("checkpoint");
  const checkpoint = verifyCheckpoint(new TextDecoder().decode(note), trust);
  const { size, root } = checkpoint;
  if (seen && size < seen.size) {
    throw new RolledBackError(`The log shows ${size} records, it showed ${seen.size} before.`, {
      data: { before: seen.size, now: size },
    });
  }
  if (seen && size === seen.size && root !== seen.root) throw splitView(seen, checkpoint);
  const edge = await readEdge(source, size);
  if (edge.root() !== root) {
    const paths = edgePaths(size);
    throw new TileMismatchError(`The tiles at the log's right edge do not give the signed root: ${paths.join(", ")}.`, {
      data: { paths, root, got: edge.root() },
    });
  }
  const tiles = new CheckedTiles(edge, source, cache);
  if (seen && (await tiles.root(seen.size)) !== seen.root) throw splitView(seen, checkpoint);
  return { checkpoint, tiles };
}

function edgePaths(size: number): string[] {
  return Array.from({ length: levelsOf(size) }, (_, level) => levelCount(size, level)).flatMap((count, level) =>
    count % TILE ? [tilePath(level, Math.floor(count / TILE), count % TILE)] : [],
  );
}

/** The partial tiles of a size; where one is gone, the full tile begins with the same hashes. */
async function readEdge(source: TileSource, size: number): Promise<Edge> {
  const found = new Map<number, Uint8Array>();
  for (let level = 0; level < levelsOf(size); level++) {
    const count = levelCount(size, level);
    const width = count % TILE;
    if (width === 0) continue;
    const path = tilePath(level, Math.floor(count / TILE), width);
    let bytes = await source.read(path);
    if (bytes && bytes.length !== tileBytes(width)) throw truncated(path, bytes.length, tileBytes(width));
    bytes ??= (await source.read(tilePath(level, Math.floor(count / TILE))))?.subarray(0, tileBytes(width));
    if (bytes?.length !== tileBytes(width)) throw missing(path);
    found.set(level, bytes);
  }
  return Edge.from(size, (level) => {
    const bytes = found.get(level);
    if (!bytes) throw new BugError(`No edge tile was read at level ${level}.`);
    return bytes;
  });
}

/** Records of a bundle that are the tile's, or the error that names what was done to them. */
function checkBundle(
  path: string,
  bytes: Uint8Array,
  hashes: Buffer,
  first: number,
  longer: boolean,
): readonly Uint8Array[] {
  const width = hashes.length / HASH;
  const read = readEntries(bytes);
  const entries = longer ? read.entries.slice(0, width) : read.entries;
  const leaf = Buffer.alloc(HASH);
  const has = entries.map((entry) => {
    hashLeafInto(entry, leaf, 0);
    return leaf.toString("latin1");
  });
  const wants = Array.from({ length: width }, (_, i) => hashes.toString("latin1", i * HASH, (i + 1) * HASH));
  const wrong = wants.findIndex((hash, i) => hash !== has[i]);
  if (wrong < 0 && has.length === width && (read.complete || longer)) return entries;
  const data = { path, index: first + Math.max(0, wrong) };
  if (!read.complete && has.every((hash, i) => hash === wants[i])) {
    throw new TruncatedFileError(`${path} ends inside record ${first + has.length}.`, { data });
  }
  if (read.complete && has.length < width && isSubsequence(has, wants)) {
    const lost = wants.flatMap((hash, i) => (has.includes(hash) ? [] : [first + i]));
    throw new DroppedRecordError(`${path} lacks ${lost.length} records that were logged, the first is ${lost[0]}.`, {
      data: { ...data, lost: lost.slice(0, 16) },
    });
  }
  if (has.length === width && [...has].sort().join() === [...wants].sort().join()) {
    throw new ReorderedRecordsError(`${path} has the logged records in another order, from record ${data.index} on.`, {
      data,
    });
  }
  throw new AlteredRecordError(`Record ${data.index} in ${path} is not the one that was logged.`, { data });
}

function isSubsequence(part: readonly string[], all: readonly string[]): boolean {
  let at = 0;
  for (const hash of all) if (hash === part[at]) at++;
  return at === part.length;
}
