import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidInputError, UnavailableError } from "@base/errors";
import { type Job, NotYetError } from "@kernel/capability";
import { type Database, openDatabase } from "@machines/store";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fixedRandom, kinds, quiet, testDatabase } from "../test/fakes.ts";
import { Jobs, type JobsOptions } from "./jobs.ts";
import * as actions from "./queue-actions.ts";
import { runtimeMigrations } from "./tables.ts";

const databases = new WeakMap<Jobs, { db: Database; clock: () => number }>();
const list = async (jobs: Jobs) => (await actions.list(databases.get(jobs) as never, { limit: 100 })).jobs;
const retry = (jobs: Jobs, key: string) => actions.retry(databases.get(jobs) as never, { kind: "work", key });

let kind: (typeof kinds)[number] = "sqlite";
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function fresh(): Promise<Database> {
  const one = await testDatabase(kind);
  const db = await one.open(runtimeMigrations);
  ends.push(() => db.close(), one.remove);
  return db;
}

type Run = (payload: unknown, signal: AbortSignal) => Promise<void>;

async function queue(run: Run, more: Partial<JobsOptions> & { attempts?: number; role?: string; dir?: string } = {}) {
  let now = 1_000_000;
  const { attempts, role, dir, ...options } = more;
  const job: Job = {
    kind: "work",
    load: async () => (context, payload) => run(payload, context.signal),
    ...(attempts === undefined ? {} : { attempts }),
    ...(role === undefined ? {} : { role }),
  };
  const db = dir ? await openDatabase({ dir }, runtimeMigrations) : await fresh();
  const jobs = new Jobs({
    db,
    jobs: [job],
    log: quiet,
    clock: () => now,
    random: fixedRandom,
    context: (_, signal) => ({ signal }) as never,
    ...options,
  });
  const clock = options.clock ?? (() => now);
  databases.set(jobs, { db, clock });
  return {
    jobs,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe.each(kinds)("jobs on %s", (on) => {
  beforeEach(() => {
    kind = on;
  });

  it("runs a job once per key, whatever is asked", async () => {
    const seen: unknown[] = [];
    const { jobs } = await queue(async (payload) => void seen.push(payload));
    await jobs.enqueue("work", "a", { n: 1 });
    await jobs.enqueue("work", "a", { n: 2 });
    expect(await jobs.runOne()).toBe(true);
    await jobs.enqueue("work", "a", { n: 3 });
    expect(await jobs.runOne()).toBe(false);
    expect(seen).toEqual([{ n: 1 }]);
    expect(await jobs.counts()).toEqual({ ready: 0, running: 0, done: 1, failed: 0 });
  });

  it("waits for runAfter", async () => {
    const { jobs, pass } = await queue(async () => undefined);
    await jobs.enqueue("work", "later", null, 1_000_500);
    expect(await jobs.runOne()).toBe(false);
    pass(500);
    expect(await jobs.runOne()).toBe(true);
  });

  it("tries retryable errors again after growing pauses, then parks", async () => {
    const { jobs, pass } = await queue(
      async () => {
        throw new UnavailableError("the node is away");
      },
      { attempts: 3 },
    );
    await jobs.enqueue("work", "a", null);
    expect(await jobs.runOne()).toBe(true);
    expect(await jobs.runOne()).toBe(false);
    const [first] = await list(jobs);
    expect(first).toMatchObject({ state: "ready", attempts: 1, error: "the node is away" });
    pass(1_100);
    expect(await jobs.runOne()).toBe(true);
    const [second] = await list(jobs);
    expect((second?.runAfter ?? 0) - 1_001_100).toBeGreaterThan((first?.runAfter ?? 0) - 1_000_000);
    pass(2_200);
    expect(await jobs.runOne()).toBe(true);
    expect((await list(jobs))[0]).toMatchObject({ state: "failed", attempts: 3 });
    await retry(jobs, "a");
    expect(await jobs.runOne()).toBe(true);
    await expect(retry(jobs, "nobody")).rejects.toThrow("No failed job");
  });

  it("parks user errors and bugs at once", async () => {
    const { jobs } = await queue(async () => {
      throw new InvalidInputError("row 7 is empty");
    });
    await jobs.enqueue("work", "a", null);
    await jobs.runOne();
    expect((await list(jobs))[0]).toMatchObject({ state: "failed", attempts: 1, error: "row 7 is empty" });
  });

  it("runs again when NotYetError says, without counting the attempt", async () => {
    let early = true;
    const { jobs, pass } = await queue(async () => {
      if (early) throw new NotYetError("the window is open", 1_060_000);
    });
    await jobs.enqueue("work", "a", null);
    await jobs.runOne();
    expect((await list(jobs))[0]).toMatchObject({ state: "ready", attempts: 0, runAfter: 1_060_000 });
    early = false;
    pass(59_999);
    expect(await jobs.runOne()).toBe(false);
    pass(1);
    expect(await jobs.runOne()).toBe(true);
    expect((await list(jobs))[0]).toMatchObject({ state: "done" });
  });

  it("takes over a claim whose lease ran out, and the first holder's outcome counts no more", async () => {
    const ends: (() => void)[] = [];
    const { jobs, pass } = await queue(
      async () => {
        const first = ends.length === 0;
        await new Promise<void>((resolve) => ends.push(resolve));
        if (first) throw new InvalidInputError("too late to count");
      },
      { lease: 30_000 },
    );
    const running = async (count: number) => {
      while (ends.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
    };
    await jobs.enqueue("work", "a", null);
    const first = jobs.runOne();
    await running(1);
    expect(await jobs.runOne()).toBe(false);
    pass(30_001);
    const second = jobs.runOne();
    await running(2);
    ends[0]?.();
    await first;
    expect((await list(jobs))[0]).toMatchObject({ state: "running", attempts: 2, error: null });
    ends[1]?.();
    await second;
    expect((await list(jobs))[0]).toMatchObject({ state: "done", attempts: 2 });
  });

  it("works two at a time and stops gracefully", async () => {
    let running = 0;
    let most = 0;
    const { jobs } = await queue(async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 20));
      running--;
    });
    for (let at = 0; at < 6; at++) await jobs.enqueue("work", String(at), null);
    await jobs.start();
    await jobs.enqueue("work", "poked", null);
    while ((await jobs.counts()).done < 7) await new Promise((resolve) => setTimeout(resolve, 5));
    await jobs.stop();
    expect([most, running]).toEqual([2, 0]);
  });

  it("makes a job ready again that outlasts the grace of a stop", async () => {
    const { jobs } = await queue(
      (_, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("cut")))),
    );
    await jobs.enqueue("work", "a", null);
    await jobs.start();
    while ((await jobs.counts()).running < 1) await new Promise((resolve) => setTimeout(resolve, 2));
    await jobs.stop(10);
    expect((await list(jobs))[0]).toMatchObject({ state: "ready", attempts: 0 });
  });

  it("leaves jobs of another role alone", async () => {
    const { jobs } = await queue(async () => undefined, { role: "panel", roles: ["operator"] });
    await jobs.enqueue("work", "a", null);
    expect(await jobs.runOne()).toBe(false);
  });
});

