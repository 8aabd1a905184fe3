import { join } from "node:path";
import { entryEnd, GrowingBuffer } from "./bundle.ts";
import { readIfThere, writeTile } from "./disk.ts";
import { RecentHashes } from "./duplicates.ts";
import { Edge } from "./edge.ts";
import { HASH, hashLeafOf, TILE, TILE_BYTES } from "./hashing.ts";
import { damaged, openJournal, type Replay, Segment, type Snapshot } from "./journal.ts";
import { bundlePath, tilePath } from "./layout.ts";

/** The part of a log that changes with every record: its right edge, the open bundle, what was written since when. */
export class LogState {
  readonly dir: string;
  edge = new Edge();
  readonly bundle = new GrowingBuffer(TILE * 256);
  readonly recent: RecentHashes;
  /** Files written since the journal's last segment began. */
  written: string[] = [];

  constructor(dir: string, window: number) {
    this.dir = dir;
    this.recent = new RecentHashes(window);
  }

  /**
   * Adds the entry at `source[from ... to]` (length and record), whose leaf hash stands at `hashes[at ...]`; full tiles
   * and bundles go to their files.
   */
  add(source: Buffer, from: number, to: number, hashes: Buffer, at: number): void {
    const index = this.edge.size;
    this.bundle.range(source, from, to);
    this.recent.add(hashes, at, index);
    if ((index + 1) % TILE === 0) {
      this.#write(bundlePath(Math.floor(index / TILE)), this.bundle.view());
      this.bundle.clear();
    }
    this.edge.push(hashes, at, (level, tile, bytes) => this.#write(tilePath(level, tile), bytes));
  }

  /** Where the log stands; good until the next record. */
  snapshot(): Snapshot {
    return { edge: this.edge, bundle: this.bundle.view() };
  }

  #write(path: string, bytes: Uint8Array): void {
    const file = join(this.dir, path);
    writeTile(file, bytes);
    this.written.push(file);
  }
}

/** Brings a log's state back from its journal and tiles; makes the first journal segment of a new log. */
export async function recover(
  dir: string,
  window: number,
  nonce: () => Uint8Array,
): Promise<{ state: LogState; segment: Segment; older: string[] }> {
  const state = new LogState(dir, window);
  const journal = join(dir, "journal");
  const leaf = Buffer.alloc(HASH);
  let begun = false;
  const replay: Replay = {
    start({ edge, bundle }, path) {
      if (begun) {
        const same = edge.size === state.edge.size && edge.root() === state.edge.root();
        if (!same) throw damaged(path, 0);
        return;
      }
      begun = true;
      rememberTiles(state, edge);
      state.edge = edge;
      state.bundle.raw(bundle);
    },
    frame(payload, first, count) {
      let at = 0;
      for (let i = 0; i < count; i++) {
        const end = entryEnd(payload, at);
        if (end < 0 || first + i !== state.edge.size) throw damaged(journal, first);
        hashLeafOf(payload, at + 2, end, leaf, 0);
        state.add(payload, at, end, leaf, 0);
        at = end;
      }
      if (at !== payload.length) throw damaged(journal, first);
    },
  };
  const opened = await openJournal(journal, replay);
  if (opened) return { state, ...opened };
  const segment = await Segment.create(journal, state.snapshot(), nonce());
  return { state, segment, older: [] };
}

/** Fills the memory of recent hashes from the tiles; what it names is compared with checked tiles before it counts. */
function rememberTiles(state: LogState, edge: Edge): void {
  const { recent, dir } = state;
  const tiles = Math.floor(edge.size / TILE);
  for (let tile = Math.max(0, tiles - Math.ceil(recent.window / TILE)); tile < tiles; tile++) {
    const bytes = readIfThere(join(dir, tilePath(0, tile)));
    if (bytes?.length !== TILE_BYTES) continue;
    for (let i = 0; i < TILE; i++) recent.add(bytes, i * HASH, tile * TILE + i);
  }
  const open = edge.partial(0);
  for (let i = 0; i < open.length / HASH; i++) recent.add(open, i * HASH, tiles * TILE + i);
}
