// Reads, seals and hashes chunks of one file in a thread of its own; see chunkPool.ts.
import { parentPort, workerData } from "node:worker_threads";
import { type ChunkJob, openChunker } from "./chunker.ts";
import type { Answer, Task } from "./chunkPool.ts";

const { job, carry } = workerData as { job: ChunkJob; carry: boolean };
const chunker = openChunker(job);
let own: ArrayBuffer | undefined;

parentPort?.on("message", ({ index, memory }: Task) => {
  try {
    const { bytes, ...hashes } = chunker.take(index, memory ?? own);
    const { buffer, byteOffset, byteLength } = bytes;
    if (carry) {
      const answer: Answer = { index, ...hashes, memory: buffer, offset: byteOffset, length: byteLength };
      parentPort?.postMessage(answer, [buffer]);
    } else {
      own = buffer;
      parentPort?.postMessage({ index, ...hashes, length: byteLength } satisfies Answer);
    }
  } catch (error) {
    const { name, message, code } = error as NodeJS.ErrnoException;
    parentPort?.postMessage({ index, failure: { name, message, code } });
  }
});
