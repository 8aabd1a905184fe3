import { type FileHandle, mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Hash, sha256Hex } from "@base/bytes/hash.ts";
import { hexToBytes, utf8 } from "@base/bytes/hex.ts";
import type { Chunk } from "./chunker.ts";

/** The hashes of a chunk that is done. */
export type Done = Omit<Chunk, "bytes">;

/** What is known of a file that is being stored, kept on disk so that a killed process's work counts. */
export interface Journal {
  /** Chunks that an earlier process finished, by index. */
  readonly done: ReadonlyMap<number, Done>;
  add(index: number, chunk: Done): Promise<void>;
  /** The file is stored: forget how it came. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

const FIELDS = ["hash", "leaf", "plain", "sectors"] as const;
const RECORD = 4 + 32 * FIELDS.length + 8;
const ABSENT = new Uint8Array(32);

/**
 * Opens the journal of one source (`identity` says which, and in which state); lines that were torn or changed are
 * dropped. Nothing is synced: a line that is lost costs one chunk's work, and the caller asks the disk about each chunk.
 */
export async function openJournal(dir: string, identity: string): Promise<Journal> {
  const folder = join(dir, "resume");
  await mkdir(folder, { recursive: true });
  const path = join(folder, sha256Hex(utf8(identity)).slice(2));
  const before = await readFile(path).catch(() => new Uint8Array(0));
  const done = new Map<number, Done>();
  let end = 0;
  for (; end + RECORD <= before.length; end += RECORD) {
    const record = before.subarray(end, end + RECORD);
    if (!Buffer.from(record.subarray(RECORD - 8)).equals(check(record))) break;
    const at = (field: number) => record.subarray(4 + 32 * field, 36 + 32 * field);
    const hashes = Object.fromEntries(
      FIELDS.flatMap((name, i) => (Buffer.compare(at(i), ABSENT) ? [[name, hex(at(i))]] : [])),
    );
    done.set(new DataView(record.buffer, record.byteOffset).getUint32(0), hashes as unknown as Done);
  }
  const file: FileHandle = await open(path, "a");
  if (end < before.length) await file.truncate(end);
  let closed = false;
  const close = async () => {
    if (!closed) await file.close();
    closed = true;
  };
  return {
    done,
    async add(index, chunk) {
      const record = new Uint8Array(RECORD);
      new DataView(record.buffer).setUint32(0, index);
      FIELDS.forEach((name, i) => {
        const hash = chunk[name];
        if (hash) record.set(hexToBytes(hash), 4 + 32 * i);
      });
      record.set(check(record), RECORD - 8);
      await file.appendFile(record);
    },
    async finish() {
      await close();
      await rm(path, { force: true });
    },
    close,
  };
}

const hex = (bytes: Uint8Array): Hash => `0x${Buffer.from(bytes).toString("hex")}`;

function check(record: Uint8Array): Uint8Array {
  return hexToBytes(sha256Hex(record.subarray(0, RECORD - 8))).subarray(0, 8);
}
