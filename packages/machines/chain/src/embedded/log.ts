import { type FileHandle, mkdir, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { IntegrityError } from "@base/errors";
import type { Address, Hash, Hex } from "viem";
import { DiskError } from "../errors.ts";

/** First record: everything that decides the genesis block. */
export interface LogHeader {
  readonly k: "log";
  readonly format: "assay-chain-log/1";
  readonly chainId: number;
  /** Seconds since 1970. */
  readonly genesisTime: number;
  readonly hardfork: string;
  readonly faucet: Address;
  /** Wei, decimal. */
  readonly supply: string;
  readonly genesisHash: Hash;
}

/** Where the chain stood before a record was written; replay compares. */
export interface Mark {
  readonly number: number;
  readonly hash: Hash;
  readonly stateRoot: Hash;
}

/**
 * One step of the chain. `t` is the block's timestamp in seconds, `p` the hash of the block before.
 * tx: one raw transaction in one block. mine: `n` empty blocks, and the clock's distance `o` from real time from now on.
 * drop: a transaction that its block left out. mark: nothing but a checkpoint.
 */
export type LogRecord = { readonly mark?: Mark } & (
  | { readonly k: "tx"; readonly t: number; readonly p: Hash; readonly raw: Hex }
  | { readonly k: "mine"; readonly t: number; readonly p: Hash; readonly n: number; readonly o: number }
  | { readonly k: "drop"; readonly h: Hash }
  | { readonly k: "mark" }
);

const newline = 0x0a;
const chunkSize = 1 << 20;
/** A transaction may carry 128 KiB; anything longer than this is not ours. */
const maxLine = 1 << 20;

function encode(record: LogHeader | LogRecord): Buffer {
  const json = JSON.stringify(record);
  return Buffer.from(`${crc32(json).toString(16).padStart(8, "0")} ${json}\n`);
}

function decode(line: Buffer): LogHeader | LogRecord | undefined {
  if (line.length < 10 || line[8] !== 0x20) return undefined;
  const body = line.subarray(9);
  if (Number.parseInt(line.toString("latin1", 0, 8), 16) !== crc32(body)) return undefined;
  return JSON.parse(body.toString()) as LogHeader | LogRecord;
}

/**
 * Append-only file of what happened to a chain: a line is the CRC-32 of a JSON record and the record.
 *
 * `append` returns after fdatasync. A last line that was cut by a crash was never acknowledged and is removed on
 * opening; a broken line with a good one behind it is damage and throws IntegrityError.
 */
export class ChainLog {
  readonly path: string;
  readonly header: LogHeader;
  #file: FileHandle;
  #size: number;
  #broken = false;

  constructor(path: string, header: LogHeader, file: FileHandle, size: number) {
    this.path = path;
    this.header = header;
    this.#file = file;
    this.#size = size;
  }

  /** Bytes written and synced so far. */
  get size(): number {
    return this.#size;
  }

  /** Writes one record and syncs it. Throws DiskError, after which nothing of the record is left. */
  async append(record: LogRecord): Promise<void> {
    if (this.#broken) throw new DiskError(`${this.path} failed before; restart after freeing or mending the disk.`);
    const bytes = encode(record);
    try {
      const { bytesWritten } = await this.#file.write(bytes, 0, bytes.length, this.#size);
      if (bytesWritten !== bytes.length) throw new DiskError(`${this.path}: short write, the disk may be full.`);
      await this.#file.datasync();
      this.#size += bytes.length;
    } catch (cause) {
      await this.#file.truncate(this.#size).catch(() => {
        this.#broken = true;
      });
      throw new DiskError(`Cannot write ${this.path}: ${(cause as Error).message}`, {
        cause,
        data: { path: this.path },
        hints: ["Free space on the disk and try again; nothing was accepted."],
      });
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** Creates the file with its header, complete or not at all. */
  static async create(path: string, header: LogHeader): Promise<ChainLog> {
    try {
      await mkdir(dirname(path), { recursive: true });
      const bytes = encode(header);
      const file = await open(`${path}.new`, "w");
      await file.writeFile(bytes);
      await file.sync();
      await file.close();
      await rename(`${path}.new`, path);
      await syncFolder(dirname(path));
      return new ChainLog(path, header, await open(path, "r+"), bytes.length);
    } catch (cause) {
      throw new DiskError(`Cannot create ${path}: ${(cause as Error).message}`, { cause, data: { path } });
    }
  }

  /**
   * Opens an existing log, hands every record to `replay` in order with the byte offset behind it, then cuts off a
   * torn end. Returns undefined when there is no such file.
   */
  static async open(
    path: string,
    start: (header: LogHeader, bytes: number) => Promise<(record: LogRecord, offset: number) => Promise<void>>,
  ): Promise<ChainLog | undefined> {
    const file = await open(path, "r+").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw new DiskError(`Cannot open ${path}: ${error.message}`, { cause: error, data: { path } });
    });
    if (file === undefined) return undefined;
    try {
      const { size } = await file.stat();
      let header: LogHeader | undefined;
      let replay: ((record: LogRecord, offset: number) => Promise<void>) | undefined;
      let good = 0;
      let bad = false;
      for await (const { line, end } of lines(file)) {
        const record = decode(line);
        if (record === undefined) {
          bad = true;
          continue;
        }
        if (bad) throw damaged(path, good);
        if (header === undefined) {
          if (record.k !== "log" || record.format !== "assay-chain-log/1") throw damaged(path, 0);
          header = record;
          replay = await start(header, size);
        } else await replay?.(record as LogRecord, end);
        good = end;
      }
      if (header === undefined) throw damaged(path, 0);
      if (good < size) {
        await file.truncate(good);
        await file.datasync();
      }
      return new ChainLog(path, header, file, good);
    } catch (error) {
      await file.close();
      throw error;
    }
  }
}

function damaged(path: string, offset: number): IntegrityError {
  return new IntegrityError(`${path} is damaged after byte ${offset}.`, {
    data: { path, offset },
    hints: ["Restore the file from a copy, or start with a fresh data folder."],
  });
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  await folder.sync().catch(() => {});
  await folder.close();
}

/** Lines without their newline, and the byte offset behind each; an unfinished last line is left out. */
async function* lines(file: FileHandle): AsyncGenerator<{ line: Buffer; end: number }> {
  const chunk = Buffer.alloc(chunkSize);
  let rest = Buffer.alloc(0);
  let position = 0;
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, chunkSize, position);
    if (bytesRead === 0) return;
    const base = position - rest.length;
    position += bytesRead;
    const all = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let from = 0;
    for (let at = all.indexOf(newline); at !== -1; at = all.indexOf(newline, from)) {
      yield { line: all.subarray(from, at), end: base + at + 1 };
      from = at + 1;
    }
    rest = Buffer.from(all.subarray(from));
    if (rest.length > maxLine * 2) rest = rest.subarray(0, maxLine * 2);
  }
}
