// The room's own players on a real chain: they watch, challenge and play from chain and store alone, killed after every move.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Context, NotYetError } from "@kernel/capability";
import { type Database, openDatabase, openStore, type Store } from "@machines/store";
import { type Abi, encodeFunctionData, type Hex, type LocalAccount, parseAbi, parseEventLogs, zeroHash } from "viem";
import { Program } from "@machines/engine/graph/program.ts";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { claimKey, forgetReplays } from "../src/claims.ts";
import { gameAbi } from "../src/contracts.ts";
import { events } from "../src/events.ts";
import { putRun } from "../src/manifest.ts";
import { attack, defend, defenderMoves, described, evidence, type Move } from "../src/moves.ts";
import { positionOf, gameOf } from "../src/games.ts";
import { finalise, play, timeout } from "../src/play.ts";
import { Replay } from "../src/replay.ts";
import { claims, list, show } from "../src/show.ts";
import { forget } from "../src/states.ts";
import { loggedSums, MAX_TERMS } from "../src/sums.ts";
import { migrations } from "../src/tables.ts";
import { challenge, check, sampled, watch } from "../src/watch.ts";
import { Arena, UNIT } from "./arena.ts";
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
  "disputes.forget": forget,
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

async function claim(result: Hex, of = truth): Promise<bigint> {
  const manifest = await putRun(store, of.run);
  const stand = BigInt(Math.floor(Math.random() * 1e9));
  await arena.write(arena.defender, "post", [stand, of.jobHash, result, manifest]);
  return stand;
}

/** D19, D26. */
test("a watcher finds a wrong claim, challenges it and plays to the end, killed after every move", async () => {
  expect(liar.result).not.toBe(truth.result);
  const steps = vi.spyOn(Program.prototype, "run");
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
    const position = positionOf(found);
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
  // The training was run once; after each kill it went on from what was kept.
  const times = steps.mock.calls.length / run.steps;
  steps.mockRestore();
  expect(times).toBeGreaterThanOrEqual(1);
  expect(times).toBeLessThan(1.3);
  await work(context);
  expect(await db.kysely.selectFrom("dispute_states").selectAll().execute()).toEqual([]);
  expect(await arena.wealth(arena.challenger)).toBeGreaterThan(before);
  const [listed] = (await claims(context, { limit: 10 })).claims;
  expect(listed).toMatchObject({
    claim: claimKey(arena.defender.address, stand),
    status: "defeated",
    checked: "differs",
  });
});

/** `forward(address,bytes)`: calls the address with the bytes. */
const FORWARDER = "0x601d8060095f395ff35f5f6044358060645f375f5f6004355af1601b573d5f5f3e3d5ffd5b00";
const forwarderAbi = parseAbi(["function forward(address to, bytes data)"]);

/** D21. */
test("who moves through another contract hides nothing from a watcher", async () => {
  const { contractAddress } = await arena.chain.deploy(arena.defender, { abi: [], bytecode: FORWARDER, args: [] });
  const through = (by: LocalAccount, functionName: string, args: readonly unknown[]) => {
    const data = encodeFunctionData({ abi: gameAbi as Abi, functionName, args });
    const forwarder = { address: contractAddress, abi: forwarderAbi };
    return arena.chain.write(by, forwarder, "forward", [arena.disputes.address, data]);
  };
  await arena.write(arena.defender, "deposit", [contractAddress, 1_000n * UNIT]);
  const manifest = await putRun(store, run);
  await through(arena.defender, "post", [1n, truth.jobHash, liar.result, manifest]);
  const context = node(named("watcher", arena.challenger));
  let winner: string | null | undefined;
  for (let round = 0; round < 60 && !winner; round++) {
    await work(context);
    const [shown] = (await list(context, { limit: 1 })).games;
    const position = shown && positionOf(await gameOf(context, String(shown.game)));
    winner = shown?.winner;
    const move = position && defend(liar, position);
    if (move) await through(arena.defender, move.functionName, move.args);
  }
  expect(winner).toBe("challenger");
  expect((await list(context, { limit: 1 })).games[0]?.element).toBe(7n);
});

