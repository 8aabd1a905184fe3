// Follows the chain into the index tables. Everything of one batch, the cursor included, is one transaction; a fork is
// undone by deleting the rows of its blocks; what may act on the world waits until its block is settled.
import { BaseError, BugError, UnavailableError } from "@base/errors";
import type { EventHandler, IndexedEvent, Logger } from "@kernel/capability";
import type { Chain } from "@machines/chain";
import type { Database } from "@machines/store";
import type { Hex } from "viem";
import { type Backoff, backoff, sleep } from "./backoff.ts";
import { mayHold } from "./bloom.ts";
import { decodeLog, type FollowedContract, prepareDecoders, type RawLog } from "./decode.ts";
import { BatchWriter, indexTables, insertRows } from "./writer.ts";

/** Something the index did, for live updates. */
export type IndexNews =
  | {
      readonly type: "rows";
      readonly table: string;
      readonly count: number;
      readonly from: bigint;
      readonly to: bigint;
    }
  | { readonly type: "event"; readonly event: IndexedEvent }
  | { readonly type: "head"; readonly block: bigint; readonly head: bigint }
  | { readonly type: "rollback"; readonly block: bigint }
  | { readonly type: "promoted"; readonly count: number };

export interface IndexerOptions {
  readonly chain: Pick<Chain, "chainId" | "kind" | "client" | "head" | "settled">;
  readonly db: Database;
  readonly contracts: readonly FollowedContract[];
  /** By `Contract.Event`. */
  readonly handlers: ReadonlyMap<string, EventHandler>;
  readonly log: Logger;
  readonly clock: () => number;
  readonly random: (bytes: number) => Uint8Array;
  /** What else decides the tables' contents, e.g. migration ids: a change indexes anew from the start. */
  readonly version?: string;
  /** Kinds of jobs whose rows stand in index tables: forgotten when the index is made anew, so that they run again. */
  readonly indexing?: readonly string[];
  readonly onNews?: (news: IndexNews) => void;
  /** Milliseconds between looks at an idle chain; 200 unless said. */
  readonly poll?: number;
  /** Most blocks asked for at once; 5,000 unless said. */
  readonly range?: number;
}

/** Where the index stands. */
export interface IndexStatus {
  /** Newest block in the index; -1 before the first. */
  readonly block: bigint;
  /** Newest block seen on the chain. */
  readonly head: bigint;
  readonly settled: bigint;
  readonly events: number;
  /** Why the last attempt failed, undefined when it went well. */
  readonly error?: string | undefined;
}

interface Cursor {
  readonly block: bigint;
  readonly hash: string | null;
}

interface Header {
  readonly number: bigint;
  readonly hash: string;
  readonly parent: string | null;
  readonly timestamp: bigint;
  readonly bloom?: Hex;
}

/** Newest blocks of a batch whose blooms are compared with the logs that came, and looks at one that seems to lack some. */
const TIP = 16n;
const LOOKS = 4;

const quantity = (value: bigint): Hex => `0x${value.toString(16)}`;

/** The chain changed while it was read: look again. */
class ChainMovedError extends UnavailableError {
  override name = "ChainMovedError";
}

/**
 * The indexer of one node. `start` follows until `stop`; `indexed(block)` also works without `start`, by following
 * just far enough. Errors of the RPC or database are retried with growing pauses and shown in `status()`.
 */
export class Indexer {
  readonly #options: IndexerOptions;
  readonly #decoders: ReturnType<typeof prepareDecoders>;
  readonly #first: bigint;
  readonly #backoff: Backoff;
  readonly #waiting = new Set<{ block: bigint; resolve: () => void; reject: (error: unknown) => void }>();
  #cursor: Cursor | undefined;
  #tables: readonly string[] = [];
  #status: IndexStatus = { block: -1n, head: -1n, settled: -1n, events: 0 };
  #range: bigint;
  #shorterSince: number | undefined;
  /** Block whose logs seem to be missing, and how often it was looked at. */
  /** By hash of a block in doubt: how often its logs were looked for. */
  #doubted = new Map<string, number>();
  #turn: Promise<unknown> = Promise.resolve();
  #stop: AbortController | undefined;
  #loop: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;
  #poked = false;

