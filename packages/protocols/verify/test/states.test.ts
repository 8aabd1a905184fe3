// D26: a player that is killed in the middle of a game over a long run goes on without running it again.
import { readdir, readFile, rm, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, openDatabase, openStore, type Store } from "@machines/store";
import { beforeEach, expect, test } from "vitest";
import { forgetReplays, replayOf } from "../src/claims.ts";
import { putRun } from "../src/manifest.ts";
import { borders } from "../src/moves.ts";
import { Replay } from "../src/replay.ts";
import { forget, forgetStates, keepStates, runThrough } from "../src/states.ts";
import { migrations } from "../src/tables.ts";
import { perceptron } from "./runs.ts";

const run = perceptron({ widths: [6, 5, 3], batch: 4, rows: 40, steps: 2_000, optimizer: "adam" });
let dir: string;
let db: Database;
let store: Store;
let warned: string[];

const log = { debug() {}, info() {}, warn: (text: string) => void warned.push(text), error() {} };
const context = () => ({ db, store, log, clock: Date.now });

/** What a process that ends leaves: nothing in memory. */
async function restart(): Promise<void> {
  forgetReplays();
  await db?.close();
  db = await openDatabase({ dir }, migrations);
  store = await openStore({ dir: join(dir, "blobs") });
}

const files = async () =>
  (await readdir(join(dir, "blobs", "blobs"), { recursive: true, withFileTypes: true }))
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name));

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "assay-states-"));
  warned = [];
  db = undefined as unknown as Database;
  await restart();
  return async () => {
    await db.close();
    await rm(dir, { recursive: true, force: true });
  };
});

/** A player that has run the whole job and is about to move. */
async function played() {
  const claim = { job: new Replay(run).jobHash, manifest: await putRun(store, run) };
  const first = await replayOf(context(), claim);
  const result = first.result;
  expect(first.stepsRun).toBe(run.steps);
  const before = await files();
  await keepStates(context(), first);
  return { claim, result, first, kept: (await files()).filter((file) => !before.includes(file)) };
}

test("after a restart the result and the states of a halving take few steps, and are the same", async () => {
  const { claim, result, first } = await played();
  await restart();
  const second = await replayOf(context(), claim);
  expect(second.result).toBe(result);
  expect(second.stepsRun).toBe(0);
  const at = borders(0, second.end);
  expect(at.map((low) => second.rootAt(low))).toEqual(at.map((low) => first.rootAt(low)));
  expect(second.stepsRun).toBeLessThan(run.steps / 20);
  // What was computed is not computed again after the next restart.
  await keepStates(context(), second);
  await restart();
  const third = await replayOf(context(), claim);
  for (const low of at) third.rootAt(low);
  expect(third.stepsRun).toBe(0);
  expect(third.trace(1234).root).toBe(first.trace(1234).root);
  expect(third.stepsRun).toBeLessThan(run.steps / 200);
});

test("a run that is killed on its way goes on where it was last written", async () => {
  const claim = { job: new Replay(run).jobHash, manifest: await putRun(store, run) };
  const first = await replayOf(context(), claim);
  let steps = 0;
  for (const stop of [700, 1_500]) {
    expect(first.advance(() => ++steps >= stop)).toBe(false);
    await keepStates(context(), first);
  }
  await restart();
  const second = await replayOf(context(), claim);
  await runThrough({ ...context(), signal: new AbortController().signal }, second);
  expect(second.stepsRun).toBeGreaterThanOrEqual(500);
  expect(second.stepsRun).toBeLessThan(510);
  expect(second.result).toBe(new Replay(run).result);
  expect(second.stepsRun).toBeLessThan(510);
  const stopped = AbortSignal.abort();
  const third = new Replay(run);
  let now = 0;
  await expect(runThrough({ ...context(), clock: () => (now += 60), signal: stopped }, third)).rejects.toThrow();
  expect(third.stepsRun).toBeLessThan(10);
});

test("what is kept is bounded, for one job and for all together", async () => {
  const { claim, first } = await played();
  const size = first.stateBytes;
  const held = async () => {
    await restart();
    return (await replayOf(context(), claim)).keptStates().size;
  };
  expect(await held()).toBeGreaterThan(200);
  await forgetStates(context(), claim.job);
  await keepStates(context(), first, { job: 10 * size, all: 100 * size });
  expect(await held()).toBe(10);
  const row = await db.kysely.selectFrom("dispute_states").select("bytes").executeTakeFirstOrThrow();
  expect(Number(row["bytes"])).toBe(10 * size);
  const second = await replayOf(context(), claim);
  second.rootAt(1000);
  expect(second.stepsRun).toBeLessThan(run.steps / 10);
  await forgetStates(context(), claim.job);
  const other = { job: "0x00", kept_json: "{}", seal: "", bytes: 97 * size, at: 0 };
  await db.kysely.insertInto("dispute_states").values(other).execute();
  await keepStates(context(), first, { job: 50 * size, all: 100 * size });
  expect(await held()).toBe(2);
});

test("a damaged state, another run's, or a damaged list is not taken; the run is run again, and kept anew", async () => {
  const { claim, result, kept } = await played();
  const damaged = kept[0] as string;
  const bytes = await readFile(damaged);
  bytes[bytes.length - 3] = (bytes[bytes.length - 3] as number) ^ 1;
  await writeFile(damaged, bytes);
  await restart();
  const second = await replayOf(context(), claim);
  expect(warned).toEqual(["kept states cannot be read"]);
  expect(second.result).toBe(result);
  await keepStates(context(), second);
  await restart();
  expect((await replayOf(context(), claim)).result).toBe(result);
  expect(warned).toHaveLength(1);
  const change = { kept_json: '{"blobs":[],"roots":[]}' };
  await db.kysely.updateTable("dispute_states").set(change).execute();
  await restart();
  const fourth = await replayOf(context(), claim);
  expect(fourth.result).toBe(result);
  expect(fourth.stepsRun).toBe(run.steps);
  expect(warned).toContain("what was kept of a run is damaged");
  const state = fourth.stateAt(900).flatMap((values) => [...values]);
  expect(fourth.restore(901, Float32Array.from(state), fourth.rootAt(901))).toBe(false);
  expect(fourth.restore(901, Float32Array.from(state.slice(1)), fourth.rootAt(901))).toBe(false);
});

test("what was kept is removed with the last game about the job", async () => {
  const { claim, kept } = await played();
  expect(kept).toHaveLength(1);
  const at = { block: 1, log_index: 0, tx: "0x1", at: "0" };
  const claimed = { claim: "1@0xa", claimant: "0xa", stand: "1", ...claim, result: "0x" };
  await db.kysely
    .insertInto("ix_dispute_claims")
    .values({ ...at, ...claimed })
    .execute();
  for (const game of ["1", "2"]) {
    const row = { ...at, game, claim: "1@0xa", challenger: "0xb" };
    await db.kysely.insertInto("ix_dispute_games").values(row).execute();
  }
  const end = async (game: string) => {
    const row = { ...at, game, status: "DEFENDER_WINS", reward: "0", burned: "0" };
    await db.kysely.insertInto("ix_dispute_ends").values(row).execute();
    await forget(context() as never, { game });
  };
  await end("1");
  expect((await files()).filter((file) => kept.includes(file))).toHaveLength(kept.length);
  await end("2");
  expect((await files()).filter((file) => kept.includes(file))).toHaveLength(0);
  expect(await db.kysely.selectFrom("dispute_states").selectAll().execute()).toEqual([]);
});
