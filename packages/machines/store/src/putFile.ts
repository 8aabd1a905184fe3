import { createWriteStream } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Hash, sha256Hex } from "@base/bytes/hash.ts";
import { bytesToHex } from "@base/bytes/hex.ts";
import { leafHash, merkleRootOfHashes } from "@base/bytes/merkle.ts";
import { InvalidInputError } from "@base/errors";
import { diskError } from "./diskError.ts";
import type { BlobFolder } from "./folder.ts";
import { chunkSizeFor, type FileManifest, type PutFileOptions } from "./manifest.ts";

/** Chunks hashed and written at once: enough to keep the disk busy, at most 16 MiB in flight. */
const AT_ONCE = 4;

/** From this size on (bytes) the thread pool hashes; below, handing over costs more than hashing. */
const POOLED = 256 * 1024;

/** Cuts a file into chunks and stores those that are missing; see Store.putFile. */
export async function putFile(
  folder: BlobFolder,
  source: string | AsyncIterable<Uint8Array>,
  options: PutFileOptions = {},
): Promise<FileManifest> {
  options.signal?.throwIfAborted();
  if (typeof source === "string") return putPath(folder, source, options);
  // The chunk size follows from the total size: a stream has to end before it can be cut.
  const draft = folder.temporary();
  try {
    const signal = options.signal ? { signal: options.signal } : {};
    await pipeline(Readable.from(source, { objectMode: true }), createWriteStream(draft), signal).catch((error) => {
      options.signal?.throwIfAborted();
      throw diskError(error, draft);
    });
    return await putPath(folder, draft, options);
  } finally {
    await rm(draft, { force: true });
  }
}

async function putPath(folder: BlobFolder, path: string, options: PutFileOptions): Promise<FileManifest> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    throw diskError(error, path);
  }
  try {
    const { size, mtimeMs } = await file.stat().then((s) => {
      if (!s.isFile()) throw new InvalidInputError(`${path} is not a file.`, { hints: ["Name a file."] });
      return s;
    });
    const manifest = await putChunks(folder, file, path, size, options);
    const after = await file.stat();
    if (after.size !== size || after.mtimeMs !== mtimeMs) throw changed(path);
    return manifest;
  } finally {
    await file.close();
  }
}

async function putChunks(
  folder: BlobFolder,
  file: FileHandle,
  path: string,
  size: number,
  { onProgress, signal }: PutFileOptions,
): Promise<FileManifest> {
  const chunkSize = chunkSizeFor(size);
  const count = Math.ceil(size / chunkSize);
  const chunks: Hash[] = [];
  const leaves: Hash[] = [];
  const places = new Set<string>();
  let next = 0;
  let done = 0;
  let failed = false;

  async function work(): Promise<void> {
    while (next < count && !failed) {
      signal?.throwIfAborted();
      const i = next++;
      const length = Math.min(chunkSize, size - i * chunkSize);
      const bytes = await readChunk(file, i * chunkSize, length, path);
      [chunks[i], leaves[i]] = await hashChunk(bytes);
      const place = await folder.write(chunks[i] as Hash, bytes.subarray(1), true);
      if (place) places.add(place);
      done += length;
      onProgress?.(done, size);
    }
  }

  const workers = Array.from({ length: Math.min(AT_ONCE, count) }, () =>
    work().catch((error) => {
      failed = true;
      throw error;
    }),
  );
  // All must have stopped before the file is closed, also after an error.
  const results = await Promise.allSettled(workers);
  const failure = results.find((result) => result.status === "rejected");
  if (failure) throw failure.reason;
  await folder.sync(places);
  return { size, chunkSize, chunks, root: merkleRootOfHashes(leaves) };
}

/** A chunk behind the byte 0x00, as a Merkle leaf is hashed. */
async function readChunk(
  file: FileHandle,
  start: number,
  length: number,
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length + 1);
  let got = 0;
  while (got < length) {
    const { bytesRead } = await file.read(bytes, 1 + got, length - got, start + got).catch((error) => {
      throw diskError(error, path);
    });
    if (bytesRead === 0) throw changed(path);
    got += bytesRead;
  }
  return bytes;
}

/** Hash of the chunk and of the chunk as a leaf; large chunks in the thread pool, so that several cores work. */
async function hashChunk(prefixed: Uint8Array<ArrayBuffer>): Promise<[chunk: Hash, leaf: Hash]> {
  const bytes = prefixed.subarray(1);
  if (bytes.length < POOLED) return [sha256Hex(bytes), leafHash(bytes)];
  const digests = await Promise.all([bytes, prefixed].map((part) => crypto.subtle.digest("SHA-256", part)));
  return digests.map((digest) => bytesToHex(new Uint8Array(digest))) as [Hash, Hash];
}

function changed(path: string): InvalidInputError {
  return new InvalidInputError(`${path} changed while it was read.`, {
    hints: ["Wait until nobody writes to it, and try again."],
  });
}
