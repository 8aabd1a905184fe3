// The queue of one node: a table, leases and a few workers. A worker that dies leaves a lease that runs out; whoever
// comes next runs the job anew. Claims are compare-and-set updates, which SQLite and PostgreSQL both understand.
import { BaseError } from "@base/errors";
import type { Context, Job, Logger } from "@kernel/capability";
import type { Database } from "@machines/store";
import { sleep, vary } from "./backoff.ts";

export type JobState = "ready" | "running" | "done" | "failed";

export interface JobsOptions {
  readonly db: Database;
  readonly jobs: readonly Job[];
  readonly log: Logger;
  readonly clock: () => number;
  readonly random: (bytes: number) => Uint8Array;
  /** Context of one run; `signal` ends it when the node stops or the lease is lost. */
  readonly context: (job: { kind: string; key: string }, signal: AbortSignal) => Context;
  /** Roles of this node; a job that names another is left to other nodes. */
  readonly roles?: readonly string[];
  /** This node alone uses the database, so what looks running at the start is left over from a dead process. */
  readonly alone?: boolean;
  /** Jobs at a time; 2 unless said. */
  readonly concurrency?: number;
  /** Milliseconds a claim holds without a sign of life; 30,000 unless said. */
  readonly lease?: number;
  /** Milliseconds between looks at an idle queue; 500 unless said. */
  readonly poll?: number;
  /** First pause after a failure, in milliseconds; 1,000 unless said; doubles up to five minutes. */
  readonly retry?: number;
  readonly onChange?: (job: { kind: string; key: string; state: JobState; attempts: number; error?: string }) => void;
}

interface Row {
  readonly kind: string;
  readonly key: string;
  readonly payload: string;
  readonly state: JobState;
  readonly run_after: number | string;
  readonly attempts: number;
  readonly lease: number | string;
  readonly worker: string | null;
  readonly error: string | null;
}

const longest = 300_000;

/** The queue and its workers. `enqueue` and `runOne` work without `start`. */
export class Jobs {
  readonly #options: JobsOptions;
  readonly #byKind: ReadonlyMap<string, Job>;
  readonly #lease: number;
  readonly #wakes = new Set<() => void>();
  #stop: AbortController | undefined;
  #workers: Promise<unknown> = Promise.resolve();
  #poked = 0;

