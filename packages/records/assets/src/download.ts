import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { fileCid, writeCar } from "@machines/store";
import { assetChunks } from "./bytes.ts";
import { loadStatement } from "./load.ts";
import { isModelStatement, type StoredStatement } from "./statements.ts";

export interface DownloadInput {
  readonly id: string;
  /** File to write. */
  readonly out: string;
  /** Writes a CAR: the stored bytes as IPFS blocks, sealed where the asset is. */
  readonly car: boolean;
}

/** A file that was written. */
export interface Downloaded {
  readonly out: string;
  readonly bytes: number;
  readonly sha256: string;
  /** CID (version 1) of the stored bytes as a UnixFS file. */
  readonly cid: string;
}

/**
 * Writes an asset's bytes to a file, every chunk and the root checked, whole or not at all; sealed assets are opened.
 * Throws NotFoundError for lost chunks or a key that is not here, IntegrityError. SPEC S17.
 */
export async function download(
  context: Pick<Context, "store" | "chain" | "contracts" | "vault" | "progress" | "signal">,
  { id, out, car }: DownloadInput,
): Promise<Downloaded> {
  const { manifest, ...statement } = await storedStatement(context, id);
  const source = car ? writeCar(context.store, manifest) : assetChunks(context, { manifest, ...statement });
  const hash = createHash("sha256");
  let bytes = 0;
  async function* told() {
    for await (const part of source) {
      hash.update(part);
      bytes += part.length;
      context.progress({ label: "writing", done: Math.min(bytes, manifest.size), total: manifest.size, unit: "bytes" });
      yield part;
    }
  }
  const draft = `${out}.part`;
  try {
    await pipeline(Readable.from(told(), { objectMode: false }), createWriteStream(draft), { signal: context.signal });
    await rename(draft, out);
  } finally {
    await rm(draft, { force: true });
  }
  return { out, bytes, sha256: `0x${hash.digest("hex")}`, cid: fileCid(manifest) };
}

/** The statement of an asset whose bytes lie in chunks; throws InvalidInputError for models, which are one blob. */
export async function storedStatement(
  context: Pick<Context, "store" | "chain" | "contracts" | "vault">,
  id: string,
): Promise<StoredStatement> {
  const { statement } = await loadStatement(context, id);
  if (!isModelStatement(statement)) return statement;
  throw new InvalidInputError(`asset ${id} is a model: \`assay model export\` writes it`, { data: { id } });
}