/** D20, with the limit that players have: terms enough to be halved once. */
test("two nodes play a long sum to its end; the one whose element is right wins", async () => {
  const of = new Replay(perceptron({ widths: [MAX_TERMS + 1, 2], batch: 2, rows: 4, steps: 2 }));
  const k = of.program.values.findIndex(({ op }) => op === "matmulT");
  const [owner, watcher] = [node(named("owner", arena.defender)), node(named("watcher", arena.challenger))];
  const before = await arena.wealth(arena.defender);
  const stand = await claim(of.result, of);
  await arena.write(arena.challenger, "challenge", [arena.defender.address, stand, of.result, of.job]);
  // The challenger's own run is right too: here it says of right things that they are wrong.
  const leaves = of.trace(1).leaves.map((leaf, i) => (i === k ? zeroHash : leaf));
  const values = of.trace(1).values.map((v, i) => (i === k ? (v as Float32Array).map((x) => x + 1) : v));
  const pretending = Object.assign(new Replay(of.run), { trace: () => ({ values, leaves, root: zeroHash }) });
  const asked: string[] = [];
  for (let round = 0; round < 60; round++) {
    await work(owner);
    const [shown] = (await list(watcher, { limit: 1 })).games;
    const position = positionOf(await gameOf(watcher, String(shown?.game)));
    if (position === undefined) break;
    asked.push(position.phase);
    if (defenderMoves(position.phase)) continue;
    const { id, state, posted } = position;
    const move =
      position.phase === "CHOOSE_STEP"
        ? { functionName: "chooseStep", args: [id, state, posted, 1n] }
        : position.phase === "CHOOSE_SUM"
          ? { functionName: "chooseSum", args: [id, state, [[], ...loggedSums(posted, 16)], 9n, false] }
          : (attack(pretending, position) as Move);
    await arena.write(arena.challenger, move.functionName, move.args);
  }
  expect(asked.slice(-3)).toEqual(["PROVE_ELEMENT", "CHOOSE_SUM", "PROVE_SUM"]);
  const [shown] = (await list(watcher, { limit: 1 })).games;
  expect(shown).toMatchObject({ winner: "defender", element: 0n });
  expect(await arena.wealth(arena.defender)).toBeGreaterThan(before);
}, 60_000);

/** D20. */
test("a watcher takes a long sum apart, killed after every move", async () => {
  const of = new Replay(perceptron({ widths: [MAX_TERMS + 1, 2], batch: 2, rows: 4, steps: 2 }));
  const k = of.program.values.findIndex(({ op }) => op === "matmulT");
  const bias = of.program.values.find(({ name }) => name === "b0")?.update as number;
  const lies = [
    { low: 1, value: k, change: (values: Float32Array) => ulp(values, 3) },
    { low: 1, value: bias, change: (values: Float32Array) => void values.fill(2) },
  ];
  const wrong = new LyingReplay(of.run, lies);
  const context = node(named("watcher", arena.challenger));
  await claim(wrong.result, of);
  const before = await arena.wealth(arena.challenger);
  for (let round = 0; round < 60; round++) {
    await work(context);
    const [shown] = (await list(context, { limit: 1 })).games;
    if (shown === undefined) continue;
    const position = positionOf(await gameOf(context, String(shown.game)));
    if (position === undefined) break;
    if (!defenderMoves(position.phase)) continue;
    let move = defend(wrong, position) as Move;
    if (position.phase === "SUMS") {
      // The true sums, and one unit more at the very end.
      const sums = move.args[2] as bigint[][];
      const given = sums.with(-1, [(sums.at(-1)?.[0] as bigint) + 1n]);
      const proof = evidence("finish", [of.job, described(of, 1, k), given.at(-1)]);
      move = { ...move, args: [position.id, position.state, given, proof] };
    }
    await arena.write(arena.defender, move.functionName, move.args);
  }
  const [shown] = (await list(context, { limit: 1 })).games;
  expect(shown).toMatchObject({ winner: "challenger", step: 1n, element: 3n });
  const texts = shown?.moves.map(({ text }) => text) ?? [];
  expect(texts).toContain("disputes element 3, in parts");
  expect(texts).toContain("gave the running sums");
  expect(await arena.wealth(arena.challenger)).toBeGreaterThan(before);
}, 60_000);

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
