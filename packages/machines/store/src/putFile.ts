import { createWriteStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { sha256Hex } from "@base/bytes/hash.ts";
import { merkleRootOfHashes } from "@base/bytes/merkle.ts";
import { InvalidInputError } from "@base/errors";
import type { ChunkJob } from "./chunker.ts";
import { type ChunkPool, changedError, openChunkPool } from "./chunkPool.ts";
import { diskError } from "./diskError.ts";
import type { BlobFolder } from "./folder.ts";
import type { InPlace } from "./inPlace.ts";
import { type Done, type Journal, openJournal } from "./journal.ts";
import { chunkSizeFor, type PutFileOptions, type StoredFile } from "./manifest.ts";
import { SEAL_BYTES } from "./seal.ts";

/** From this size on (bytes) it is worth keeping on disk how far the work has come. */
const JOURNALLED = 16 * 1024 * 1024;

/** Where files go. */
export interface FileTarget {
  readonly dir: string;
  readonly folder: BlobFolder;
  readonly inPlace: InPlace;
  /** Also keeps a chunk elsewhere before it counts as stored. */
  readonly keep?: ((hash: `0x${string}`, bytes: Uint8Array) => Promise<void>) | undefined;
}

/** Cuts a file into chunks and stores those that are missing; see Store.putFile. */
export async function putFile(
  target: FileTarget,
  source: string | AsyncIterable<Uint8Array>,
  options: PutFileOptions = {},
): Promise<StoredFile> {
  options.signal?.throwIfAborted();
  if (typeof source === "string") return putPath(target, resolve(source), options);
  if (options.inPlace) throw new InvalidInputError("Only a file on disk can be stored in place.");
  // The chunk size follows from the total size: a stream has to end before it can be cut.
  const draft = target.folder.temporary();
  try {
    const signal = options.signal ? { signal: options.signal } : {};
    await pipeline(Readable.from(source, { objectMode: true }), createWriteStream(draft), signal).catch((error) => {
      options.signal?.throwIfAborted();
      throw diskError(error, draft);
    });
    return await putPath(target, draft, options);
  } finally {
    await rm(draft, { force: true });
  }
}

async function putPath(target: FileTarget, path: string, options: PutFileOptions): Promise<StoredFile> {
  if (options.inPlace && (options.key || target.keep)) {
    throw new InvalidInputError("A file that stays in place can be neither sealed nor kept elsewhere.", {
      hints: ["Store it without `inPlace`."],
    });
  }
  const before = await stateOf(path);
  const stored = sizesOf(before.size, options.key !== undefined);
  const job: ChunkJob = {
    path,
    size: before.size,
    chunkSize: stored.chunkSize,
    ...(options.key ? { key: options.key } : {}),
    ...(options.sectors ? { sectors: true } : {}),
  };
  const pool = openChunkPool(job, before.size, !options.inPlace);
  let journal: Journal | undefined;
  try {
    if (before.size >= JOURNALLED) {
      const sealed = options.key ? sha256Hex(new TextEncoder().encode("assay/key-name/1"), options.key) : "plain";
      const identity = [path, before.mark, sealed, options.inPlace === true, options.sectors === true].join("\n");
      journal = await openJournal(target.dir, identity);
    }
    const resumed = Math.min((journal?.done.size ?? 0) * stored.chunkSize, stored.size);
    if (resumed > 0) options.onResume?.(resumed);
    const chunks = await cut(target, pool, stored, options, journal);
    const after = await stateOf(path);
    if (after.mark !== before.mark) throw changedError(path);
    const manifest = manifestOf(stored, chunks, options);
    if (options.inPlace) await target.inPlace.add(path, manifest);
    await journal?.finish();
    return manifest;
  } catch (error) {
    throw diskError(error, path);
  } finally {
    await pool.close();
    await journal?.close();
  }
}

interface Sizes {
  readonly size: number;
  readonly chunkSize: number;
  readonly count: number;
}

/** Bytes as they are stored, of each chunk, and how many chunks: sealing makes every chunk longer. */
function sizesOf(size: number, sealed: boolean): Sizes {
  const extra = sealed ? SEAL_BYTES : 0;
  for (let chunkSize = chunkSizeFor(size); ; chunkSize *= 2) {
    const count = Math.ceil(size / (chunkSize - extra));
    const stored = size + count * extra;
    if (chunkSizeFor(stored) === chunkSize) return { size: stored, chunkSize, count };
  }
}

async function stateOf(path: string): Promise<{ size: number; mark: string }> {
  try {
    const { dev, ino, size, mtimeNs, ...kind } = await stat(path, { bigint: true }).then((found) =>
      Object.assign(found, { file: found.isFile() }),
    );
    if (!kind.file) throw new InvalidInputError(`${path} is not a file.`, { hints: ["Name a file."] });
    return { size: Number(size), mark: [dev, ino, size, mtimeNs].join(" ") };
  } catch (error) {
    throw diskError(error, path);
  }
}

/** Hashes and stores all chunks, several at once; gives their hashes in order. */
async function cut(
  target: FileTarget,
  pool: ChunkPool,
  { size, chunkSize, count }: Sizes,
  { onProgress, signal, inPlace }: PutFileOptions,
  journal: Journal | undefined,
): Promise<Done[]> {
  const chunks: Done[] = [];
  const places = new Set<string>();
  let next = 0;
  let done = 0;
  let failed = false;

  async function one(i: number): Promise<Done> {
    const length = Math.min(chunkSize, size - i * chunkSize);
    const known = journal?.done.get(i);
    if (known && (inPlace || (await target.folder.size(known.hash)) === length)) return known;
    const { bytes, length: _, done: release, ...hashes } = await pool.take(i);
    if (bytes) {
      const place = await target.folder.write(hashes.hash, bytes, true);
      if (place) places.add(place);
      await target.keep?.(hashes.hash, bytes);
    }
    release();
    await journal?.add(i, hashes);
    return hashes;
  }

  async function work(): Promise<void> {
    while (next < count && !failed) {
      signal?.throwIfAborted();
      const i = next++;
      chunks[i] = await one(i);
      done += Math.min(chunkSize, size - i * chunkSize);
      onProgress?.(done, size);
    }
  }

  const workers = Array.from({ length: Math.min(pool.width, count) }, () =>
    work().catch((error) => {
      failed = true;
      throw error;
    }),
  );
  // All must have stopped before the file is closed, also after an error.
  const results = await Promise.allSettled(workers);
  const failure = results.find((result) => result.status === "rejected");
  if (failure) throw failure.reason;
  await target.folder.sync(places);
  return chunks;
}

function manifestOf({ size, chunkSize }: Sizes, chunks: readonly Done[], options: PutFileOptions): StoredFile {
  const root = (field: "leaf" | "plain" | "sectors") =>
    merkleRootOfHashes(chunks.map((chunk) => chunk[field] as never));
  return {
    size,
    chunkSize,
    chunks: chunks.map(({ hash }) => hash),
    root: root("leaf"),
    ...(options.key ? { plainRoot: root("plain") } : {}),
    ...(options.sectors ? { sectorRoot: root("sectors") } : {}),
  };
}
