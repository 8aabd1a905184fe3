import { canonicalJsonBytes } from "@base/bytes/canonicalJson.ts";
import { type Hash, isHash, parseHash, sha256Hex } from "@base/bytes/hash.ts";
import { utf8ToText } from "@base/bytes/hex.ts";
import { MerkleBuilder } from "@base/bytes/merkle.ts";
import { IntegrityError, InvalidInputError, NotFoundError } from "@base/errors";
import { type BlobFolder, openBlobFolder } from "./folder.ts";
import { type InPlace, openInPlace } from "./inPlace.ts";
import { type FileManifest, MAX_BLOB_BYTES, type PutFileOptions, parseManifest, type StoredFile } from "./manifest.ts";
import { type Pinned, type PinningOptions, pinFile } from "./pin.ts";
import { putFile } from "./putFile.ts";
import { fetchBlob, gatewaySource, nodeSource } from "./remote.ts";
import { openS3, type S3Options } from "./s3.ts";

export interface ReadOptions {
  /** This folder only, never the remotes or the bucket (a node that serves others must not ask them back). */
  readonly local?: boolean;
}

/** Content-addressed bytes: what is asked for by hash is checked against it before it is handed out. */
export interface Store {
  /** Bases of other nodes' HTTP interfaces, asked in order for what is not here. */
  readonly remotes: readonly string[];
  /** Stores bytes durably and gives their SHA-256; InvalidInputError above MAX_BLOB_BYTES, UnavailableError on a full disk. */
  put(bytes: Uint8Array, options?: ReadOptions): Promise<Hash>;
  /** Bytes by hash, verified; NotFoundError, IntegrityError when the stored bytes changed, UnavailableError when a remote fails. */
  get(hash: Hash, options?: ReadOptions): Promise<Uint8Array>;
  /** True when the blob is in this folder. */
  has(hash: Hash): Promise<boolean>;
  /** Takes a blob out of this folder; only for bytes that nobody but the caller can have named. */
  remove(hash: Hash): Promise<void>;
  /** Stores the canonical JSON (RFC 8785) of a value. */
  putJson(value: unknown): Promise<Hash>;
  /** JSON value by hash; errors as `get`, and IntegrityError when the bytes are not JSON. */
  getJson(hash: Hash, options?: ReadOptions): Promise<unknown>;
  /** Cuts a file (path or stream) into chunks; chunks that are here already are not written again, so it resumes. */
  putFile(source: string | AsyncIterable<Uint8Array>, options?: PutFileOptions): Promise<StoredFile>;
  /** The file's chunks in order, each verified, the whole checked against size and root. */
  readFile(manifest: FileManifest, options?: ReadOptions): AsyncIterable<Uint8Array>;
  /** Has a file kept on IPFS by whom the options name; throws InvalidInputError where they name nobody, UnavailableError. */
  pin(manifest: FileManifest, name: string): Promise<Pinned>;
  /** The whole file in memory, verified. */
  readFileBytes(manifest: FileManifest, options?: ReadOptions): Promise<Uint8Array>;
}

export interface StoreOptions {
  /** Folder of the store; created when missing. */
  readonly dir: string;
  /** Other nodes to fetch missing blobs from: GET {base}/v1/blobs/{hash}. */
  readonly remotes?: readonly string[];
  /** A bucket that keeps a copy of every blob: what is acknowledged lies there too, and missing blobs are fetched from it. */
  readonly s3?: S3Options | undefined;
  /** Trustless IPFS gateways to read missing blobs from, asked last. */
  readonly gateways?: readonly string[] | undefined;
  /** Who keeps files on IPFS when asked to. */
  readonly pinning?: PinningOptions | undefined;
}

