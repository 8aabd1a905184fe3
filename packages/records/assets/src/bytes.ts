import { type Hash, hashBytes, sha256Hex } from "@base/bytes/hash.ts";
import { concatBytes, utf8 } from "@base/bytes/hex.ts";
import { MerkleBuilder } from "@base/bytes/merkle.ts";
import { IntegrityError, NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { ByteSource } from "@machines/formats";
import { openSealer, SEAL_BYTES, type Sealer } from "@machines/store/seal.ts";
import type { StoredStatement } from "./statements.ts";

type Needs = Pick<Context, "store" | "vault">;
type Stored = Pick<StoredStatement, "manifest" | "sealed">;

/** What a statement says of the plain root: it tells nothing to who has no key, and is wrong under another key. SPEC S15. */
export function plainCommitment(key: Uint8Array, plainRoot: Hash): Hash {
  return sha256Hex(utf8("assay/plain/1"), key, hashBytes(plainRoot));
}

/** The key of a sealed asset; undefined for a plain one. Throws NotFoundError where this node does not hold it. */
export async function keyOf(context: Pick<Context, "vault">, { sealed }: Stored): Promise<Uint8Array | undefined> {
  if (!sealed) return undefined;
  if (context.vault) return context.vault.open(sealed.key);
  throw new NotFoundError("the asset's bytes are sealed, and this node keeps no keys", { data: { key: sealed.key } });
}

/**
 * An asset's bytes in order as they were published, chunk by chunk; every chunk, the root, and for sealed assets the
 * commitment are checked. Throws IntegrityError, NotFoundError for lost chunks or a key that is not here.
 */
export async function* assetChunks(context: Needs, statement: Stored): AsyncGenerator<Uint8Array> {
  const key = await keyOf(context, statement);
  if (!key || !statement.sealed) return yield* context.store.readFile(statement.manifest);
  const sealer = openSealer(key);
  const builder = new MerkleBuilder();
  for await (const sealed of context.store.readFile(statement.manifest)) {
    const plain = sealer.open(sealed);
    builder.append(plain);
    yield plain;
  }
  if (plainCommitment(key, builder.root()) !== statement.sealed.commitment)
    throw new IntegrityError("the opened bytes are not those that the statement commits to");
}

/** All of an asset's bytes in memory; throws like `assetChunks`. */
export async function assetBytes(context: Needs, statement: Stored): Promise<Uint8Array> {
  if (!statement.sealed) return context.store.readFileBytes(statement.manifest);
  const parts: Uint8Array[] = [];
  for await (const part of assetChunks(context, statement)) parts.push(part);
  return concatBytes(...parts);
}

/** An asset's bytes where they are wanted: chunks are fetched, checked and opened one by one, the last two are kept. */
export async function assetSource(context: Needs, statement: Stored): Promise<ByteSource> {
  const key = await keyOf(context, statement);
  const sealer: Sealer | undefined = key && openSealer(key);
  const { manifest } = statement;
  const extra = sealer ? SEAL_BYTES : 0;
  const step = manifest.chunkSize - extra;
  const kept = new Map<number, Uint8Array>();

  async function chunk(index: number): Promise<Uint8Array> {
    const known = kept.get(index);
    if (known) return known;
    const stored = await context.store.get(manifest.chunks[index] as Hash);
    const bytes = sealer ? sealer.open(stored) : stored;
    kept.set(index, bytes);
    if (kept.size > 2) kept.delete(kept.keys().next().value as number);
    return bytes;
  }

  const size = manifest.size - manifest.chunks.length * extra;
  return {
    size,
    async read(start, end) {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - start));
      for (let got = 0; got < bytes.length; ) {
        const at = start + got;
        const from = (await chunk(Math.floor(at / step))).subarray(at % step);
        if (from.length === 0) throw new IntegrityError("a chunk of the asset is shorter than its manifest says");
        const part = from.subarray(0, bytes.length - got);
        bytes.set(part, got);
        got += part.length;
      }
      return bytes;
    },
    close: async () => {},
  };
}
