import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "@machines/store";
import { contract, events, FakeChain, fixedRandom, kinds, payments, quiet, testDatabase } from "../test/fakes.ts";
import { gatherHandlers } from "./decode.ts";
import { Indexer, type IndexNews } from "./indexer.ts";
import { gatherMigrations } from "./tables.ts";

let kind: (typeof kinds)[number] = "sqlite";
const migrations = gatherMigrations([payments]);
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function database(): Promise<Database> {
  const one = await testDatabase(kind);
  const db = await one.open(migrations);
  ends.push(() => db.close(), one.remove);
  return db;
}

async function indexer(chain: FakeChain, db: Database, more: Partial<ConstructorParameters<typeof Indexer>[0]> = {}) {
  return new Indexer({
    chain: chain as never,
    db,
    contracts: [{ name: "Payments", address: contract, abi: events, block: 0n }],
    handlers: await gatherHandlers([payments]),
    log: quiet,
    clock: Date.now,
    random: fixedRandom,
    poll: 5,
    ...more,
  });
}

async function rows(db: Database) {
  return {
    payments: await db.kysely.selectFrom("ix_payments").selectAll().orderBy("block").orderBy("log_index").execute(),
    cursor: await db.kysely.selectFrom("index_cursor").select(["block", "hash"]).executeTakeFirstOrThrow(),
    jobs: await db.kysely.selectFrom("jobs").select(["kind", "key", "payload"]).orderBy("key").execute(),
    settling: await db.kysely.selectFrom("settling_jobs").selectAll().orderBy("block").orderBy("log_index").execute(),
  };
}

/** What a fresh index of the chain as it is now holds. */
async function straight(chain: FakeChain) {
  const failing = chain.failing;
  chain.failing = 0;
  const db = await database();
  await (await indexer(chain, db)).indexed(BigInt(chain.blocks.length - 1));
  chain.failing = failing;
  return rows(db);
}

function grow(chain: FakeChain, count: number, start: number): void {
  for (let at = 0; at < count; at++) {
    const many = Math.floor(chain.random() * 4);
    chain.mine(
      Array.from({ length: many }, (_, k) => ({ id: BigInt(start + at * 10 + k), amount: 5n, note: `n${k}` })),
    );
  }
}

it("goes on past blocks whose blooms speak of its contracts without a log of them, however many follow each other", async () => {
  kind = "sqlite";
  const chain = new FakeChain();
  const request = chain.client.request as (asked: { method: string }) => Promise<object | null>;
  // As when a token moves into one of our contracts: its address and a selector we know, but not together.
  const bloomed = async (asked: { method: string }) => {
    const found = await request(asked);
    return asked.method === "eth_getBlockByNumber" && found ? { ...found, logsBloom: `0x${"ff".repeat(256)}` } : found;
  };
  Object.assign(chain, { kind: "rpc", client: { request: bloomed } });
  for (let at = 0; at < 5; at++) chain.mine([]);
  const db = await database();
  const one = await indexer(chain, db);
  one.start();
  ends.unshift(() => one.stop());
  await one.indexed(5n);
  expect((await rows(db)).cursor.block).toBe(5);
});

