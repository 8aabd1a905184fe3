import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { InvalidInputError } from "@base/errors";
import { type Chunk, type Chunker, type ChunkJob, openChunker, ShortReadError } from "./chunker.ts";
import { diskError } from "./diskError.ts";

/** What a worker is asked. */
export interface Task {
  readonly index: number;
  /** Memory to fill, handed over. */
  readonly memory?: ArrayBuffer | undefined;
}

/** An error as it crosses from a worker: its own fields would be lost. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string | undefined;
}

/** What a worker answers: the chunk's hashes, and its bytes where they are carried back. */
export type Answer = Omit<Chunk, "bytes"> & {
  readonly index: number;
  readonly memory?: ArrayBuffer;
  readonly offset?: number;
  readonly length: number;
};

/** A chunk that came back from a pool. */
export interface Taken extends Omit<Chunk, "bytes"> {
  readonly length: number;
  /** The bytes, where the pool carries them; the memory is used again after `done`. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** Gives the memory back. */
  done(): void;
}

/** Takes chunks of one file, several at once. */
export interface ChunkPool {
  /** How many `take` calls keep it busy. */
  readonly width: number;
  take(index: number): Promise<Taken>;
  close(): Promise<void>;
}

/** Files below this size (bytes) are cut in the caller's thread: starting threads would take longer. */
const THREADED = 32 * 1024 * 1024;

/** Opens the file of a job; `carry` says whether chunks' bytes are wanted besides their hashes. Throws diskError's errors. */
export function openChunkPool(job: ChunkJob, size: number, carry: boolean): ChunkPool {
  return size < THREADED ? inline(job, carry) : threaded(job, carry);
}

function inline(job: ChunkJob, carry: boolean): ChunkPool {
  let chunker: Chunker;
  try {
    chunker = openChunker(job);
  } catch (error) {
    throw diskError(error, job.path);
  }
  return {
    width: 4,
    async take(index) {
      try {
        const { bytes, ...hashes } = chunker.take(index);
        return { ...hashes, length: bytes.length, ...(carry ? { bytes } : {}), done() {} };
      } catch (error) {
        throw asError(error as Error, job.path);
      }
    },
    close: async () => chunker.close(),
  };
}

function threaded(job: ChunkJob, carry: boolean): ChunkPool {
  const count = Math.max(2, Math.min(availableParallelism(), 8));
  const spare: ArrayBuffer[] = [];
  const waiting = new Map<number, { resolve(taken: Taken): void; reject(error: unknown): void }>();
  const fail = (error: unknown) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const workers = Array.from({ length: count }, () => {
    const worker = new Worker(new URL("./chunkWorker.ts", import.meta.url), {
      workerData: { job, carry },
      resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 },
    });
    worker.on("error", (error) => fail(asError(error, job.path)));
    worker.on("message", (message: Answer | { index: number; failure: Failure }) => {
      const promise = waiting.get(message.index);
      waiting.delete(message.index);
      if ("failure" in message) return promise?.reject(asError(message.failure, job.path));
      const { memory, offset, length, index: _, ...hashes } = message;
      const bytes = memory ? { bytes: new Uint8Array(memory, offset, length) } : {};
      promise?.resolve({ ...hashes, length, ...bytes, done: () => memory && spare.push(memory) });
    });
    return worker;
  });
  let next = 0;
  return {
    // One chunk in each thread, one waiting there.
    width: count * 2,
    take(index) {
      const worker = workers[next++ % count] as Worker;
      const memory = spare.pop();
      return new Promise((resolve, reject) => {
        waiting.set(index, { resolve, reject });
        worker.postMessage({ index, memory } satisfies Task, memory ? [memory] : []);
      });
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function asError(error: Failure, path: string): unknown {
  if (error.name === "ShortReadError") return changedError(path);
  return diskError(error instanceof Error ? error : Object.assign(new ShortReadError(error.message), error), path);
}

/** The file was written to while it was read. */
export function changedError(path: string): InvalidInputError {
  return new InvalidInputError(`${path} changed while it was read.`, {
    hints: ["Wait until nobody writes to it, and try again."],
  });
}
