// The chain takes another branch in the middle of a game: moves of both players vanish, and one of them changes its mind.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRuntime, gatherMigrations, type Runtime } from "@kernel/runtime";
import { openDatabase, openStore } from "@machines/store";
import { decodeFunctionData, keccak256, type LocalAccount, stringToHex } from "viem";
import { afterAll, beforeAll, expect, test } from "vitest";
import { disputesAbi } from "../src/abi.ts";
import { type Game, gameOf, positionOf } from "../src/games.ts";
import { disputes } from "../src/index.ts";
import { putRun } from "../src/manifest.ts";
import { attack, defend, defenderMoves, type Move, type Position } from "../src/moves.ts";
import { Replay } from "../src/replay.ts";
import { Arena, TERMS } from "./arena.ts";
import { LyingReplay, perceptron, ulp } from "./runs.ts";

const DEPTH = 3;
const run = perceptron({ widths: [6, 5, 3], batch: 4, rows: 40, steps: 50 });
const truth = new Replay(run);
const target = truth.program.values.find(({ name }) => name === "w0")?.update as number;
const liar = new LyingReplay(run, [{ low: 23, value: target, change: (values) => ulp(values, 7) }]);

let arena: Arena;
beforeAll(async () => {
  arena = await Arena.open(TERMS, DEPTH);
}, 60_000);
afterAll(() => arena?.close());

/** A whole node with one identity, which watches. */
async function nodeOf(account: LocalAccount): Promise<{ runtime: Runtime; close: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), "assay-reorg-"));
  const db = await openDatabase({ dir }, gatherMigrations([disputes]));
  const identity = { name: "watcher", account, address: account.address };
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const runtime = await createRuntime({
    capabilities: [disputes],
    store: await openStore({ dir: join(dir, "blobs") }),
    db,
    chain: arena.chain,
    contracts: { Disputes: { ...arena.disputes, block: 0n } },
    identities: { get: () => identity, list: () => [identity] },
    duties: { operators: [], watchers: ["watcher"], panelists: [], peers: [] },
    log: quiet,
    clock: Date.now,
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    poll: 10,
  });
  await runtime.start();
  const close = async () => {
    await runtime.stop();
    await db.close();
    await rm(dir, { recursive: true, force: true });
  };
  return { runtime, close };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Takes back everything since a block, with empty blocks in their place. */
async function takeBack(since: bigint): Promise<void> {
  const { number } = await arena.chain.head();
  const depth = Number(number - since);
  expect(depth).toBeLessThanOrEqual(DEPTH);
  await arena.chain.client.request({ method: "anvil_reorg" as never, params: [depth, []] as never });
}

interface Scripted {
  readonly account: LocalAccount;
  /** Whether the script moves, not the node. */
  readonly moves: (phase: Position["phase"]) => boolean;
  readonly move: (position: Position) => Move | undefined;
  /** Another first move, which the script takes back with the block that it is in. */
  readonly first: (position: Position) => Move;
}

/** Plays a game between a node and a script; each of the node's first three moves vanishes once, so does the script's first. */
async function playOut({ context }: Runtime, script: Scripted): Promise<{ game: Game; vanished: readonly string[] }> {
  const vanished: string[] = [];
  let changed = false;
  let game: Game | undefined;
  const make = (move?: Move) => arena.write(script.account, move?.functionName as string, move?.args ?? []);
  for (let round = 0; round < 400 && game?.end === undefined; round++) {
    const { number } = await arena.chain.head();
    await arena.chain.dev?.mine(1);
    await context.indexed(number + 1n);
    await pause(15);
    const [opened] = await context.db.kysely
      .selectFrom("ix_dispute_games")
      .selectAll()
      .orderBy("block", "desc")
      .execute();
    game = opened && (await gameOf(context, String(opened["game"])));
    const position = game && positionOf(game);
    const newest = game?.steps.at(-1);
    if (position === undefined || newest === undefined || !script.moves(position.phase)) continue;
    const unsettled = newest.block > (await arena.chain.settled());
    const move = `${position.phase}:${position.state.low}:${position.state.high}`;
    if (unsettled && vanished.length < 3 && !vanished.includes(move)) {
      vanished.push(move);
      await takeBack(newest.block - 1n);
    } else if (changed) await make(script.move(position));
    else {
      changed = true;
      const { blockNumber } = await make(script.first(position));
      await context.indexed(blockNumber);
      await pause(100);
      await takeBack(blockNumber - 1n);
    }
  }
  if (game?.end === undefined) throw new Error("The game did not end.");
  return { game, vanished };
}

