import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { type Hash, sha256Hex } from "@base/bytes/hash.ts";
import { bytesToHex, utf8 } from "@base/bytes/hex.ts";
import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { type ByteSource, type Format, profile as profileOf } from "@machines/formats";
import type { StoredFile } from "@machines/store";
import { plainCommitment } from "./bytes.ts";
import type { StoredStatement } from "./statements.ts";

/** How bytes are to be stored, and what is to be on record about them. */
export interface Storing {
  /** Seals the chunks with a key of this asset alone, kept by this node. */
  readonly seal?: boolean | undefined;
  /** Leaves the bytes in the named file. */
  readonly inPlace?: boolean | undefined;
  /** Puts the root over the stored sectors on record, so that possession can be proven. */
  readonly provable?: boolean | undefined;
  /** Puts the profile on record; unless said, of plain assets only. */
  readonly profile?: boolean | undefined;
}

type Needs = Pick<Context, "store" | "progress" | "signal" | "vault" | "random">;

/** The fields of a statement that say how the bytes lie. */
export type StoredFields = Pick<StoredStatement, "manifest" | "sealed" | "sectors">;

/** Stores a file (or bytes) and gives the fields of its statement; an interrupted call goes on where it stopped. SPEC S14, S15. */
export async function storeSource(context: Needs, from: string | Uint8Array, how: Storing): Promise<StoredFields> {
  const sealing = how.seal ? await keyFor(context, from) : undefined;
  const source = typeof from === "string" ? from : whole(from);
  const found: StoredFile = await context.store.putFile(source, {
    signal: context.signal,
    ...(how.inPlace ? { inPlace: true } : {}),
    ...(how.provable ? { sectors: true } : {}),
    ...(sealing ? { key: sealing.key } : {}),
    onResume: (bytes) => context.progress({ label: `going on after ${bytes} bytes` }),
    onProgress: (done, total) => context.progress({ label: "storing", done, total, unit: "bytes" }),
  });
  const { size, chunkSize, chunks, root, plainRoot, sectorRoot } = found;
  return {
    manifest: { size, chunkSize, chunks: [...chunks], root },
    ...(sealing && plainRoot
      ? { sealed: { cipher: "aes-256-gcm", key: sealing.name, commitment: plainCommitment(sealing.key, plainRoot) } }
      : {}),
    ...(sectorRoot ? { sectors: { size: 1024, root: sectorRoot } } : {}),
  };
}

/** Stores the profile of the bytes; undefined where none is wanted. Throws FormatError where they are not what they claim to be. */
export async function storeProfile(
  context: Pick<Context, "store" | "signal" | "progress">,
  source: ByteSource,
  format: Format,
  how: Storing,
): Promise<Hash | undefined> {
  if (!(how.profile ?? !how.seal)) return undefined;
  const onRows = (done: number) => context.progress({ label: "profiling", done, unit: "rows" });
  return context.store.putJson(await profileOf(source, { format, signal: context.signal, onRows }));
}

/** A key by path and state of a file, so that an interrupted publication finds it again; a new one for other bytes. */
async function keyFor(context: Needs, from: string | Uint8Array): Promise<{ name: Hash; key: Uint8Array }> {
  if (!context.vault)
    throw new InvalidInputError("this node keeps no keys: it cannot seal an asset", { data: { field: "seal" } });
  const about = typeof from === "string" ? await stateOf(from) : context.random(32);
  const name = sha256Hex(utf8("assay/seal-name/1"), about, utf8(bytesToHex(await context.vault.ensure("names"))));
  return { name, key: await context.vault.ensure(name) };
}

/** The file in its present state: another state is another asset, with a key of its own. */
async function stateOf(file: string): Promise<Uint8Array> {
  const { size, mtimeMs } = await stat(file);
  return utf8(`${resolve(file)} ${size} ${mtimeMs}`);
}

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
