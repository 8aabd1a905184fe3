// The room's own players on a real chain: they watch, challenge and play from chain and store alone, killed after every move.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Context, NotYetError } from "@kernel/capability";
import { type Database, openDatabase, openStore, type Store } from "@machines/store";
import { type Hex, type LocalAccount, parseEventLogs } from "viem";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { claimKey, forgetReplays } from "../src/claims.ts";
import { gameAbi } from "../src/contracts.ts";
import { events } from "../src/events.ts";
import { putRun } from "../src/manifest.ts";
import { defend, defenderMoves } from "../src/moves.ts";
import { positionOf, gameOf } from "../src/games.ts";
import { finalise, play, timeout } from "../src/play.ts";
import { Replay } from "../src/replay.ts";
import { claims, list, show } from "../src/show.ts";
import { migrations } from "../src/tables.ts";
import { challenge, check, sampled, watch } from "../src/watch.ts";
import { Arena } from "./arena.ts";
import { LyingReplay, perceptron, ulp } from "./runs.ts";

const run = perceptron({ widths: [6, 5, 3], batch: 4, rows: 40, steps: 50 });
const truth = new Replay(run);
const target = truth.program.values.find(({ name }) => name === "w0")?.update as number;
const liar = new LyingReplay(run, [{ low: 23, value: target, change: (values) => ulp(values, 7) }]);
const JOBS = {
  "disputes.check": check,
  "disputes.play": play,
  "disputes.timeout": timeout,
  "disputes.finalise": finalise,
};
let arena: Arena;
let dir: string;
let db: Database;
let store: Store;
let next: bigint;
let queue: { kind: keyof typeof JOBS; payload: never }[];

beforeAll(async () => {
  arena = await Arena.open();
}, 60_000);
afterAll(() => arena?.close());
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "assay-players-"));
  db = await openDatabase({ dir }, migrations);
  store = await openStore({ dir: join(dir, "blobs") });
  next = (await arena.chain.head()).number + 1n;
  queue = [];
  return async () => {
    await db.close();
    await rm(dir, { recursive: true, force: true });
  };
});

const named = (name: string, account: LocalAccount) => ({ name, account, address: account.address });

/** A node with these identities. */
function node(...identities: ReturnType<typeof named>[]): Context {
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const [first] = identities as [ReturnType<typeof named>];
  return {
    chain: arena.chain,
    db,
    store,
    contracts: { get: () => ({ ...arena.disputes, block: 0n }) },
    identities: {
      get: (name?: string) => identities.find((one) => one.name === name) ?? first,
      list: () => identities,
    },
    duties: { operators: [], watchers: [first.name], panelists: [], keeper: first.name, peers: [] },
    log: quiet,
    clock: Date.now,
    progress: () => {},
    signal: new AbortController().signal,
    indexed: async () => {},
  } as unknown as Context;
}

/** Indexes what happened since, and queues its jobs, as the runtime does. */
async function index(): Promise<void> {
  const head = await arena.chain.head();
  const logs = await arena.chain.client.getLogs({
    address: arena.disputes.address,
    fromBlock: next,
    toBlock: head.number,
  });
  next = head.number + 1n;
  for (const log of parseEventLogs({ abi: gameAbi, logs })) {
    const rows: Promise<unknown>[] = [];
    const key = { block: Number(log.blockNumber), log_index: log.logIndex, tx: log.transactionHash };
    const writer = {
      insert: (table: string, row: object) =>
        rows.push(
          db.kysely
            .insertInto(table)
            .values({ ...key, ...row })
            .execute(),
        ),
      onSettled: (kind: string, _: string, payload: unknown) => queue.push({ kind, payload } as never),
    };
    const event = { ...log, name: log.eventName, timestamp: head.timestamp } as never;
    events[log.eventName]?.(event, writer as never);
    await Promise.all(rows);
  }
}

/** Runs what is queued once, forgetting all that a process would hold; jobs whose time has not come stay. */
async function work(context: Context): Promise<void> {
  await index();
  const taken = queue;
  queue = [];
  for (const job of taken) {
    forgetReplays();
    try {
      await JOBS[job.kind](context, job.payload);
    } catch (error) {
      if (!(error instanceof NotYetError)) throw error;
      queue.push(job);
    }
  }
  await index();
}

