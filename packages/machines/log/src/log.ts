import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { bytesToHex } from "@base/bytes/hex.ts";
import { inclusionRoot } from "@base/bytes/merkle.ts";
import { IntegrityError, InvalidInputError } from "@base/errors";
import { type Checkpoint, parseCheckpoint, signCheckpoint } from "./checkpoint.ts";
import { makeReceipt } from "./cose.ts";
import { readIfThere, replaceFile, syncAll, writeTile } from "./disk.ts";
import { LogDiskError, RecordTooLongError, RolledBackError, WitnessConflictError } from "./errors.ts";
import { hashLeafInto, MAX_RECORD, TILE } from "./hashing.ts";
import { Batch, type Pending } from "./ingest.ts";
import { Segment } from "./journal.ts";
import { bundlePath, levelCount, levelsOf, tilePath } from "./layout.ts";
import { lockLog } from "./lock.ts";
import type { Signer } from "./note.ts";
import { folderSource } from "./reader.ts";
import { type LogState, recover } from "./state.ts";
import { CheckedTiles, TileCache } from "./tiles.ts";
import { type ConsistencyProof, type InclusionProof, splitView } from "./verify.ts";
import { addSignatures, type Witness } from "./witness.ts";

/** Settings of a log that is written by this process. */
export interface LogOptions {
  /** Folder of the log; made when it is not there. */
  readonly dir: string;
  /** Name of the log in its checkpoints: a URL without scheme, no spaces, no plus sign. */
  readonly origin: string;
  /** Keys that sign each checkpoint; at least one. */
  readonly signers: readonly Signer[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Random bytes for journal nonces; the operating system's unless given. */
  readonly random?: (bytes: number) => Uint8Array;
  /** A duplicate is recognised among at least this many newest records (default 1,048,576; 24 to 48 bytes each); 0 for never. */
  readonly duplicateWindow?: number;
  /** Bytes after which a journal file is closed and, once its tiles are synced, removed (default 64 MiB). */
  readonly segmentBytes?: number;
}

/** Answer of `append`. */
export interface Appended {
  /** Where each record stands, in the order given. */
  readonly indexes: readonly number[];
  /** Positions (in the order given) of records that were in the log already. */
  readonly duplicates: readonly number[];
  /** Records in the log, durable. */
  readonly size: number;
}

/** A signed head, with what the witnesses said. */
export interface Published extends Checkpoint {
  /** Names of witnesses that signed. */
  readonly cosigned: readonly string[];
  /** Witnesses that did not, and why. */
  readonly refused: readonly { readonly name: string; readonly error: unknown }[];
}

type Task =
  | { kind: "append"; pending: Pending; done: (size: number) => void; fail: (error: unknown) => void }
  | { kind: "run"; run: () => Promise<void> };

/** An append-only log on files (C2SP tlog-tiles) that one process writes and anybody reads. */
export class Log {
  readonly origin: string;
  readonly dir: string;
  readonly #options: LogOptions;
  readonly #unlock: () => void;
  readonly #state: LogState;
  readonly #cache = new TileCache();
  #segment: Segment;
  #older: string[];
  #published: Checkpoint | undefined;
  #durable: number;
  #queue: Task[] = [];
  #working: Promise<void> | undefined;
  #writing: Promise<void> = Promise.resolve();
  #retiring: Promise<void> = Promise.resolve();
  #publishing: Promise<unknown> = Promise.resolve();
  #broken: unknown;
  #batches = [new Batch(), new Batch()] as const;
  #turn = 0;

  /** Use `openLog`. */
  constructor(
    options: LogOptions,
    unlock: () => void,
    recovered: { state: LogState; segment: Segment; older: string[] },
    published: Checkpoint | undefined,
  ) {
    this.#options = options;
    this.#unlock = unlock;
    this.origin = options.origin;
    this.dir = recovered.state.dir;
    this.#state = recovered.state;
    this.#segment = recovered.segment;
    this.#older = recovered.older;
    this.#published = published;
    this.#durable = recovered.state.edge.size;
  }

  /** Records that are durable. */
  get size(): number {
    return this.#durable;
  }

  /** The newest published checkpoint. */
  get published(): Checkpoint | undefined {
    return this.#published;
  }

