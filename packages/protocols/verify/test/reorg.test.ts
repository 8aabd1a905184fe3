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
import { defend, defenderMoves } from "../src/moves.ts";
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

/** A whole node that watches with one identity. */
async function watching(account: LocalAccount): Promise<{ runtime: Runtime; close: () => Promise<void> }> {
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

/** D25. */
test("moves vanish under both players: the watcher waits for what is settled, moves again, and wins", async () => {
  const { runtime, close } = await watching(arena.challenger);
  const { context } = runtime;
  const before = await arena.wealth(arena.challenger);
  const manifest = await putRun(context.store, run);
  await arena.write(arena.defender, "post", [1n, truth.jobHash, liar.result, manifest]);
  const vanished: string[] = [];
  let changed = false;
  let game: Game | undefined;
  try {
    for (let round = 0; round < 400 && game?.end === undefined; round++) {
      const { number } = await arena.chain.head();
      await arena.chain.dev?.mine(1);
      await context.indexed(number + 1n);
      await pause(25);
      const [opened] = await context.db.kysely.selectFrom("ix_dispute_games").selectAll().execute();
      game = opened && (await gameOf(context, String(opened["game"])));
      const position = game && positionOf(game);
      const newest = game?.steps.at(-1);
      if (position === undefined || newest === undefined) continue;
      // Each of these waits for the liar next: the watcher's challenge, its choice of a step and of a value.
      const unsettled = newest.block > (await arena.chain.settled());
      const move = `${position.phase}:${position.state.high}`;
      if (defenderMoves(position.phase) && unsettled && vanished.length < 3 && !vanished.includes(move)) {
        vanished.push(move);
        await takeBack(newest.block - 1n);
        continue;
      }
      if (!defenderMoves(position.phase)) continue;
      if (position.phase === "SPLIT" && !changed) {
        // The liar gives other states first, and takes them back with the block they are in.
        changed = true;
        const wrong = position.state.high > 16n ? 15 : Number(position.state.high - position.state.low) - 1;
        const roots = Array.from({ length: wrong }, (_, i) => keccak256(stringToHex(String(i))));
        const { blockNumber } = await arena.write(arena.defender, "split", [position.id, position.state, roots]);
        await context.indexed(blockNumber);
        await pause(100);
        await takeBack(blockNumber - 1n);
        continue;
      }
      const made = defend(liar, position);
      await arena.write(arena.defender, made?.functionName as string, made?.args ?? []);
    }
  } finally {
    await close();
  }
  expect(vanished).toHaveLength(3);
  expect(game?.end?.status).toBe("CHALLENGER_WINS");
  expect(game?.computed?.claimed).not.toBe(game?.computed?.truth);
  expect(await arena.wealth(arena.challenger)).toBeGreaterThan(before);
  // Every transaction of the watcher's that is on the chain was a move that counted, and none was made twice.
  const counted = new Set([...(game?.steps ?? []), game?.end].map((step) => step?.tx));
  const { number: head } = await arena.chain.head();
  const made: string[] = [];
  for (let block = 0n; block <= head; block++)
    for (const tx of (await arena.chain.client.getBlock({ blockNumber: block, includeTransactions: true }))
      .transactions) {
      if (tx.from !== arena.challenger.address.toLowerCase() || tx.to !== arena.disputes.address.toLowerCase())
        continue;
      const { functionName } = decodeFunctionData({ abi: disputesAbi, data: tx.input });
      if (functionName === "deposit") continue;
      expect(counted, `${functionName} in block ${block}`).toContain(tx.hash);
      made.push(functionName);
    }
  expect(made.filter((name) => name === "challenge")).toHaveLength(1);
  expect(made.at(-1)).toBe("prove");
});
