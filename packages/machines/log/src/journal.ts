import { type FileHandle, mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { diskError, replaceFile } from "./disk.ts";
import { Edge } from "./edge.ts";
import { JournalDamagedError } from "./errors.ts";
import { HASH } from "./hashing.ts";
import { levelCount, levelsOf } from "./layout.ts";
import { TILE } from "./hashing.ts";

// A segment is one file: a header that holds the log's right edge at its start, then frames of acknowledged records.
//   header: "ASSAYLG1" ‖ nonce[16] ‖ u32 length of the rest ‖ u32 crc of nonce and rest
//           rest = u64 size ‖ u32 bytes of the open bundle ‖ open bundle ‖ partial tile of each level, lowest first
//   frame:  nonce[16] ‖ u64 first index ‖ u32 count ‖ u32 payload bytes ‖ u32 payload crc ‖ u32 crc of the 36 bytes before
// All integers are big-endian. The nonce is drawn for each segment, so no record can contain something that looks like
// a frame: behind a torn frame, another frame is proof of damage.
const MAGIC = Buffer.from("ASSAYLG1");
const NONCE = 16;
const HEADER = MAGIC.length + NONCE + 8;
/** Bytes before a frame's payload. */
export const FRAME_HEADER = NONCE + 24;

/** Where a log stood when a segment was begun. */
export interface Snapshot {
  readonly edge: Edge;
  /** Entries of the bundle that was not full. */
  readonly bundle: Buffer;
}

/** One journal file, open for writing behind its last good frame. */
export class Segment {
  readonly path: string;
  readonly #nonce: Buffer;
  readonly #file: FileHandle;
  bytes: number;

  constructor(path: string, nonce: Buffer, file: FileHandle, bytes: number) {
    this.path = path;
    this.#nonce = nonce;
    this.#file = file;
    this.bytes = bytes;
  }

  /** Begins a segment: complete on the disk, or not there. */
  static async create(dir: string, snapshot: Snapshot, nonce: Uint8Array): Promise<Segment> {
    const path = join(dir, segmentName(snapshot.edge.size));
    const header = encodeHeader(snapshot, Buffer.from(nonce));
    await replaceFile(path, header);
    const file = await open(path, "r+").catch((cause) => {
      throw diskError(cause, path);
    });
    return new Segment(path, Buffer.from(nonce), file, header.length);
  }

  /**
   * Writes and syncs one frame; the records are acknowledged when this returns.
   *
   * `frame` has FRAME_HEADER free bytes in front of its payload, which are filled in here.
   */
  async append(frame: Buffer, first: number, count: number): Promise<void> {
    const payload = frame.subarray(FRAME_HEADER);
    this.#nonce.copy(frame, 0);
    frame.writeBigUInt64BE(BigInt(first), NONCE);
    frame.writeUInt32BE(count, NONCE + 8);
    frame.writeUInt32BE(payload.length, NONCE + 12);
    frame.writeUInt32BE(crc32(payload), NONCE + 16);
    frame.writeUInt32BE(crc32(frame.subarray(0, NONCE + 20)), NONCE + 20);
    try {
      for (let at = 0; at < frame.length; ) {
        const { bytesWritten } = await this.#file.write(frame, at, frame.length - at, this.bytes + at);
        at += bytesWritten;
      }
      await this.#file.datasync();
      this.bytes += frame.length;
    } catch (cause) {
      throw diskError(cause, this.path);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

function segmentName(size: number): string {
  return `${String(size).padStart(16, "0")}.journal`;
}

function encodeHeader({ edge, bundle }: Snapshot, nonce: Buffer): Buffer {
  const fixed = Buffer.alloc(12);
  fixed.writeBigUInt64BE(BigInt(edge.size), 0);
  fixed.writeUInt32BE(bundle.length, 8);
  const tiles = Array.from({ length: levelsOf(edge.size) }, (_, level) => edge.partial(level));
  const rest = Buffer.concat([fixed, bundle, ...tiles]);
  const sums = Buffer.alloc(8);
  sums.writeUInt32BE(rest.length, 0);
  sums.writeUInt32BE(crc32(rest, crc32(nonce)), 4);
  return Buffer.concat([MAGIC, nonce, sums, rest]);
}

function decodeHeader(bytes: Buffer, path: string): { snapshot: Snapshot; nonce: Buffer; end: number } {
  if (bytes.length < HEADER + 12 || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw damaged(path, 0);
  const nonce = Buffer.from(bytes.subarray(MAGIC.length, MAGIC.length + NONCE));
  const end = HEADER + bytes.readUInt32BE(HEADER - 8);
  const rest = bytes.subarray(HEADER, end);
  if (end > bytes.length || crc32(rest, crc32(nonce)) !== bytes.readUInt32BE(HEADER - 4)) throw damaged(path, 0);
  const size = Number(rest.readBigUInt64BE(0));
  let at = 12 + rest.readUInt32BE(8);
  const bundle = Buffer.from(rest.subarray(12, at));
  const edge = Edge.from(size, (level) => {
    const width = levelCount(size, level) % TILE;
    const tile = rest.subarray(at, at + width * HASH);
    at += width * HASH;
    return tile;
  });
  if (at !== rest.length) throw damaged(path, 0);
  return { snapshot: { edge, bundle }, nonce, end };
}

/** What replaying calls back with. */
export interface Replay {
  /** A segment begins; the first one sets the state, later ones must agree with it. */
  start(snapshot: Snapshot, path: string): void;
  /** Entries of one frame (bundle encoding), the first of which is record `first`. */
  frame(payload: Buffer, first: number, count: number): void;
}

/**
 * Replays all segments of a folder and opens the last one for writing; undefined when there is none.
 *
 * A last frame that was cut by a crash was never acknowledged and is cut off. Throws JournalDamagedError when anything
 * that was acknowledged is damaged.
 */
export async function openJournal(
  dir: string,
  replay: Replay,
): Promise<{ segment: Segment; older: string[] } | undefined> {
  const names = await listSegments(dir);
  const older = names.slice(0, -1).map((name) => join(dir, name));
  for (const [i, name] of names.entries()) {
    const path = join(dir, name);
    const file = await open(path, "r+").catch((cause) => {
      throw diskError(cause, path);
    });
    const last = i === names.length - 1;
    try {
      // A segment is bounded (see `segmentBytes`), so that it fits in memory.
      const bytes = await file.readFile();
      const { snapshot, nonce, end } = decodeHeader(bytes, path);
      replay.start(snapshot, path);
      const good = replayFrames(bytes, nonce, end, replay);
      if (good < bytes.length) {
        if (!last || bytes.indexOf(nonce, good + 1) >= 0) throw damaged(path, good);
        await file.truncate(good);
        await file.sync();
      }
      if (last) return { segment: new Segment(path, nonce, file, good), older };
      await file.close();
    } catch (error) {
      await file.close().catch(() => {});
      throw error;
    }
  }
  return undefined;
}

/** Offset behind the last good frame. */
function replayFrames(bytes: Buffer, nonce: Buffer, start: number, replay: Replay): number {
  let at = start;
  while (at + FRAME_HEADER <= bytes.length) {
    const header = bytes.subarray(at, at + FRAME_HEADER);
    if (!header.subarray(0, NONCE).equals(nonce)) break;
    if (crc32(header.subarray(0, NONCE + 20)) !== header.readUInt32BE(NONCE + 20)) break;
    const payload = bytes.subarray(at + FRAME_HEADER, at + FRAME_HEADER + header.readUInt32BE(NONCE + 12));
    if (payload.length !== header.readUInt32BE(NONCE + 12)) break;
    if (crc32(payload) !== header.readUInt32BE(NONCE + 16)) break;
    replay.frame(payload, Number(header.readBigUInt64BE(NONCE)), header.readUInt32BE(NONCE + 8));
    at += FRAME_HEADER + payload.length;
  }
  return at;
}

async function listSegments(dir: string): Promise<string[]> {
  try {
    await mkdir(dir, { recursive: true });
    const names = await readdir(dir);
    for (const name of names.filter((name) => name.endsWith(".new"))) await rm(join(dir, name), { force: true });
    return names.filter((name) => name.endsWith(".journal")).sort();
  } catch (cause) {
    throw diskError(cause, dir);
  }
}

export function damaged(path: string, offset: number): JournalDamagedError {
  return new JournalDamagedError(`${path} is damaged after byte ${offset}: acknowledged records are unreadable.`, {
    data: { path, offset },
    hints: ["Restore the file from a copy; the tiles written before it are intact."],
  });
}
