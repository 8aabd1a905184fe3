// Runs a reader that is not ours in a thread of its own; see foreign.ts.
import { parentPort } from "node:worker_threads";
import { readArrow } from "./arrow.ts";
import type { Batch } from "./cells.ts";
import type { FromReader, ToReader } from "./foreign.ts";
import { readParquet } from "./parquet.ts";
import type { ByteSource } from "./source.ts";

const port = parentPort;
const asked = new Map<number, (bytes: Uint8Array) => void>();
let batches: AsyncGenerator<Batch> | undefined;
let reads = 0;

const tell = (message: FromReader) => port?.postMessage(message);

function remote(size: number): ByteSource {
  return {
    size,
    read: (start, end) =>
      new Promise((resolve) => {
        asked.set(++reads, resolve);
        tell({ kind: "read", id: reads, start, end });
      }),
    close: async () => {},
  };
}

async function next(): Promise<void> {
  try {
    const step = await batches?.next();
    tell(!step || step.done ? { kind: "end" } : { kind: "batch", batch: step.value });
  } catch (error) {
    const { name, message } = error as Error;
    tell({ kind: "failed", name, message });
  }
}

port?.on("message", (message: ToReader) => {
  if (message.kind === "open") {
    const source = remote(message.size);
    batches = message.format === "arrow" ? readArrow(source) : readParquet(source);
  } else if (message.kind === "bytes") {
    asked.get(message.id)?.(message.bytes);
    asked.delete(message.id);
  } else void next();
});
