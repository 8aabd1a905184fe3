import { MAX_RECORD } from "./hashing.ts";

/** Writes a record as a big-endian uint16 length and its bytes; returns the offset behind it. */
export function writeEntry(record: Uint8Array, out: Uint8Array, at: number): number {
  out[at] = record.length >> 8;
  out[at + 1] = record.length & 0xff;
  out.set(record, at + 2);
  return at + 2 + record.length;
}

/** Records of an entry bundle as views of it; `complete` is false when the bytes end inside a record. */
export function readEntries(bytes: Uint8Array): { entries: Uint8Array[]; complete: boolean } {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 2 > bytes.length) return { entries, complete: false };
    const length = (bytes[at] as number) * 256 + (bytes[at + 1] as number);
    if (at + 2 + length > bytes.length) return { entries, complete: false };
    entries.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return { entries, complete: true };
}

/** Offset behind the entry that begins at `at`, -1 when the bytes end inside it. */
export function entryEnd(bytes: Buffer, at: number): number {
  if (at + 2 > bytes.length) return -1;
  const end = at + 2 + bytes.readUInt16BE(at);
  return end > bytes.length ? -1 : end;
}

/** Bytes that arrive piece by piece in one buffer that is used again. */
export class GrowingBuffer {
  #bytes: Buffer;
  length = 0;

  constructor(capacity: number) {
    this.#bytes = Buffer.alloc(capacity);
  }

  /** Adds one entry (length and bytes). */
  entry(record: Uint8Array): void {
    this.#reserve(2 + record.length);
    this.length = writeEntry(record, this.#bytes, this.length);
  }

  /** Adds bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Adds `source[from ... to]`. */
  range(source: Buffer, from: number, to: number): void {
    this.#reserve(to - from);
    source.copy(this.#bytes, this.length, from, to);
    this.length += to - from;
  }

  /** A view that is good until the next call. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }

  #reserve(more: number): void {
    if (this.length + more <= this.#bytes.length) return;
    const grown = Buffer.alloc(Math.max(this.#bytes.length * 2, this.length + more + MAX_RECORD));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
