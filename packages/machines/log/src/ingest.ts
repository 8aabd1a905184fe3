import { GrowingBuffer } from "./bundle.ts";
import { HASH, hashLeafOf, TILE } from "./hashing.ts";
import { FRAME_HEADER } from "./journal.ts";
import type { LogState } from "./state.ts";
import type { CheckedTiles } from "./tiles.ts";

/** Records of one batch at most, and bytes after which a batch is closed. */
const BATCH_RECORDS = 8_192;
const BATCH_BYTES = 2 << 20;

/** A call of `append` on its way into the log. */
export interface Pending {
  readonly records: readonly Uint8Array[];
  /** Records already taken into batches. */
  taken: number;
  readonly indexes: number[];
  readonly duplicates: number[];
}

/** Records of one or more calls that become durable together; its memory is used again for the next batch. */
export class Batch {
  count = 0;
  /** Records of each call, in order: the call, and the position of its first record in it. */
  parts: { call: Pending; from: number; count: number }[] = [];
  readonly #staged = new GrowingBuffer(BATCH_BYTES + (1 << 17));
  readonly #frame = new GrowingBuffer(BATCH_BYTES + (1 << 17));
  readonly #hashes = Buffer.alloc(BATCH_RECORDS * HASH);
  /** Offset in `#staged` behind each record. */
  readonly #ends = new Uint32Array(BATCH_RECORDS);
  /** Position in the batch of each record that is new. */
  readonly #fresh = new Uint32Array(BATCH_RECORDS);

  /** Copies records out of the calls until the batch is full; a caller may change its own bytes afterwards. */
  fill(queue: readonly Pending[]): void {
    this.count = 0;
    this.parts = [];
    this.#staged.clear();
    for (const call of queue) {
      const from = call.taken;
      while (call.taken < call.records.length && !this.#full()) {
        const record = call.records[call.taken++] as Uint8Array;
        this.#staged.entry(record);
        this.#ends[this.count++] = this.#staged.length;
      }
      this.parts.push({ call, from, count: call.taken - from });
      if (this.#full()) return;
    }
  }

  /**
   * Hashes the batch, leaves out what the log has already, adds the rest to the log's state, and answers each call's
   * indexes; `checked` are the log's tiles as they stand. Returns the journal frame, undefined when nothing is new.
   */
  async integrate(
    state: LogState,
    checked: () => CheckedTiles,
  ): Promise<{ frame: Buffer; first: number; count: number } | undefined> {
    const staged = this.#staged.view();
    const ends = this.#ends;
    for (let i = 0; i < this.count; i++) {
      hashLeafOf(staged, (i ? (ends[i - 1] as number) : 0) + 2, ends[i] as number, this.#hashes, i * HASH);
    }
    const known = await this.#knownOnDisk(state, checked);
    const first = state.edge.size;
    const edgeStart = first - (first % TILE);
    const edge = Buffer.from(state.edge.partial(0));
    this.#frame.clear();
    this.#frame.raw(Buffer.alloc(FRAME_HEADER));
    let added = 0;
    let position = 0;
    for (const { call, from, count } of this.parts) {
      for (let i = 0; i < count; i++, position++) {
        const at = position * HASH;
        const same = (index: number): boolean => {
          if (index < edgeStart) return false;
          if (index < first) return compare(this.#hashes, at, edge, (index - edgeStart) * HASH);
          return compare(this.#hashes, at, this.#hashes, (this.#fresh[index - first] as number) * HASH);
        };
        const before = known?.get(position) ?? state.recent.find(this.#hashes, at, same);
        if (before >= 0) {
          call.duplicates.push(from + i);
          call.indexes.push(before);
          continue;
        }
        const start = position ? (ends[position - 1] as number) : 0;
        const end = ends[position] as number;
        this.#fresh[added++] = position;
        call.indexes.push(state.edge.size);
        this.#frame.range(staged, start, end);
        state.add(staged, start, end, this.#hashes, at);
      }
    }
    return added === 0 ? undefined : { frame: this.#frame.view(), first, count: added };
  }

  /** Positions in the batch whose records stand in full tiles, with their indexes; compared with checked tiles. */
  async #knownOnDisk(state: LogState, checked: () => CheckedTiles): Promise<Map<number, number> | undefined> {
    const edgeStart = state.edge.size - (state.edge.size % TILE);
    const suspects: { position: number; index: number }[] = [];
    for (let position = 0; position < this.count; position++) {
      state.recent.find(this.#hashes, position * HASH, (index) => {
        if (index < edgeStart) suspects.push({ position, index });
        return false;
      });
    }
    if (suspects.length === 0) return undefined;
    const tiles = checked();
    const known = new Map<number, number>();
    for (const { position, index } of suspects.sort((a, b) => a.index - b.index)) {
      if (compare(this.#hashes, position * HASH, await tiles.leaf(index), 0)) known.set(position, index);
    }
    return known;
  }

  #full(): boolean {
    return this.count >= BATCH_RECORDS || this.#staged.length >= BATCH_BYTES;
  }
}

function compare(a: Buffer, at: number, b: Buffer, bt: number): boolean {
  return a.compare(b, bt, bt + HASH, at, at + HASH) === 0;
}
