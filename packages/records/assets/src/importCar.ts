import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, extname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { NotFoundError } from "@base/errors";
import { readCar } from "@machines/store";
import { type PublishInput, publish } from "./publish.ts";
import type { PublishContext } from "./publishTable.ts";

/** A CAR and the terms that its file is published under. */
export type ImportInput = Omit<PublishInput, "content" | "bytes" | "inPlace"> & { readonly file: string };

/**
 * Publishes the file inside a CAR, every block checked against its CID. Throws InvalidInputError, IntegrityError for what
 * is no sound CAR of one file, and like `publish`. SPEC S17.
 */
export async function importCar(context: PublishContext, input: ImportInput): ReturnType<typeof publish> {
  const name = input.name ?? basename(input.file, extname(input.file));
  const dir = await mkdtemp(join(tmpdir(), "assay-car-"));
  try {
    const file = join(dir, name.replaceAll(/[^\w.-]/g, "_") || "file");
    const bytes = Readable.from(readCar(context.store, carOf(input.file)), { objectMode: false });
    await pipeline(bytes, createWriteStream(file), { signal: context.signal });
    return await publish(context, { ...input, file, name });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function* carOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
    throw new NotFoundError(`there is no file ${file}`, { cause, data: { file } });
  }
}
