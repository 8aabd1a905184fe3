import { CarBlockIterator, CarWriter } from "@ipld/car";
import { decode } from "@ipld/dag-pb";
import { sha256Hex } from "@base/bytes/hash.ts";
import { BaseError, IntegrityError, InvalidInputError } from "@base/errors";
import type { CID } from "multiformats/cid";
import { cidOf, DAG_PB, dagOf, hashOf, RAW, readUnixFs } from "./cid.ts";
import { type BlobKeeper, type FileManifest, type FileReader, MAX_BLOB_BYTES } from "./manifest.ts";

/** A stored file as a CAR (version 1): inner nodes first, then the chunks in order, each verified. */
export async function* writeCar(store: FileReader, manifest: FileManifest): AsyncGenerator<Uint8Array> {
  const { root, nodes } = dagOf(manifest);
  const { writer, out } = CarWriter.create([root]);
  const seen = new Set<string>();
  const feed = async () => {
    for (const { cid, bytes } of nodes.toReversed()) await writer.put({ cid, bytes });
    let i = 0;
    for await (const bytes of store.readFile(manifest)) {
      const hash = manifest.chunks[i++] as `0x${string}`;
      if (seen.has(hash)) continue;
      seen.add(hash);
      await writer.put({ cid: cidOf(hash), bytes });
    }
    if (manifest.chunks.length === 0) await writer.put({ cid: root, bytes: new Uint8Array(0) });
    await writer.close();
  };
  let failure: unknown;
  const feeding = feed().catch(async (error) => {
    failure = error;
    await writer.close().catch(() => {});
  });
  for await (const part of out) yield part;
  await feeding;
  if (failure) throw failure;
}

/** Levels of inner nodes, and how many nodes are visited: a graph of links may name the same node ever again. */
const MAX_DEPTH = 16;
const MAX_VISITS = 4_194_304;

/**
 * Takes a CAR in: every block is hashed before it is kept, whatever the order of the blocks; then the file under the one
 * root is read. Gives the file's bytes in order. Throws InvalidInputError on what is no CAR of one UnixFS file, and
 * IntegrityError on blocks that are not what their CID says, or are missing.
 */
export async function* readCar(store: BlobKeeper, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const root = await keepBlocks(store, source);
  yield* readDag(store, root);
}

async function keepBlocks(store: Pick<BlobKeeper, "put">, source: AsyncIterable<Uint8Array>): Promise<CID> {
  try {
    const blocks = await CarBlockIterator.fromIterable(source);
    const roots = await blocks.getRoots();
    const [root] = roots;
    if (!root || roots.length > 1) throw new InvalidInputError(`A CAR with ${roots.length} roots: one file has one.`);
    for await (const { cid, bytes } of blocks) {
      if (bytes.length > MAX_BLOB_BYTES) throw new InvalidInputError(`A block of the CAR has ${bytes.length} bytes.`);
      if (sha256Hex(bytes) !== hashOf(cid))
        throw new IntegrityError(`The bytes of block ${cid} are not what it names.`);
      await store.put(bytes);
    }
    return root;
  } catch (cause) {
    if (cause instanceof BaseError) throw cause;
    throw new InvalidInputError(
      `The file is no sound CAR: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { cause },
    );
  }
}

async function* readDag(store: Pick<BlobKeeper, "get" | "has">, root: CID): AsyncGenerator<Uint8Array> {
  let visits = 0;
  let size = 0;
  let most = Number.POSITIVE_INFINITY;

  async function* visit(cid: CID, depth: number): AsyncGenerator<Uint8Array> {
    if (++visits > MAX_VISITS || depth > MAX_DEPTH)
      throw new InvalidInputError("The CAR's file has too many blocks, or too deep ones.");
    const hash = hashOf(cid);
    if (!(await store.has(hash)))
      throw new IntegrityError(`The CAR lacks block ${cid}.`, { data: { cid: cid.toString() } });
    const bytes = await store.get(hash, { local: true });
    if (cid.code === RAW) return yield* piece(bytes);
    if (cid.code !== DAG_PB) throw new InvalidInputError(`Block ${cid} is neither raw bytes nor a UnixFS node.`);
    const node = decodeNode(bytes, cid);
    if (depth === 0 && node.fileSize !== undefined) most = node.fileSize;
    if (node.data) yield* piece(node.data);
    for (const link of node.links) yield* visit(link, depth + 1);
  }

  function* piece(bytes: Uint8Array): Generator<Uint8Array> {
    size += bytes.length;
    if (size > most) throw new IntegrityError(`The CAR's file is longer than the ${most} bytes it says.`);
    yield bytes;
  }

  yield* visit(root, 0);
  if (most !== Number.POSITIVE_INFINITY && size !== most)
    throw new IntegrityError(`The CAR's file has ${size} bytes and says ${most}.`);
}

function decodeNode(
  bytes: Uint8Array,
  cid: CID,
): { fileSize: number | undefined; data: Uint8Array | undefined; links: readonly CID[] } {
  try {
    const node = decode(bytes);
    const file = node.Data && readUnixFs(node.Data);
    if (file && (file.type === 2 || file.type === 0)) return { ...file, links: node.Links.map(({ Hash }) => Hash) };
  } catch (cause) {
    throw new InvalidInputError(`Block ${cid} is no sound UnixFS node.`, { cause });
  }
  throw new InvalidInputError(`Block ${cid} is no file: folders and links are not taken in.`);
}
