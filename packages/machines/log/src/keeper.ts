import { NotFoundError } from "@base/errors";
import type { Trust } from "./checkpoint.ts";
import type { Appended, Log, Published } from "./log.ts";
import type { Verifier } from "./note.ts";
import { folderSource, type LogReader, openReader } from "./reader.ts";
import type { Witness } from "./witness.ts";

/** What `LogKeeper` needs. */
export interface KeeperOptions {
  readonly log: Log;
  /** The log's own keys, as readers trust them. */
  readonly trust: Trust;
  /** Asked to sign each checkpoint. */
  readonly witnesses?: readonly Witness[];
  /** Signs the checkpoints of other nodes' logs. */
  readonly witness?: (Witness & { readonly verifier: Verifier }) | undefined;
  /** Milliseconds between two anchors on chain, where the log has grown; 0, the default, for never by itself. */
  readonly anchorEvery?: number;
  /** Milliseconds after which appended records are under a signed checkpoint; 1,000 unless said. */
  readonly delay?: number;
  /** Told when a checkpoint in the background fails. */
  readonly onError?: (error: unknown) => void;
}

/** A node's log with all that keeps it readable: checkpoints soon after records, witnesses, a reader that follows. */
export class LogKeeper {
  readonly log: Log;
  readonly trust: Trust;
  readonly witness: KeeperOptions["witness"];
  readonly witnesses: readonly Witness[];
  readonly anchorEvery: number;
  readonly #options: KeeperOptions;
  #timer: NodeJS.Timeout | undefined;
  #newest: Published | undefined;
  #reader: LogReader | undefined;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.log = options.log;
    this.trust = options.trust;
    this.witness = options.witness;
    this.witnesses = options.witnesses ?? [];
    this.anchorEvery = options.anchorEvery ?? 0;
  }

  /** The newest checkpoint that this process published, with what the witnesses said. */
  get newest(): Published | undefined {
    return this.#newest;
  }

  /** Adds records, durable when it resolves; a checkpoint over them follows by itself. Throws what `Log.append` throws. */
  async append(records: readonly Uint8Array[]): Promise<Appended> {
    const appended = await this.log.append(records);
    if (this.log.size > (this.log.published?.size ?? 0)) this.#soon();
    return appended;
  }

  /** A checkpoint over all durable records; signs a new one only where records came since. */
  async publish(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { published, size } = this.log;
    if (published && published.size >= size) return;
    this.#newest = await this.log.checkpoint({ witnesses: this.witnesses });
  }

  /**
   * A reader under the newest checkpoint, or under one that holds record `index`.
   *
   * Throws NotFoundError when the log has no such record, and what reading a log throws.
   */
  reader(index = -1): Promise<LogReader> {
    const mine = this.#reading.then(async () => {
      const { log, trust } = this;
      if (index >= log.size) {
        throw new NotFoundError(`The log has no record ${index}: it has ${log.size}.`, { data: { size: log.size } });
      }
      if (!log.published || index >= log.published.size) await this.publish();
      this.#reader ??= await openReader({ source: folderSource(log.dir), trust });
      if (this.#reader.checkpoint.note !== log.published?.note) await this.#reader.update();
      return this.#reader;
    });
    this.#reading = mine.catch(() => {});
    return mine;
  }

  /** Publishes what is not published yet and closes the log. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#reading;
    await this.publish().catch((error) => this.#options.onError?.(error));
    await this.log.close();
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.publish().catch((error) => this.#options.onError?.(error));
    }, this.#options.delay ?? 1_000);
    this.#timer.unref();
  }
}
