import { Worker } from "node:worker_threads";
import type { Batch } from "./cells.ts";
import { FormatError } from "./errors.ts";
import type { ByteSource } from "./source.ts";

/** Formats whose readers are libraries: their files' lengths and counts are believed while reading. */
export type ForeignFormat = "parquet" | "arrow";

export type ToReader =
  | { readonly kind: "open"; readonly format: ForeignFormat; readonly size: number }
  | { readonly kind: "bytes"; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: "next" };
export type FromReader =
  | { readonly kind: "read"; readonly id: number; readonly start: number; readonly end: number }
  | { readonly kind: "batch"; readonly batch: Batch }
  | { readonly kind: "end" }
  | { readonly kind: "failed"; readonly name: string; readonly message: string };

/** What a file may take: a sound one of the largest size stays well below. */
export interface ReadLimits {
  /** Milliseconds for one batch. */
  readonly batchMs: number;
  /** MiB of the reader's heap. */
  readonly heapMb: number;
}

const LIMITS: ReadLimits = { batchMs: 60_000, heapMb: 2_048 };

/**
 * Reads a table in a thread with limits on time and memory: a hostile file can stop that thread, and no other.
 * Throws FormatError.
 */
export async function* readForeign(
  source: ByteSource,
  format: ForeignFormat,
  { batchMs, heapMb }: ReadLimits = LIMITS,
): AsyncGenerator<Batch> {
  const worker = new Worker(new URL("./foreignWorker.ts", import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
    stderr: true,
  });
  const send = (message: ToReader) => worker.postMessage(message);
  let settle: { resolve(batch: Batch | undefined): void; reject(error: unknown): void } | undefined;
  const fail = (message: string, cause?: unknown) => settle?.reject(new FormatError(format, message, { cause }));
  worker.on("error", (error) => {
    const memory = (error as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY";
    fail(
      memory ? `Reading the file takes more than ${heapMb} MiB.` : `The file cannot be read: ${error.message}.`,
      error,
    );
  });
  worker.on("message", (message: FromReader) => {
    if (message.kind === "batch") settle?.resolve(message.batch);
    else if (message.kind === "end") settle?.resolve(undefined);
    else if (message.kind === "failed") fail(message.message);
    else {
      source.read(message.start, message.end).then(
        (bytes) => send({ kind: "bytes", id: message.id, bytes }),
        (error) => settle?.reject(error),
      );
    }
  });
  const next = () =>
    new Promise<Batch | undefined>((resolve, reject) => {
      const timer = setTimeout(() => fail(`Reading one piece of the file takes longer than ${batchMs} ms.`), batchMs);
      const settled =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          then(value);
        };
      settle = { resolve: settled(resolve), reject: settled(reject) };
      send({ kind: "next" });
    });
  try {
    send({ kind: "open", format, size: source.size });
    for (let batch = await next(); batch; batch = await next()) yield batch;
  } finally {
    await worker.terminate();
  }
}