async function claim(result: Hex): Promise<bigint> {
  const manifest = await putRun(store, run);
  const stand = BigInt(Math.floor(Math.random() * 1e9));
  await arena.write(arena.defender, "post", [stand, truth.jobHash, result, manifest]);
  return stand;
}

/** D19. */
test("a watcher finds a wrong claim, challenges it and plays to the end, killed after every move", async () => {
  const context = node(named("watcher", arena.challenger));
  const before = await arena.wealth(arena.challenger);
  const stand = await claim(liar.result);
  let game = "";
  for (let round = 0; round < 60 && !game.startsWith("over"); round++) {
    await work(context);
    const [shown] = (await list(context, { limit: 10 })).games;
    if (shown === undefined) continue;
    game = String(shown.game);
    const found = await gameOf(context, game);
    const position = await positionOf(context, found);
    if (position === undefined) game = `over ${game}`;
    else if (defenderMoves(position.phase)) {
      const move = defend(liar, position);
      await arena.write(arena.defender, move?.functionName as string, move?.args ?? []);
    }
  }
  const shown = await show(context, { game: BigInt(game.slice(5)) });
  expect(shown).toMatchObject({ winner: "challenger", step: 23n, element: 7n, waitsFor: null });
  expect(shown.operator).toMatch(/^sub/);
  expect(shown.claimed).not.toBe(shown.truth);
  expect(shown.moves.length).toBeGreaterThan(8);
  expect(await arena.wealth(arena.challenger)).toBeGreaterThan(before);
  const [listed] = (await claims(context, { limit: 10 })).claims;
  expect(listed).toMatchObject({
    claim: claimKey(arena.defender.address, stand),
    status: "defeated",
    checked: "differs",
  });
});

/** D19. */
test("a defender defends what is right, and ends the game when the challenger falls silent", async () => {
  const context = node(named("owner", arena.defender));
  const before = await arena.wealth(arena.defender);
  const stand = await claim(truth.result);
  await arena.write(arena.challenger, "challenge", [arena.defender.address, stand, truth.result, truth.job]);
  await work(context);
  const [shown] = (await list(context, { limit: 1 })).games;
  expect(shown).toMatchObject({ waitsFor: "CHOOSE_STEP", turn: "challenger", winner: null });
  await arena.chain.dev?.advance(1_801);
  await work(context);
  expect((await list(context, { limit: 1 })).games[0]).toMatchObject({ winner: "defender" });
  expect(await arena.wealth(arena.defender)).toBeGreaterThan(before);
  await arena.chain.dev?.advance(3_601);
  await work(context);
  expect((await claims(context, { limit: 1 })).claims[0]?.status).toBe("final");
  expect(await db.kysely.selectFrom("ix_dispute_finals").selectAll().execute()).toHaveLength(1);
});

/** D19. */
test("a node does not defend its own claim when it finds it wrong, and leaves a right one alone", async () => {
  const context = node(named("owner", arena.defender));
  const stand = await claim(liar.result);
  await arena.write(arena.challenger, "challenge", [arena.defender.address, stand, liar.result, truth.job]);
  await work(context);
  expect((await list(context, { limit: 1 })).games[0]?.waitsFor).toBe("SPLIT");
  const watcher = node(named("watcher", arena.challenger));
  const right = await claim(truth.result);
  await index();
  const answer = await challenge(watcher, { claim: claimKey(arena.defender.address, right) });
  expect(answer).toMatchObject({ agrees: true, tx: null });
  const seen = await watch(watcher, { rate: 1, seconds: 0 });
  expect(seen.checked.map(({ agrees }) => agrees).sort()).toEqual([false, true]);
  expect((await watch(watcher, { rate: 0, seconds: 0 })).checked).toEqual([]);
});

test("a sample takes the share that it is told", () => {
  const hashes = Array.from(
    { length: 2000 },
    (_, i) => `0x${((i * 2654435761) % 2 ** 32).toString(16).padStart(8, "0")}${"0".repeat(56)}` as Hex,
  );
  const taken = hashes.filter((hash) => sampled(hash, 0.25)).length;
  expect(Math.abs(taken - 500)).toBeLessThan(60);
});