  constructor(options: IndexerOptions) {
    this.#options = options;
    this.#decoders = prepareDecoders(options.contracts, options.handlers);
    const [first = 0n] = options.contracts.map(({ block }) => block).sort((a, b) => (a < b ? -1 : 1));
    this.#first = first;
    this.#range = BigInt(options.range ?? 5_000);
    this.#backoff = backoff({ first: 100, most: 10_000, random: options.random });
  }

  /** Where the index stands; costs nothing. */
  status(): IndexStatus {
    return this.#status;
  }

  /** Begins to follow; returns at once. */
  start(): void {
    if (this.#stop) return;
    this.#stop = new AbortController();
    this.#loop = this.#follow(this.#stop.signal);
  }

  /** Ends after the batch in hand; waiters are turned away with UnavailableError. */
  async stop(): Promise<void> {
    this.#stop?.abort();
    this.#wake?.();
    await this.#loop;
    await this.#turn.catch(() => undefined);
    this.#stop = undefined;
    for (const waiter of this.#waiting) waiter.reject(new UnavailableError("The index was stopped."));
    this.#waiting.clear();
  }

  /** Looks at the chain now instead of at the next poll. */
  poke(): void {
    this.#poked = true;
    this.#wake?.();
  }

  /**
   * Resolves once `block` is in the index. Throws UnavailableError when that takes longer than `timeout` milliseconds
   * (60,000 unless said), with the reason.
   */
  async indexed(block: bigint, timeout = 60_000): Promise<void> {
    if (this.#cursor && this.#cursor.block >= block) return;
    if (!this.#stop) return this.#catchUp(block, timeout);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(waiter);
        reject(this.#behind(block));
      }, timeout);
      const settle = (end: () => void) => () => {
        clearTimeout(timer);
        this.#waiting.delete(waiter);
        end();
      };
      const waiter = { block, resolve: settle(resolve), reject: (error: unknown) => settle(() => reject(error))() };
      this.#waiting.add(waiter);
      this.poke();
    });
  }

  /** One step: a batch, a rollback or a look. True when there may be more to do at once. */
  tick(): Promise<boolean> {
    const turn = this.#turn.then(() => this.#step());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let pause = this.#options.poll ?? 200;
      this.#poked = false;
      try {
        if (await this.tick()) pause = 0;
        this.#backoff.reset();
      } catch (error) {
        pause = this.#failed(error);
      }
      if (pause > 0 && !signal.aborted) await this.#rest(pause, signal);
    }
  }

  async #catchUp(block: bigint, timeout: number): Promise<void> {
    const end = this.#options.clock() + timeout;
    while (!this.#cursor || this.#cursor.block < block) {
      if (this.#options.clock() > end) throw this.#behind(block);
      try {
        if (!(await this.tick())) await sleep(20);
        this.#backoff.reset();
      } catch (error) {
        await sleep(this.#failed(error));
      }
    }
  }

  /** Notes a failure and says how long to wait, in milliseconds. */
  #failed(error: unknown): number {
    const moved = error instanceof ChainMovedError;
    const message = error instanceof Error ? error.message : String(error);
    this.#cursor = undefined;
    this.#status = { ...this.#status, error: message };
    const pause = moved ? 20 : this.#backoff.next();
    if (!moved) {
      const level = error instanceof BaseError && error.kind === "bug" ? "error" : "warn";
      this.#options.log[level]("the index is held up", { error: message, retryInMs: Math.round(pause) });
    }
    return pause;
  }

  async #rest(pause: number, signal: AbortSignal): Promise<void> {
    if (this.#poked) return;
    await sleep(pause, signal, (wake) => {
      this.#wake = wake;
    });
  }

