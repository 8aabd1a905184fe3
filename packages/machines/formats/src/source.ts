import { open } from "node:fs/promises";
import { FormatError } from "./errors.ts";

/** Bytes that are read where they are wanted, wherever they lie. */
export interface ByteSource {
  readonly size: number;
  /** The bytes [start, end), cut at the end of the source. */
  read(start: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Bytes in hand. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: async (start, end) => bytes.subarray(start, end), close: async () => {} };
}

/** A file of this machine; the caller closes it. Throws what `open` throws. */
export async function fileSource(path: string): Promise<ByteSource> {
  const file = await open(path, "r");
  const { size } = await file.stat();
  return {
    size,
    async read(start, end) {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - start));
      let got = 0;
      while (got < bytes.length) {
        const { bytesRead } = await file.read(bytes, got, bytes.length - got, start + got);
        if (bytesRead === 0) throw new FormatError("file", `${path} became shorter while it was read.`);
        got += bytesRead;
      }
      return bytes;
    },
    close: () => file.close(),
  };
}

const STEP = 1024 * 1024;

/** All bytes in order, a MiB at a time. */
export async function* streamOf(source: ByteSource): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < source.size; at += STEP) yield source.read(at, Math.min(at + STEP, source.size));
}
