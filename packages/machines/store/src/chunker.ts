import { hash as digest } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import type { Hash } from "@base/bytes/hash.ts";
import { MerkleBuilder } from "@base/bytes/merkle.ts";
import { openSealer, SEAL_BYTES } from "./seal.ts";

/** Bytes of one sector: what a proof of possession shows of a file (see possession.ts). */
export const SECTOR_BYTES = 1024;

/** What is done with each chunk of a file. Plain data: it crosses to worker threads. */
export interface ChunkJob {
  readonly path: string;
  /** Bytes of the file as it is on disk. */
  readonly size: number;
  /** Bytes of a stored chunk; sealed chunks hold SEAL_BYTES less of the file. */
  readonly chunkSize: number;
  /** Seals each chunk with this key (32 bytes). */
  readonly key?: Uint8Array;
  /** Also computes the root over the stored chunk's sectors. */
  readonly sectors?: boolean;
}

/** A chunk as it is stored, with its hashes. */
export interface Chunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of the bytes: the address. */
  readonly hash: Hash;
  /** The bytes as a Merkle leaf. */
  readonly leaf: Hash;
  /** The bytes before sealing as a Merkle leaf. */
  readonly plain?: Hash;
  /** RFC 6962 root over the sectors of the bytes. */
  readonly sectors?: Hash;
}

/** A file that grew shorter while it was read. */
export class ShortReadError extends Error {
  override name = "ShortReadError";
}

/** Gives a file's chunks by index. */
export interface Chunker {
  /** Chunk `index`, in the caller's memory where that has the right size. Throws ShortReadError. */
  take(index: number, memory?: ArrayBuffer): Chunk;
  close(): void;
}

/** Opens a file to cut it. Everything is synchronous: it runs in worker threads, and in the caller's for small files. */
export function openChunker(job: ChunkJob): Chunker {
  const sealer = job.key ? openSealer(job.key) : undefined;
  const step = job.key ? job.chunkSize - SEAL_BYTES : job.chunkSize;
  // The byte 0x00 stands before the bytes, as a Merkle leaf is hashed.
  const room = job.chunkSize + 1;
  const plainRoom = sealer ? new Uint8Array(step + 1) : undefined;
  const file = openSync(job.path, "r");

  function take(index: number, memory?: ArrayBuffer): Chunk {
    const start = index * step;
    const length = Math.min(step, job.size - start);
    const whole = new Uint8Array(memory?.byteLength === room ? memory : new ArrayBuffer(room));
    whole[0] = 0;
    if (!sealer || !plainRoom) {
      readFully(file, whole.subarray(1, 1 + length), start, job.path);
      return hashed(whole.subarray(0, 1 + length), job);
    }
    const plain = plainRoom.subarray(0, 1 + length);
    readFully(file, plain.subarray(1), start, job.path);
    const sealed = whole.subarray(0, 1 + length + SEAL_BYTES);
    sealer.seal(plain.subarray(1), sealed.subarray(1));
    return { ...hashed(sealed, job), plain: sha(plain) };
  }
  return { take, close: () => closeSync(file) };
}

function hashed(prefixed: Uint8Array<ArrayBuffer>, job: ChunkJob): Chunk {
  const bytes = prefixed.subarray(1);
  const chunk = { bytes, hash: sha(bytes), leaf: sha(prefixed) };
  return job.sectors ? { ...chunk, sectors: sectorRoot(bytes) } : chunk;
}

/** RFC 6962 root over the sectors of these bytes; the last sector may be shorter. */
export function sectorRoot(bytes: Uint8Array): Hash {
  const builder = new MerkleBuilder();
  for (let at = 0; at < bytes.length; at += SECTOR_BYTES) builder.append(bytes.subarray(at, at + SECTOR_BYTES));
  return builder.root();
}

const sha = (bytes: Uint8Array): Hash => `0x${digest("sha256", bytes, "hex")}`;

function readFully(file: number, into: Uint8Array, start: number, path: string): void {
  let got = 0;
  while (got < into.length) {
    const count = readSync(file, into, got, into.length - got, start + got);
    if (count === 0) throw new ShortReadError(path);
    got += count;
  }
}