describe("a node that is killed", () => {
  it("leaves its job to another process, which runs the job once the lease has run out", async () => {
    const folder = mkdtempSync(join(tmpdir(), "jobs-"));
    const options = { dir: folder, clock: Date.now, lease: 600 };
    const seen: unknown[] = [];
    const job: Job = { kind: "slow", load: async () => async (_, payload) => void seen.push(payload) };
    const { jobs } = await queue(async () => undefined, { ...options, jobs: [job] });
    await jobs.enqueue("slow", "a", { n: 1 });
    const child = spawn(process.execPath, [join(import.meta.dirname, "../test/kill-worker.ts"), folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    expect(await jobs.runOne()).toBe(false);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await jobs.counts()).toMatchObject({ running: 1 });
    while (!(await jobs.runOne())) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(seen).toEqual([{ n: 1 }]);
    expect((await list(jobs))[0]).toMatchObject({ state: "done", attempts: 2 });

    const left = {
      kind: "slow",
      key: "b",
      payload: "2",
      state: "running",
      run_after: 0,
      attempts: 1,
      lease: Date.now() + 1e9,
    };
    const again = await queue(async () => undefined, { ...options, jobs: [job], alone: true });
    const db = await openDatabase({ dir: folder }, runtimeMigrations);
    await db.kysely
      .insertInto("jobs")
      .values({ ...left, created: 0, updated: 0 })
      .execute();
    await again.jobs.start();
    while (seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    await again.jobs.stop();
    rmSync(folder, { recursive: true });
  });
});