  #behind(block: bigint): UnavailableError {
    const { error, block: at, head } = this.#status;
    return new UnavailableError(`The index has not reached block ${block}: it is at ${at} of ${head}.`, {
      hints: error ? [`The last attempt failed: ${error}`] : ["It is still reading the chain: ask again in a moment."],
      data: { block: block.toString(), indexed: at.toString(), head: head.toString() },
    });
  }

  async #step(): Promise<boolean> {
    const { chain } = this.#options;
    const cursor = this.#cursor ?? (await this.#load());
    const settled = await chain.settled();
    const head = await chain.head();
    this.#status = { ...this.#status, head: head.number, settled };
    let more = false;
    if (head.number < cursor.block && !(await this.#vanished(cursor, head.number))) return false;
    if (head.number > cursor.block) {
      this.#shorterSince = undefined;
      if (!(await this.#advance(cursor, head.number))) return true;
      more = (this.#cursor as Cursor).block < head.number;
    } else if (cursor.hash !== null && head.hash !== cursor.hash && (await this.#vanished(cursor, head.number))) {
      await this.#rollback(cursor);
      return true;
    }
    await this.#promote(settled);
    this.#status = { ...this.#status, block: (this.#cursor as Cursor).block, error: undefined };
    for (const waiter of this.#waiting) if (waiter.block <= this.#status.block) waiter.resolve();
    return more;
  }

  /** Whether the cursor's block is on the chain no more. A lagging RPC node is given twelve seconds to catch up. */
  async #vanished(cursor: Cursor, head: bigint): Promise<boolean> {
    if (cursor.block <= head) return (await this.#header(cursor.block))?.hash !== cursor.hash;
    const grace = this.#options.chain.kind === "rpc" ? 12_000 : 0;
    const now = this.#options.clock();
    this.#shorterSince ??= now;
    return now - this.#shorterSince >= grace;
  }

  /** Reads the cursor; begins anew when contracts or migrations are others than those it was made with. */
  async #load(): Promise<Cursor> {
    const { db, contracts, handlers, chain, version, indexing = [] } = this.#options;
    const fingerprint = JSON.stringify([
      chain.chainId,
      contracts.map(({ name, address, block }) => [name, address.toLowerCase(), block.toString()]).sort(),
      [...handlers.keys()].sort(),
      version ?? "",
    ]);
    this.#tables = await indexTables(db);
    const row = await db.kysely.selectFrom("index_cursor").selectAll().where("id", "=", 1).executeTakeFirst();
    const start: Cursor = { block: this.#first - 1n, hash: null };
    if (row?.fingerprint === fingerprint) {
      this.#cursor = { block: BigInt(row.block), hash: row.hash };
    } else {
      if (row) this.#options.log.info("the contracts or tables changed: indexing anew", { from: start.block + 1n });
      await db.kysely.transaction().execute(async (trx) => {
        await this.#deleteAfter(trx, -1n);
        if (row && indexing.length > 0)
          await trx
            .deleteFrom("jobs")
            .where("kind", "in", [...indexing])
            .execute();
        await trx.deleteFrom("index_cursor").execute();
        const values = { id: 1, block: Number(start.block), hash: null, fingerprint };
        await trx.insertInto("index_cursor").values(values).execute();
      });
      this.#cursor = start;
    }
    this.#status = { ...this.#status, block: this.#cursor.block };
    return this.#cursor;
  }

  /** Indexes the next blocks; false when they do not follow the cursor and a rollback took place instead. */
  async #advance(cursor: Cursor, head: bigint): Promise<boolean> {
    const from = cursor.block + 1n;
    const to = from + this.#range - 1n < head ? from + this.#range - 1n : head;
    const before = await this.#mustHeader(to);
    const logs = await this.#logs(from, to);
    await this.#expectWhole(from, to, logs);
    const end = await this.#mustHeader(to);
    if (end.hash !== before.hash) throw new ChainMovedError("The chain changed while it was read.");
    if (cursor.hash !== null) {
      const parent = to === from ? end.parent : (await this.#header(cursor.block))?.hash;
      if (parent !== cursor.hash) {
        await this.#rollback(cursor);
        return false;
      }
    }
    const { writer, blocks, events } = await this.#read(logs, end);
    await this.#commit(cursor, end, writer, blocks);
    this.#status = { ...this.#status, block: end.number, events: this.#status.events + events.length };
    this.#tell(writer, events, end.number, head);
    return true;
  }

  /** Runs the handlers over the logs, in chain order. */
  async #read(logs: readonly RawLog[], end: Header) {
    const writer = new BatchWriter();
    const blocks = new Map<bigint, Header>([[end.number, end]]);
    const events: IndexedEvent[] = [];
    for (const log of logs) {
      const decoder = this.#decoders.find(log);
      if (!decoder) continue;
      const number = BigInt(log.blockNumber);
      let header = blocks.get(number);
      if (!header) {
        header = log.blockTimestamp
          ? { number, hash: log.blockHash, parent: null, timestamp: BigInt(log.blockTimestamp) }
          : await this.#mustHeader(number);
        blocks.set(number, header);
      }
      if (header.hash !== log.blockHash) throw new ChainMovedError("The chain changed while it was read.");
      const event = decodeLog(decoder, log, header.timestamp);
      try {
        decoder.handler(event, writer.for(event));
      } catch (cause) {
        throw new BugError(`The handler of ${event.contract}.${event.name} failed: ${(cause as Error)?.message}`, {
          cause,
          data: { transaction: event.transactionHash, logIndex: event.logIndex },
        });
      }
      events.push(event);
    }
    return { writer, blocks, events };
  }

  /** One transaction: blocks, rows, waiting jobs, cursor. */
  async #commit(cursor: Cursor, end: Header, writer: BatchWriter, blocks: ReadonlyMap<bigint, Header>): Promise<void> {
    const { db } = this.#options;
    await db.kysely.transaction().execute(async (trx) => {
      const moved = await trx
        .updateTable("index_cursor")
        .set({ block: Number(end.number), hash: end.hash })
        .where("id", "=", 1)
        .where("block", "=", Number(cursor.block))
        .executeTakeFirst();
      if (moved.numUpdatedRows !== 1n) throw new UnavailableError("Another process moved this index.");
      const headers = [...blocks.values()].sort((a, b) => (a.number < b.number ? -1 : 1));
      const rows = headers.map(({ number, hash, parent, timestamp }) => {
        return { number: Number(number), hash, parent, timestamp: Number(timestamp) };
      });
      await insertRows(trx, db.kind, "blocks", rows);
      for (const [table, written] of writer.tables) await insertRows(trx, db.kind, table, written);
      const jobs = writer.jobs.map((job) => ({ ...job }));
      await insertRows(trx, db.kind, "settling_jobs", jobs);
    });
    this.#cursor = { block: end.number, hash: end.hash };
  }

  /** Goes back to the newest stored block that the chain still has, in growing strides, and deletes what came after. */
  async #rollback(cursor: Cursor): Promise<void> {
    const { db, log, onNews } = this.#options;
    let back: Cursor = { block: this.#first - 1n, hash: null };
    for (let stride = 0; ; stride = stride === 0 ? 1 : stride * 2) {
      const row = await db.kysely
        .selectFrom("blocks")
        .select(["number", "hash"])
        .where("number", "<", Number(cursor.block))
        .orderBy("number", "desc")
        .limit(1)
        .offset(stride)
        .executeTakeFirst();
      if (!row) break;
      const number = BigInt(row.number);
      if ((await this.#header(number))?.hash !== row.hash) continue;
      back = { block: number, hash: row.hash };
      break;
    }
    await db.kysely.transaction().execute(async (trx) => {
      await this.#deleteAfter(trx, back.block);
      await trx
        .updateTable("index_cursor")
        .set({ block: Number(back.block), hash: back.hash })
        .where("id", "=", 1)
        .execute();
    });
    this.#cursor = back;
    this.#shorterSince = undefined;
    this.#status = { ...this.#status, block: back.block };
    log.warn("the chain took another branch", { rolledBackFrom: cursor.block, to: back.block });
    onNews?.({ type: "rollback", block: back.block });
  }

  // biome-ignore lint/suspicious/noExplicitAny: tables are known at run time only
  async #deleteAfter(trx: any, block: bigint): Promise<void> {
    for (const table of this.#tables) await trx.deleteFrom(table).where("block", ">", Number(block)).execute();
    await trx.deleteFrom("settling_jobs").where("block", ">", Number(block)).execute();
    await trx.deleteFrom("blocks").where("number", ">", Number(block)).execute();
  }

  /** Hands the jobs of settled blocks to the queue; each (kind, key) enters it once in its life. */
  async #promote(settled: bigint): Promise<void> {
    const { db, clock, onNews } = this.#options;
    const at = this.#cursor as Cursor;
    const upTo = Number(settled < at.block ? settled : at.block);
    const due = await db.kysely
      .selectFrom("settling_jobs")
      .selectAll()
      .where("block", "<=", upTo)
      .orderBy("block")
      .orderBy("log_index")
      .execute();
    if (due.length === 0) return;
    const now = clock();
    await db.kysely.transaction().execute(async (trx) => {
      for (const { kind, key, payload } of due) {
        const fresh = { state: "ready", run_after: now, attempts: 0, lease: 0, created: now, updated: now };
        await trx
          .insertInto("jobs")
          .values({ kind, key, payload, ...fresh })
          .onConflict((conflict) => conflict.columns(["kind", "key"]).doNothing())
          .execute();
      }
      await trx.deleteFrom("settling_jobs").where("block", "<=", upTo).execute();
    });
    onNews?.({ type: "promoted", count: due.length });
  }

  async #logs(from: bigint, to: bigint): Promise<readonly RawLog[]> {
    const { addresses, selectors } = this.#decoders;
    if (addresses.length === 0) return [];
    const most = BigInt(this.#options.range ?? 5_000);
    try {
      const filter = { address: addresses, topics: [selectors], fromBlock: quantity(from), toBlock: quantity(to) };
      const logs = (await this.#options.chain.client.request({
        method: "eth_getLogs",
        params: [filter as never],
      })) as unknown as RawLog[];
      if (logs.length > 20_000) this.#range = this.#range > 1n ? this.#range / 2n : 1n;
      else if (this.#range < most) this.#range = this.#range * 2n < most ? this.#range * 2n : most;
      return [...logs].sort((a, b) => order(a, b));
    } catch (error) {
      // Providers word their limits on range and size differently: a smaller range is right for all of them.
      if (to > from) this.#range = (to - from + 1n) / 2n;
      throw error;
    }
  }

  async #header(number: bigint): Promise<Header | undefined> {
    const block = (await this.#options.chain.client.request({
      method: "eth_getBlockByNumber",
      params: [quantity(number), false],
    })) as { number: Hex; hash: Hex; parentHash: Hex; timestamp: Hex; logsBloom?: Hex | null } | null;
    if (!block) return undefined;
    const { hash, parentHash, timestamp, logsBloom } = block;
    return { number, hash, parent: parentHash, timestamp: BigInt(timestamp), ...(logsBloom && { bloom: logsBloom }) };
  }

  /**
   * Throws UnavailableError when a new block's bloom speaks of our contracts but no log of it came: some nodes show a
   * block before its logs can be asked for. A bloom can err, so after a few looks the block is taken as it is.
   */
  async #expectWhole(from: bigint, to: bigint, logs: readonly RawLog[]): Promise<void> {
    if (this.#options.chain.kind === "embedded") return;
    const told = new Set(logs.map(({ blockNumber }) => BigInt(blockNumber)));
    const first = to - from >= TIP ? to - TIP + 1n : from;
    const looked = new Map<string, number>();
    let missing: bigint | undefined;
    for (let number = first; number <= to; number++) {
      if (told.has(number)) continue;
      const { hash, bloom } = await this.#mustHeader(number);
      if (bloom === undefined || !this.#decoders.addresses.some((address) => mayHold(bloom, address))) continue;
      if (!this.#decoders.selectors.some((selector) => mayHold(bloom, selector))) continue;
      const looks = this.#doubted.get(hash) ?? 0;
      looked.set(hash, looks + 1);
      if (looks < LOOKS) missing ??= number;
    }
    // All of them are counted at each look: counted one at a time, blocks that follow each other would hold it up for ever.
    this.#doubted = looked;
    if (missing !== undefined) throw new UnavailableError(`The node shows block ${missing} but not its logs yet.`);
  }

  async #mustHeader(number: bigint): Promise<Header> {
    const header = await this.#header(number);
    if (!header) throw new ChainMovedError(`Block ${number} is on the chain no more.`);
    return header;
  }

  /** Tells single events while following live; a node that catches up tells only how many rows came. */
  #tell(writer: BatchWriter, events: readonly IndexedEvent[], to: bigint, head: bigint): void {
    const { onNews } = this.#options;
    if (!onNews) return;
    const from = events[0]?.block ?? to;
    if (events.length <= 100) for (const event of events) onNews({ type: "event", event });
    for (const [table, rows] of writer.tables) onNews({ type: "rows", table, count: rows.length, from, to });
    onNews({ type: "head", block: to, head });
  }
}

function order(a: RawLog, b: RawLog): number {
  return Number(a.blockNumber) - Number(b.blockNumber) || Number(a.logIndex) - Number(b.logIndex);
}