/** Opens (and creates) the blob store in a folder; several processes may share it. */
export async function openStore({ dir, remotes = [], s3, gateways = [], pinning = {} }: StoreOptions): Promise<Store> {
  const folder = await openBlobFolder(dir);
  const bucket = s3 && openS3(s3);
  const sources = [...(bucket ? [bucket] : []), ...remotes.map(nodeSource), ...gateways.map(gatewaySource)];
  const inPlace = openInPlace(dir, folder);

  async function put(bytes: Uint8Array, options: ReadOptions = {}): Promise<Hash> {
    if (bytes.length > MAX_BLOB_BYTES) {
      throw new InvalidInputError(`A blob of ${bytes.length} bytes is above the limit of ${MAX_BLOB_BYTES}.`, {
        hints: ["Store it as a file: it is cut into chunks then."],
      });
    }
    const hash = sha256Hex(bytes);
    await folder.write(hash, bytes);
    if (!options.local) await bucket?.put(hash, bytes);
    return hash;
  }

  async function get(hash: Hash, options: ReadOptions = {}): Promise<Uint8Array> {
    if (!isHash(hash)) parseHash(hash);
    const mendable = sources.length > 0 && !options.local;
    return (await readLocal(folder, inPlace, hash, mendable)) ?? fetchMissing(hash, options);
  }

  async function fetchMissing(hash: Hash, options: ReadOptions): Promise<Uint8Array> {
    if (options.local || sources.length === 0) {
      throw new NotFoundError(`Blob ${hash} is not in ${dir}.`, { data: { hash } });
    }
    const bytes = await fetchBlob(hash, sources, MAX_BLOB_BYTES);
    await folder.write(hash, bytes);
    return bytes;
  }

  async function* readFile(manifest: FileManifest, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    const { size, chunkSize, chunks, root } = parseManifest(manifest);
    const builder = new MerkleBuilder();
    for await (const [i, bytes] of ahead(chunks, (hash) => get(hash, options))) {
      const expected = Math.min(chunkSize, size - i * chunkSize);
      if (bytes.length !== expected) {
        throw new IntegrityError(`Chunk ${i} of the file has ${bytes.length} bytes, the manifest says ${expected}.`);
      }
      builder.append(bytes);
      // The last chunk is handed out only once the root is known to be right.
      if (i === chunks.length - 1) checkRoot(builder, root);
      yield bytes;
    }
    if (chunks.length === 0) checkRoot(builder, root);
  }

  return {
    remotes,
    put,
    get,
    has: async (hash) => (await folder.size(hash)) !== undefined || inPlace.has(hash),
    remove: (hash) => folder.remove(hash),
    putJson: async (value) => put(canonicalJsonBytes(value)),
    async getJson(hash, options) {
      const bytes = await get(hash, options);
      try {
        return JSON.parse(utf8ToText(bytes)) as unknown;
      } catch (cause) {
        throw new IntegrityError(`Blob ${hash} is not JSON.`, { cause, data: { hash } });
      }
    },
    putFile: (source, options) => putFile({ dir, folder, inPlace, keep: bucket?.put }, source, options),
    readFile,
    pin: (manifest, name) => pinFile({ readFile }, parseManifest(manifest), name, pinning),
    async readFileBytes(manifest, options) {
      const whole = new Uint8Array(parseManifest(manifest).size);
      let at = 0;
      for await (const bytes of readFile(manifest, options)) {
        whole.set(bytes, at);
        at += bytes.length;
      }
      return whole;
    },
  };
}

/** Results in order, with four pieces of work begun at a time. */
async function* ahead<T, R>(items: readonly T[], work: (item: T) => Promise<R>): AsyncGenerator<[number, R]> {
  const begun: Promise<R>[] = [];
  for (let i = 0; i < items.length; i++) {
    while (begun.length < Math.min(items.length, i + 4)) {
      const one = work(items[begun.length] as T);
      // Told when its turn comes; until then it must not count as unhandled.
      one.catch(() => {});
      begun.push(one);
    }
    yield [i, await (begun[i] as Promise<R>)];
    delete begun[i];
  }
}

/** Verified bytes from the folder or a file in place, undefined when missing; changed bytes count as missing when a remote can mend them. */
async function readLocal(
  folder: BlobFolder,
  inPlace: InPlace,
  hash: Hash,
  mendable: boolean,
): Promise<Uint8Array | undefined> {
  const bytes = await folder.read(hash);
  if (!bytes) {
    const placed = await inPlace.read(hash);
    if (!placed || sha256Hex(placed) === hash) return placed;
    if (mendable) return undefined;
    throw new IntegrityError(`The file that held blob ${hash} was changed after it was published in place.`, {
      hints: ["Bring its old bytes back, or name another node that has them."],
      data: { hash },
    });
  }
  if (sha256Hex(bytes) === hash) return bytes;
  const path = folder.path(hash);
  if (!mendable) {
    throw new IntegrityError(`The bytes of blob ${hash} changed on disk.`, {
      hints: [`Remove ${path} and store the data again, or name another node that has it.`],
      data: { hash, path },
    });
  }
  await folder.remove(hash);
  return undefined;
}

function checkRoot(builder: MerkleBuilder, root: Hash): void {
  const computed = builder.root();
  if (computed !== root) {
    throw new IntegrityError(`The file's chunks have root ${computed}, the manifest says ${root}.`, {
      data: { computed, root },
    });
  }
}
