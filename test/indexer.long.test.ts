// The index of a node on a network of three EVM nodes: a reorganisation, the loss of a node, and a restart leave the
// same rows that a fresh index of the same chain makes.
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EventHandler } from "@kernel/capability";
import { Indexer } from "@kernel/runtime/indexer.ts";
import { gatherMigrations } from "@kernel/runtime/tables.ts";
import { type Chain, openChain } from "@machines/chain";
import { type Database, type Migration, openDatabase } from "@machines/store";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ledger } from "../packages/machines/chain/test/ledger.ts";
import { Network, networkId } from "../packages/machines/chain/test/network.ts";

const owner = privateKeyToAccount(generatePrivateKey());
const key = (n: number) => `0x${n.toString(16).padStart(64, "0")}` as const;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const migrations: readonly Migration[] = [
  {
    id: "puts/1",
    up: async (db) => {
      await db.schema
        .createTable("ix_puts")
        .addColumn("block", "bigint", (c) => c.notNull())
        .addColumn("log_index", "integer", (c) => c.notNull())
        .addColumn("tx", "text", (c) => c.notNull())
        .addColumn("key", "text", (c) => c.notNull())
        .addColumn("count", "text", (c) => c.notNull())
        .execute();
    },
  },
];
const put: EventHandler = (event, writer) => {
  writer.insert("ix_puts", { key: String(event.args["key"]), count: String(event.args["count"]) });
  writer.onSettled("noted", `${event.transactionHash}`, { block: event.block.toString() });
};

let dir: string;
let network: Network;
let chain: Chain;
let contract: { name: string; address: `0x${string}`; abi: ReturnType<typeof ledger>["abi"]; block: bigint };

async function database(name: string): Promise<Database> {
  return openDatabase({ dir: join(dir, name) }, gatherMigrations([{ migrations }]));
}

function follow(db: Database, on: Chain = chain): Indexer {
  return new Indexer({
    chain: on,
    db,
    contracts: [contract],
    handlers: new Map([["Ledger.Put", put]]),
    log: quiet,
    clock: Date.now,
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
    poll: 100,
  });
}

const rowsOf = (db: Database) =>
  db.kysely.selectFrom("ix_puts").selectAll().orderBy("block").orderBy("log_index").execute();

/** Makes blocks, one after the other, until `work` is done; none is in the making when it returns. */
async function withBlocks<T>(work: Promise<T>): Promise<T> {
  let going = true;
  const making = (async () => {
    while (going) {
      await network.tick();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  try {
    return await work;
  } finally {
    going = false;
    await making;
  }
}

/** Number of the block that a put came into. */
async function mined(n: number): Promise<bigint> {
  return (await withBlocks(chain.write(owner, contract, "put", [key(n), key(9)]))).blockNumber;
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "assay-index-"));
  network = await Network.start(join(dir, "network"), [owner.address]);
  chain = await openChain({ kind: "rpc", url: network.nodes[0]?.url ?? "", chainId: networkId });
  const { abi, bytecode } = ledger();
  const deploying = chain.deploy(owner, { abi, bytecode, args: [7n] });
  const receipt = await withBlocks(deploying);
  contract = { name: "Ledger", address: receipt.contractAddress, abi, block: receipt.blockNumber };
}, 120_000);

afterAll(async () => {
  await network?.stop();
  await rm(dir, { recursive: true, force: true });
});

test("a reorganisation, a dead node and a restart leave what a fresh index finds", { timeout: 240_000 }, async () => {
  const [first, second] = network.nodes;
  if (!first || !second) throw new Error("two nodes are needed");
  const db = await database("followed");
  let indexer = follow(db);
  indexer.start();
  await indexer.indexed(await mined(1));

  // A transaction is mined, indexed, and taken back by a longer branch that does not hold it.
  const parent = network.head;
  const sent = chain.write(owner, contract, "put", [key(2), key(9)]);
  await new Promise((resolve) => setTimeout(resolve, 700));
  const taken = await network.build(first, parent);
  expect(taken.transactions).toHaveLength(1);
  await network.adopt(taken.blockHash);
  const { blockNumber } = await sent;
  await indexer.indexed(blockNumber);
  expect((await rowsOf(db)).map((row) => row["key"])).toEqual([key(1), key(2)]);
  const other = await network.build(second, parent, 1);
  expect(other.transactions).toHaveLength(0);
  await network.adopt(other.blockHash);
  await network.adopt((await network.build(second, other.blockHash)).blockHash);
  const jobs = await db.kysely.selectFrom("jobs").select("key").execute();
  expect(jobs, "no job may start for a block that vanished").toHaveLength(0);

  // The index is stopped in the middle and its node dies; a new process goes on, on another node.
  await indexer.stop();
  await first.kill();
  const survivor = await openChain({ kind: "rpc", url: second.url, chainId: networkId });
  indexer = follow(db, survivor);
  indexer.start();
  await network.ticks(6);
  await indexer.indexed((await survivor.head()).number);
  await indexer.stop();
  const followed = await rowsOf(db);

  const fresh = await database("fresh");
  const second_ = follow(fresh, survivor);
  second_.start();
  await second_.indexed((await survivor.head()).number);
  await second_.stop();
  expect(followed).toEqual(await rowsOf(fresh));
  expect(followed.filter((row) => row["block"] === Number(blockNumber) && row["tx"] === taken.transactions[0])).toEqual(
    [],
  );
  await db.close();
  await fresh.close();
});