  constructor(options: JobsOptions) {
    this.#options = options;
    this.#lease = options.lease ?? 30_000;
    const roles = options.roles ?? [];
    this.#byKind = new Map(
      options.jobs.filter(({ role }) => role === undefined || roles.includes(role)).map((job) => [job.kind, job]),
    );
  }

  /** Puts a job in the queue, once in the life of (kind, key): a second call changes nothing. `runAfter` in ms since 1970. */
  async enqueue(kind: string, key: string, payload: unknown, runAfter = 0): Promise<void> {
    const now = this.#options.clock();
    const added = await this.#options.db.kysely
      .insertInto("jobs")
      .values({
        kind,
        key,
        payload: JSON.stringify(payload ?? null),
        state: "ready",
        run_after: Math.max(runAfter, 0),
        attempts: 0,
        lease: 0,
        created: now,
        updated: now,
      })
      .onConflict((conflict) => conflict.columns(["kind", "key"]).doNothing())
      .executeTakeFirst();
    if (Number(added.numInsertedOrUpdatedRows ?? 0) === 0) return;
    this.#options.onChange?.({ kind, key, state: "ready", attempts: 0 });
    this.poke();
  }

  /** Looks at the queue now. */
  poke(): void {
    this.#poked++;
    for (const wake of this.#wakes) wake();
  }

  /** Starts the workers; returns once left-over claims of a dead process are free again. */
  async start(): Promise<void> {
    if (this.#stop) return;
    this.#stop = new AbortController();
    const { db, alone, concurrency = 2, clock } = this.#options;
    if (alone) {
      const free = { state: "ready", worker: null, lease: 0, updated: clock() };
      await db.kysely.updateTable("jobs").set(free).where("state", "=", "running").execute();
    }
    const { signal } = this.#stop;
    this.#workers = Promise.all(Array.from({ length: concurrency }, () => this.#work(signal)));
  }

  /**
   * Stops claiming, gives the running jobs `grace` milliseconds (5,000 unless said) to end, then aborts them; what was
   * cut off is ready again.
   */
  async stop(grace = 5_000): Promise<void> {
    if (!this.#stop) return;
    this.#stop.abort();
    for (const wake of this.#wakes) wake();
    const timer = setTimeout(() => this.#cut.abort(), grace);
    await this.#workers;
    clearTimeout(timer);
    this.#stop = undefined;
    this.#cut = new AbortController();
  }
  #cut = new AbortController();

  /** How many jobs are in each state. */
  async counts(): Promise<Readonly<Record<JobState, number>>> {
    const rows = await this.#options.db.kysely
      .selectFrom("jobs")
      .select(({ fn }) => ["state", fn.countAll().as("count")])
      .groupBy("state")
      .execute();
    const counts = { ready: 0, running: 0, done: 0, failed: 0 };
    for (const { state, count } of rows) counts[state as JobState] = Number(count);
    return counts;
  }

  /** Claims and runs one job; false when none is due. For tests and one-shot runs. */
  async runOne(): Promise<boolean> {
    const row = await this.#claim();
    if (!row) return false;
    await this.#run(row);
    return true;
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { poll = 500, log } = this.#options;
    while (!signal.aborted) {
      const poked = this.#poked;
      try {
        if (await this.runOne()) continue;
      } catch (error) {
        log.warn("the job queue is held up", { error: String(error) });
      }
      if (signal.aborted || poked !== this.#poked) continue;
      let wake: (() => void) | undefined;
      await sleep(poll, signal, (end) => {
        wake = end;
        this.#wakes.add(end);
      });
      if (wake) this.#wakes.delete(wake);
    }
  }

  async #claim(): Promise<Row | undefined> {
    const { db, clock, random } = this.#options;
    const kinds = [...this.#byKind.keys()];
    if (kinds.length === 0) return undefined;
    for (let tries = 0; tries < 8; tries++) {
      const now = clock();
      const row = (await db.kysely
        .selectFrom("jobs")
        .selectAll()
        .where("kind", "in", kinds)
        .where(({ or, and, eb }) =>
          or([
            and([eb("state", "=", "ready"), eb("run_after", "<=", now)]),
            and([eb("state", "=", "running"), eb("lease", "<", now)]),
          ]),
        )
        .orderBy("run_after")
        .orderBy("created")
        .limit(1)
        .executeTakeFirst()) as Row | undefined;
      if (!row) return undefined;
      const worker = Buffer.from(random(8)).toString("hex") + (claims++).toString(36);
      const claimed = { state: "running" as const, worker, attempts: row.attempts + 1, lease: now + this.#lease };
      const { numUpdatedRows } = await db.kysely
        .updateTable("jobs")
        .set({ ...claimed, updated: now })
        .where("kind", "=", row.kind)
        .where("key", "=", row.key)
        .where("state", "=", row.state)
        .where("attempts", "=", row.attempts)
        .where("lease", "=", row.lease as never)
        .executeTakeFirst();
      if (numUpdatedRows === 1n) return { ...row, ...claimed };
    }
    return undefined;
  }

  async #run(row: Row): Promise<void> {
    const { context, onChange, log } = this.#options;
    const { kind, key, attempts } = row;
    const job = this.#byKind.get(kind) as Job;
    onChange?.({ kind, key, state: "running", attempts });
    const lost = new AbortController();
    const beat = setInterval(() => {
      this.#renew(row).then(
        (held) => held || lost.abort(),
        (error) => log.warn("a lease could not be renewed", { kind, key, error: String(error) }),
      );
    }, this.#lease / 3);
    try {
      const most = job.attempts ?? 8;
      if (attempts > most) throw new CrashedError(`Given up: ${most} runs ended without an answer.`, { kind: "bug" });
      const run = await job.load();
      await run(
        context({ kind, key }, AbortSignal.any([lost.signal, this.#cut.signal])),
        JSON.parse(row.payload) as never,
      );
      await this.#finish(row, { state: "done", error: null });
      onChange?.({ kind, key, state: "done", attempts });
    } catch (error) {
      await this.#failed(row, job, error);
    } finally {
      clearInterval(beat);
    }
  }

  async #failed(row: Row, job: Job, error: unknown): Promise<void> {
    const { clock, random, log, onChange, retry = 1_000 } = this.#options;
    const { kind, key, attempts } = row;
    const message = error instanceof BaseError ? error.shortMessage : String((error as Error)?.message ?? error);
    const now = clock();
    const known = error instanceof BaseError ? error : undefined;
    const retryAt = known?.name === "NotYetError" ? Number(known.data.retryAt) : Number.NaN;
    const again = this.#cut.signal.aborted || known === undefined || known.kind === "retryable";
    if (Number.isFinite(retryAt) || this.#cut.signal.aborted) {
      const runAfter = Number.isFinite(retryAt) ? Math.max(retryAt, now) : now;
      await this.#finish(row, { state: "ready", attempts: attempts - 1, run_after: runAfter, error: message });
      onChange?.({ kind, key, state: "ready", attempts: attempts - 1 });
    } else if (again && attempts < (job.attempts ?? 8)) {
      const pause = vary(Math.min(longest, retry * 2 ** Math.min(20, attempts - 1)), random);
      await this.#finish(row, { state: "ready", run_after: Math.round(now + pause), error: message });
      log.warn("a job will be tried again", { job: kind, id: key, attempts, inMs: Math.round(pause), error: message });
      onChange?.({ kind, key, state: "ready", attempts, error: message });
    } else {
      await this.#finish(row, { state: "failed", error: message });
      log.error("a job was parked as failed", { job: kind, id: key, attempts, error: message });
      onChange?.({ kind, key, state: "failed", attempts, error: message });
    }
  }

  /** Writes the outcome, unless the lease was lost to another worker. */
  async #finish(row: Row, set: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#own(
      this.#options.db.kysely.updateTable("jobs").set({ ...set, lease: 0, updated: this.#options.clock() }),
      row,
    );
  }

  async #renew(row: Row): Promise<boolean> {
    const lease = this.#options.clock() + this.#lease;
    const { numUpdatedRows } = await this.#own(this.#options.db.kysely.updateTable("jobs").set({ lease }), row);
    return numUpdatedRows === 1n;
  }

  // biome-ignore lint/suspicious/noExplicitAny: the database is untyped
  #own(update: any, row: Row): Promise<{ numUpdatedRows: bigint }> {
    return update
      .where("kind", "=", row.kind)
      .where("key", "=", row.key)
      .where("state", "=", "running")
      .where("worker", "=", row.worker)
      .executeTakeFirst();
  }
}

let claims = 0;

/** A job whose runs never came to an end: the process died each time, or the lease ran out. */
export class CrashedError extends BaseError {
  override name = "CrashedError";
}