  /**
   * Adds records; when the promise resolves they are synced to the journal and survive a crash.
   *
   * Many calls at once share a sync. A call that fails or is cut by a crash may have stored its first records: calling
   * again is harmless, for a record that the log has is recognised and gets its old index. Throws RecordTooLongError,
   * LogDiskError.
   */
  async append(records: readonly Uint8Array[]): Promise<Appended> {
    const long = records.findIndex((record) => record.length > MAX_RECORD);
    if (long >= 0) {
      const length = records[long]?.length;
      throw new RecordTooLongError(`Record ${long} has ${length} bytes, at most ${MAX_RECORD} fit.`, {
        data: { position: long, length },
        hints: ["Log its hash and keep the bytes in a store."],
      });
    }
    if (records.length === 0) return { indexes: [], duplicates: [], size: this.#durable };
    return new Promise((resolve, reject) => {
      const pending: Pending = { records, taken: 0, indexes: [], duplicates: [] };
      const { indexes, duplicates } = pending;
      this.#enqueue({
        kind: "append",
        pending,
        done: (size) => resolve({ indexes, duplicates, size }),
        fail: reject,
      });
    });
  }

  /**
   * Signs and publishes a checkpoint over all durable records, and asks the witnesses to sign it too.
   *
   * A witness that refuses or is away does not stop it: see `refused`. Appends go on while witnesses are asked. Throws
   * LogDiskError.
   */
  checkpoint({ witnesses = [] }: { readonly witnesses?: readonly Witness[] } = {}): Promise<Published> {
    const mine = this.#publishing.then(async () => {
      const signed = await this.#exclusively(async () => {
        const { edge } = this.#state;
        await this.#writePartials();
        const seconds = Math.floor(this.#options.now() / 1000);
        const head = { origin: this.origin, size: edge.size, root: edge.root() };
        return signCheckpoint(head, this.#options.signers, seconds);
      });
      const asked = await Promise.all(witnesses.map((witness) => this.#ask(witness, signed)));
      const lines = asked.flatMap(({ line }) => (line === undefined ? [] : [line]));
      const published = lines.length === 0 ? signed : { ...signed, note: addSignatures(signed.note, lines) };
      await this.#exclusively(async () => {
        await replaceFile(join(this.dir, "checkpoint"), Buffer.from(published.note));
        const before = this.#published?.size ?? 0;
        this.#published = published;
        await this.#dropPartials(before);
      });
      const cosigned = asked.flatMap(({ name, line }) => (line === undefined ? [] : [name]));
      const refused = asked.flatMap(({ name, line, error }) => (line === undefined ? [{ name, error }] : []));
      return { ...published, cosigned, refused };
    });
    this.#publishing = mine.catch(() => {});
    return mine;
  }

  /** A witness's cosignature, or why there is none; asked once more with another proof when it knows another size. */
  async #ask(witness: Witness, signed: Checkpoint): Promise<{ name: string; line?: string; error?: unknown }> {
    const { name } = witness;
    try {
      let from = await witness.lastSize(this.origin);
      for (let again = true; ; again = false) {
        const proof =
          from > 0 && from < signed.size ? (await this.proveConsistency(from, signed.size)).proof : ([] as const);
        try {
          return { name, line: await witness.cosign(signed.note, proof, from) };
        } catch (error) {
          if (!again || !(error instanceof WitnessConflictError) || error.size > signed.size) throw error;
          from = error.size;
        }
      }
    } catch (error) {
      return { name, error };
    }
  }

  /** Index of a record among the newest ones (`duplicateWindow`), undefined when it is not there. */
  find(record: Uint8Array): Promise<number | undefined> {
    return this.#exclusively(async () => {
      const leaf = Buffer.alloc(32);
      hashLeafInto(record, leaf, 0);
      const candidates: number[] = [];
      this.#state.recent.find(leaf, 0, (index) => candidates.push(index) < 0);
      const tiles = this.#tiles();
      for (const index of candidates) if (leaf.equals(await tiles.leaf(index))) return index;
      return undefined;
    });
  }

  /** Proof that record `index` stands in the log at a size (the published one, unless said); throws InvalidInputError. */
  proveInclusion(index: number, size: number = this.#published?.size ?? 0): Promise<InclusionProof> {
    return this.#exclusively(async () => {
      const tiles = this.#tiles();
      const proof = await tiles.inclusion(index, size);
      const leaf = bytesToHex(await tiles.leaf(index));
      return { index, leaf, proof, size, root: await tiles.root(size) };
    });
  }

  /**
   * The same under the published head as a COSE receipt (RFC 9942), by the log's Ed25519 key; undefined where it has none.
   *
   * Throws InvalidInputError, and IntegrityError when the tiles no longer lead to the head that was published.
   */
  async receipt(index: number): Promise<Uint8Array | undefined> {
    const signer = this.#options.signers.find(({ verifier }) => verifier.kind === "ed25519");
    if (!signer) return undefined;
    const head = this.#published;
    const proof = await this.proveInclusion(index, head?.size ?? 0);
    if (proof.root !== head?.root || inclusionRoot(proof) !== head.root) {
      throw new IntegrityError(`The tiles do not lead from record ${index} to the published head.`, {
        data: { index },
      });
    }
    return makeReceipt(this.origin, proof, signer);
  }

  /** Proof that the log at `second` records (the published size, unless said) begins with its first `first`. */
  proveConsistency(first: number, second: number = this.#published?.size ?? 0): Promise<ConsistencyProof> {
    return this.#exclusively(async () => {
      const tiles = this.#tiles();
      const proof = await tiles.consistency(first, second);
      return {
        first: { size: first, root: await tiles.root(first) },
        second: { size: second, root: await tiles.root(second) },
        proof,
      };
    });
  }

  /** Waits for what is under way and lets another process write. */
  async close(): Promise<void> {
    await this.#publishing;
    while (this.#working) await this.#working;
    await this.#writing.catch(() => {});
    await this.#retiring.catch(() => {});
    this.#broken ??= new LogDiskError(`The log in ${this.dir} is closed.`);
    await this.#segment.close().catch(() => {});
    this.#unlock();
  }

  #tiles(): CheckedTiles {
    return new CheckedTiles(this.#state.edge.copy(), folderSource(this.dir), this.#cache);
  }

  /** Runs after all appends so far are durable and before the next ones. */
  #exclusively<T>(task: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#enqueue({
        kind: "run",
        run: async () => {
          try {
            await this.#writing;
            if (this.#broken) throw this.#broken;
            resolve(await task());
          } catch (error) {
            reject(error);
          }
        },
      });
    });
  }

  #enqueue(task: Task): void {
    this.#queue.push(task);
    this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    await null; // calls of the same moment share a batch
    for (let task = this.#queue[0]; task; task = this.#queue[0]) {
      if (task.kind === "run") {
        this.#queue.shift();
        await task.run();
        continue;
      }
      const until = this.#queue.findIndex(({ kind }) => kind === "run");
      const calls = (until < 0 ? this.#queue : this.#queue.slice(0, until)) as Extract<Task, { kind: "append" }>[];
      await this.#appendBatch(calls);
    }
    this.#working = undefined; // at once: a task that comes after the last look at the queue starts anew
  }

  /** One batch: hashed here while the batch before it is being synced. */
  async #appendBatch(calls: readonly Extract<Task, { kind: "append" }>[]): Promise<void> {
    const batch = this.#batches[this.#turn++ % 2] as Batch;
    batch.fill(calls.map(({ pending }) => pending));
    const whole = calls.filter(({ pending }) => pending.taken === pending.records.length);
    this.#queue.splice(0, whole.length);
    try {
      if (this.#broken) throw this.#broken;
      await this.#rotate();
      const made = await batch.integrate(this.#state, () => this.#tiles());
      await this.#writing;
      const size = this.#state.edge.size;
      this.#writing = (made ? this.#segment.append(made.frame, made.first, made.count) : Promise.resolve()).then(() => {
        this.#durable = size;
        for (const { done } of whole) done(size);
      });
      this.#writing.catch((error) => this.#break(error, whole));
    } catch (error) {
      this.#break(error, whole);
    }
  }

  /** After a failure memory and disk may differ: nothing is acknowledged any more until the log is opened again. */
  #break(error: unknown, calls: readonly Extract<Task, { kind: "append" }>[]): void {
    this.#broken ??= error;
    for (const { fail } of calls) fail(error);
    for (const task of this.#queue.splice(0)) {
      if (task.kind === "append") task.fail(error);
      else void task.run();
    }
  }

  /**
   * Begins a new journal segment when this one is full. The old one is removed as soon as the tiles that hold its
   * records are on the disk.
   */
  async #rotate(): Promise<void> {
    if (this.#segment.bytes <= (this.#options.segmentBytes ?? 64 << 20)) return;
    await this.#writing;
    await this.#retiring;
    const full = this.#segment;
    const files = this.#state.written;
    const nonce = (this.#options.random ?? randomBytes)(16);
    this.#segment = await Segment.create(join(this.dir, "journal"), this.#state.snapshot(), nonce);
    this.#state.written = [];
    const older = [...this.#older, full.path];
    this.#older = [];
    this.#retiring = (async () => {
      await full.close();
      await syncAll(files, this.dir);
      for (const path of older) await rm(path, { force: true });
    })();
    this.#retiring.catch((error) => this.#break(error, []));
  }

  /** Tiles and bundle of the right edge as files, synced: the checkpoint that follows needs them. */
  async #writePartials(): Promise<void> {
    const { edge, bundle } = this.#state;
    const files: string[] = [];
    const write = (path: string, bytes: Uint8Array) => {
      writeTile(join(this.dir, path), bytes);
      files.push(join(this.dir, path));
    };
    for (let level = 0; level < levelsOf(edge.size); level++) {
      const count = levelCount(edge.size, level);
      if (count % TILE) write(tilePath(level, Math.floor(count / TILE), count % TILE), edge.partial(level));
    }
    const open = edge.size % TILE;
    if (open) write(bundlePath(Math.floor(edge.size / TILE), open), bundle.view());
    await syncAll(files, this.dir);
  }

  /** Removes the partial tiles of an earlier size whose full tiles exist by now. */
  async #dropPartials(before: number): Promise<void> {
    const { size } = this.#state.edge;
    for (let level = 0; level < levelsOf(before); level++) {
      const tile = Math.floor(levelCount(before, level) / TILE);
      if (levelCount(before, level) % TILE === 0 || Math.floor(levelCount(size, level) / TILE) <= tile) continue;
      const paths = level === 0 ? [tilePath(0, tile), bundlePath(tile)] : [tilePath(level, tile)];
      for (const path of paths) await rm(join(this.dir, `${path}.p`), { recursive: true, force: true });
    }
  }
}

