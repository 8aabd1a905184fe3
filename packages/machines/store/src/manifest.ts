import { type Hash, isHash } from "@base/bytes/hash.ts";
import { InvalidInputError } from "@base/errors";

/** The largest single blob in bytes (32 MiB); larger data goes in as a file, cut into chunks. */
export const MAX_BLOB_BYTES: number = 32 * 1024 * 1024;

/** How a file was cut: enough to fetch, check and join it again. */
export interface FileManifest {
  /** Bytes of the whole file. */
  readonly size: number;
  /** Bytes of every chunk but the last, which holds the rest. */
  readonly chunkSize: number;
  /** SHA-256 of each chunk, in order: its address in the store. */
  readonly chunks: readonly Hash[];
  /** RFC 6962 root with the chunks' bytes as leaves. */
  readonly root: Hash;
}

export interface PutFileOptions {
  /** Called after each chunk with bytes stored and bytes in all. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
  /** Called once with the bytes that an earlier, interrupted call had finished already, where there are any. */
  readonly onResume?: (bytes: number) => void;
  /** Leaves the bytes in the file that was named and remembers where: no copy, and whoever changes the file loses them. */
  readonly inPlace?: boolean;
  /** Seals every chunk with this key (32 bytes); the manifest is then about the sealed bytes. */
  readonly key?: Uint8Array;
  /** Also computes `sectorRoot`, which proofs of possession need. */
  readonly sectors?: boolean;
}

/** A file just stored. */
export interface StoredFile extends FileManifest {
  /** RFC 6962 root over the chunks before sealing; there when a key was given. Secret: it tells whoever guesses the bytes. */
  readonly plainRoot?: Hash;
  /** RFC 6962 root over the sectors of 1 KiB; there when asked for. */
  readonly sectorRoot?: Hash;
}

/** The part of a store that hands a file's chunks out, each verified. */
export interface FileReader {
  readFile(manifest: FileManifest): AsyncIterable<Uint8Array>;
}

/** The part of a store that keeps single blobs. */
export interface BlobKeeper {
  put(bytes: Uint8Array): Promise<Hash>;
  get(hash: Hash, options?: { readonly local?: boolean }): Promise<Uint8Array>;
  has(hash: Hash): Promise<boolean>;
}

const KIB = 1024;

/** Chunk size in bytes for a file of `size` bytes: the power of two that gives at most 1,024 chunks, from 16 KiB to 4 MiB. */
export function chunkSizeFor(size: number): number {
  let chunk = 16 * KIB;
  while (chunk < size / 1024 && chunk < 4 * KIB * KIB) chunk *= 2;
  return chunk;
}

/** The value as a manifest whose numbers fit together; throws InvalidInputError that names the field. */
export function parseManifest(value: unknown): FileManifest {
  if (typeof value !== "object" || value === null) throw new InvalidInputError("A file manifest must be an object.");
  const { size, chunkSize, chunks, root } = value as Partial<Record<keyof FileManifest, unknown>>;
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) throw wrong("size", "a number of bytes");
  if (chunkSize !== chunkSizeFor(size)) throw wrong("chunkSize", `${chunkSizeFor(size)} for ${size} bytes`);
  const count = Math.ceil(size / chunkSizeFor(size));
  if (!Array.isArray(chunks) || !chunks.every(isHash) || chunks.length !== count) {
    throw wrong("chunks", `a list of ${count} hashes`);
  }
  if (!isHash(root)) throw wrong("root", "a hash");
  return { size, chunkSize, chunks, root };
}

function wrong(field: string, expected: string): InvalidInputError {
  return new InvalidInputError(`File manifest: ${field} must be ${expected}.`, { data: { field } });
}