/** Transactions of an account to the game that are on the chain, by the function they called. */
async function sentBy(account: LocalAccount, since: bigint): Promise<readonly { name: string; hash: string }[]> {
  const { number: head } = await arena.chain.head();
  const sent: { name: string; hash: string }[] = [];
  for (let block = since; block <= head; block++)
    for (const tx of (await arena.chain.client.getBlock({ blockNumber: block, includeTransactions: true }))
      .transactions) {
      if (tx.from !== account.address.toLowerCase() || tx.to !== arena.disputes.address.toLowerCase()) continue;
      sent.push({ name: decodeFunctionData({ abi: disputesAbi, data: tx.input }).functionName, hash: tx.hash });
    }
  return sent;
}

/** D25. */
test("a watcher's challenge and moves vanish, and the liar changes its mind: it waits, moves again, and wins", async () => {
  const { runtime, close } = await nodeOf(arena.challenger);
  const before = await arena.wealth(arena.challenger);
  const { number: since } = await arena.chain.head();
  const manifest = await putRun(runtime.context.store, run);
  await arena.write(arena.defender, "post", [1n, truth.jobHash, liar.result, manifest]);
  const { game, vanished } = await playOut(runtime, {
    account: arena.defender,
    moves: defenderMoves,
    move: (position) => defend(liar, position),
    first: ({ id, state }) => {
      const roots = Array.from({ length: 15 }, (_, i) => keccak256(stringToHex(String(i))));
      return { functionName: "split", args: [id, state, roots] };
    },
  }).finally(close);
  expect(vanished).toHaveLength(3);
  expect(game.end?.status).toBe("CHALLENGER_WINS");
  expect(game.computed?.claimed).not.toBe(game.computed?.truth);
  expect(await arena.wealth(arena.challenger)).toBeGreaterThan(before);
  // Every transaction of the watcher's that is on the chain was a move that counted, and none was made twice.
  const counted = [...game.steps, game.end].map((step) => step?.tx);
  const sent = await sentBy(arena.challenger, since + 1n);
  for (const { name, hash } of sent) expect(counted, name).toContain(hash);
  expect(sent.filter(({ name }) => name === "challenge")).toHaveLength(1);
  expect(sent.at(-1)?.name).toBe("prove");
});

/** D25. */
test("a defender's moves vanish, and the challenger changes its mind: it moves again, and wins", async () => {
  const { runtime, close } = await nodeOf(arena.defender);
  const before = await arena.wealth(arena.defender);
  const { number: since } = await arena.chain.head();
  const manifest = await putRun(runtime.context.store, run);
  await arena.write(arena.defender, "post", [2n, truth.jobHash, truth.result, manifest]);
  await arena.write(arena.challenger, "challenge", [arena.defender.address, 2n, truth.result, truth.job]);
  const { game, vanished } = await playOut(runtime, {
    account: arena.challenger,
    moves: (phase) => !defenderMoves(phase),
    move: (position) => attack(liar, position),
    first: ({ id, state, posted }) => ({ functionName: "chooseStep", args: [id, state, posted, 2n] }),
  }).finally(close);
  expect(vanished).toHaveLength(3);
  expect(game.end?.status).toBe("DEFENDER_WINS");
  expect(await arena.wealth(arena.defender)).toBeGreaterThan(before);
  const counted = game.steps.map(({ tx }) => tx);
  const sent = (await sentBy(arena.defender, since + 1n)).filter(({ name }) => name !== "post");
  for (const { name, hash } of sent) expect(counted, name).toContain(hash);
  expect(new Set(sent.map(({ hash }) => hash)).size).toBe(sent.length);
});