/**
 * Opens a log for writing, makes it when the folder has none, and brings back everything that was acknowledged.
 *
 * Throws UnavailableError (another writer), JournalDamagedError, RolledBackError or SplitViewError (the files are not
 * those that the published checkpoint was signed over), LogDiskError.
 */
export async function openLog(options: LogOptions): Promise<Log> {
  if (options.signers.length === 0) throw new InvalidInputError("A log needs at least one key to sign with.");
  const dir = resolve(options.dir);
  const unlock = await lockLog(dir);
  let segment: Segment | undefined;
  try {
    const random = options.random ?? randomBytes;
    const recovered = await recover(dir, options.duplicateWindow ?? 1 << 20, () => random(16));
    segment = recovered.segment;
    const note = readIfThere(join(dir, "checkpoint"));
    const published = note ? parseCheckpoint(note.toString()) : undefined;
    if (published) await checkPublished(recovered.state, published, options.origin);
    return new Log({ ...options, dir }, unlock, recovered, published);
  } catch (error) {
    await segment?.close().catch(() => {});
    unlock();
    throw error;
  }
}

/** What was published must be what is here: a log never signs two stories. */
async function checkPublished({ edge, dir }: LogState, published: Checkpoint, origin: string): Promise<void> {
  const { size, root } = published;
  if (published.origin !== origin) {
    throw new InvalidInputError(`The folder holds the log ${published.origin}, not ${origin}.`, { data: { dir } });
  }
  if (size > edge.size) {
    throw new RolledBackError(`The log in ${dir} has ${edge.size} records, but ${size} were signed.`, {
      data: { dir, has: edge.size, signed: size },
      hints: ["Restore the folder from a copy that has them all; never sign a shorter log."],
    });
  }
  const tiles = new CheckedTiles(edge, folderSource(dir), new TileCache(16));
  const here = await tiles.root(size);
  if (here !== root) throw splitView(published, { size, root: here });
}