describe.each(kinds)("the indexer on %s", (on) => {
  beforeEach(() => {
    kind = on;
  });

  it("decodes events into rows with block, log_index and tx", async () => {
    const chain = new FakeChain();
    chain.mine([{ id: 2n ** 255n, amount: 10n ** 30n, note: "für dich" }]);
    const db = await database();
    await (await indexer(chain, db)).indexed(1n);
    const {
      payments: [row],
      cursor,
    } = await rows(db);
    expect(row).toMatchObject({
      id: (2n ** 255n).toString(),
      amount: `1${"0".repeat(30)}`,
      note: "für dich",
      at: 1_001,
    });
    expect(row).toMatchObject({ block: 1, log_index: 0, tx: expect.stringMatching(/^0x/) });
    expect(cursor).toEqual({ block: 1, hash: chain.blocks[1]?.hash });
    expect(await db.kysely.selectFrom("blocks").selectAll().execute()).toEqual([
      { number: 1, hash: chain.blocks[1]?.hash, parent: chain.blocks[0]?.hash, timestamp: 1_001 },
    ]);
  });

  it("follows a growing chain and resolves indexed() once the block is there", async () => {
    const chain = new FakeChain();
    const db = await database();
    const news: IndexNews[] = [];
    const index = await indexer(chain, db, { poll: 60_000, onNews: (one) => news.push(one) });
    index.start();
    await index.indexed(0n);
    chain.mine([{ id: 1n, amount: 1n }]);
    await index.indexed(1n);
    expect((await rows(db)).payments).toHaveLength(1);
    await index.stop();
    expect(news).toContainEqual({ type: "rows", table: "ix_payments", count: 1, from: 1n, to: 1n });
    await expect(index.indexed(99n, 30)).rejects.toThrow("has not reached block 99");
  });

  it("undoes a fork: rows, waiting jobs and cursor are as if the other branch had never been", async () => {
    const chain = new FakeChain();
    chain.depth = 100;
    grow(chain, 20, 0);
    const db = await database();
    const index = await indexer(chain, db, { range: 3 });
    await index.indexed(20n);
    chain.fork(7);
    grow(chain, 9, 5_000);
    await index.indexed(22n);
    while (await index.tick());
    expect(await rows(db)).toEqual(await straight(chain));
    chain.fork(50);
    grow(chain, 2, 9_000);
    while (await index.tick());
    expect(await rows(db)).toEqual(await straight(chain));
  });

  it("notices a fork of the newest block only, with and without new length", async () => {
    const chain = new FakeChain();
    chain.mine([{ id: 1n, amount: 1n }]);
    const db = await database();
    const index = await indexer(chain, db);
    await index.indexed(1n);
    chain.fork(1);
    chain.mine([{ id: 2n, amount: 1n }]);
    while (await index.tick());
    expect((await rows(db)).payments.map((row) => row.id)).toEqual(["2"]);
    chain.fork(1);
    while (await index.tick());
    expect(await rows(db)).toMatchObject({ payments: [], settling: [] });
  });

  it.each([1, 2, 3, 4, 5, 6])(
    "keeps nothing of two branches that it read in one go (fork at request %i)",
    async (at) => {
      for (const withTimestamps of [false, true]) {
        const chain = new FakeChain();
        chain.withTimestamps = withTimestamps;
        chain.depth = 100;
        for (let id = 1n; id <= 6n; id++) chain.mine([{ id, amount: 1n }]);
        const db = await database();
        const index = await indexer(chain, db);
        let left = at;
        chain.onRequest = () => {
          if (--left !== 0) return;
          chain.fork(3);
          for (let id = 11n; id <= 15n; id++) chain.mine([{ id, amount: 2n }]);
        };
        await index.indexed(6n);
        // What is committed is of one branch, before any later look mends it.
        const ids = (await rows(db)).payments.map((row) => row.id);
        const branches = ["1,2,3,4,5,6", "1,2,3,11,12,13", "1,2,3,11,12,13,14,15"];
        expect(branches).toContain(ids.join());
        chain.onRequest = undefined;
        while (await index.tick());
        expect(await rows(db)).toEqual(await straight(chain));
      }
    },
  );

  it("queues a job only when its block is settled, and once", async () => {
    const chain = new FakeChain();
    chain.depth = 2;
    chain.mine([{ id: 7n, amount: 70n }]);
    const db = await database();
    const index = await indexer(chain, db);
    await index.indexed(1n);
    chain.mine();
    while (await index.tick());
    expect(await rows(db)).toMatchObject({ jobs: [], settling: [{ kind: "thank", key: "7" }] });
    chain.mine([{ id: 7n, amount: 71n }]);
    while (await index.tick());
    expect(await rows(db)).toMatchObject({ jobs: [{ kind: "thank", key: "7", payload: '{"amount":"70"}' }] });
    chain.mine();
    chain.mine();
    while (await index.tick());
    expect(await rows(db)).toMatchObject({ jobs: [{ payload: '{"amount":"70"}' }], settling: [] });
  });

  it("writes nothing of a batch whose handler fails, and says which event", async () => {
    const chain = new FakeChain();
    chain.mine([{ id: 1n, amount: 1n }]);
    chain.mine([{ id: 2n, amount: 2n }]);
    const db = await database();
    const handlers = new Map([
      [
        "Payments.Paid",
        (event: { args: Record<string, unknown> }, writer: { insert(t: string, row: object): void }) => {
          writer.insert("ix_payments", { id: "1", amount: "1", note: "", at: 1 });
          if (event.args.id === 2n) throw new Error("two is too much");
        },
      ],
    ]);
    const index = await indexer(chain, db, { handlers: handlers as never });
    await expect(index.tick()).rejects.toThrow("The handler of Payments.Paid failed: two is too much");
    expect(await rows(db)).toMatchObject({ payments: [], cursor: { block: -1 } });
  });

  it("indexes anew when contracts change", async () => {
    const chain = new FakeChain();
    chain.mine([{ id: 1n, amount: 1n }]);
    const db = await database();
    await (await indexer(chain, db)).indexed(1n);
    await (await indexer(chain, db, { version: "2" })).indexed(1n);
    expect((await rows(db)).payments).toHaveLength(1);
    await (await indexer(chain, db, { contracts: [] })).indexed(1n);
    expect((await rows(db)).payments).toHaveLength(0);
  });

  it.each([1, 2, 3, 4, 5, 6])(
    "comes to the same tables through forks, RPC errors and restarts (run %i)",
    async (run) => {
      const disk = await testDatabase(kind);
      const chain = new FakeChain();
      for (let at = 0; at < run * 7; at++) chain.random();
      chain.depth = 8;
      chain.withTimestamps = run % 2 === 0;
      grow(chain, 10, 0);
      let db = await disk.open(migrations);
      let index = await indexer(chain, db, { range: 1 + run, poll: 1 });
      for (let round = 1; round <= 25; round++) {
        chain.failing = chain.random() < 0.5 ? 0.2 : 0;
        const dice = chain.random();
        if (dice < 0.35) chain.forkUnsettled(1 + Math.floor(chain.random() * 7));
        grow(chain, 1 + Math.floor(chain.random() * 4), round * 1_000);
        if (dice > 0.8) {
          await db.close();
          db = await disk.open(migrations);
          index = await indexer(chain, db, { range: 1 + run, poll: 1 });
        }
        for (let step = 0; step < 6; step++) {
          let left = chain.random() < 0.3 ? 1 + Math.floor(chain.random() * 5) : 0;
          chain.onRequest = () => {
            if (--left === 0) {
              chain.forkUnsettled(1 + Math.floor(chain.random() * 3));
              grow(chain, 3, round * 1_000 + 300);
            }
          };
          const turn = index.tick().catch(() => false);
          if (step === 2 && chain.random() < 0.3) {
            chain.forkUnsettled(1 + Math.floor(chain.random() * 3));
            grow(chain, 2, round * 1_000 + 500);
          }
          await turn;
          chain.onRequest = undefined;
        }
      }
      chain.failing = 0;
      await index.indexed(BigInt(chain.blocks.length - 1));
      while (await index.tick());
      const { jobs, ...tables } = await rows(db);
      const { jobs: straightJobs, ...straightTables } = await straight(chain);
      await db.close();
      await disk.remove();
      expect(tables).toEqual(straightTables);
      expect(jobs).toEqual(straightJobs);
    },
  );
});
