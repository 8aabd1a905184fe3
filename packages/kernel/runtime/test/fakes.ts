// Small stand-ins for tests: a database in memory or in a file, a chain that forks and fails on command, a quiet log.
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NotFoundError, UnavailableError } from "@base/errors";
import type { Capability, Context, Identity, Logger } from "@kernel/capability";
import type { Chain } from "@machines/chain";
import { type Database, type Migration, openDatabase, type Store } from "@machines/store";
import { sql } from "kysely";
import { encodeAbiParameters, encodeEventTopics, type Hex, parseAbi } from "viem";
import { gatherMigrations } from "../src/tables.ts";

/** URL of a PostgreSQL database to fill, where the same tests run once more. */
const postgres = process.env["ASSAY_TEST_POSTGRES"];

/** Kinds of database to test on. */
export const kinds = postgres ? (["sqlite", "postgres"] as const) : (["sqlite"] as const);

/** A database with a name: opened again under that name it is the same one. */
export interface TestDatabase {
  open(migrations: readonly Migration[]): Promise<Database>;
  remove(): Promise<void>;
}

let count = 0;

/** A fresh, empty database: a folder, or a schema of its own on the PostgreSQL server. */
export async function testDatabase(kind: "sqlite" | "postgres" = "sqlite"): Promise<TestDatabase> {
  if (kind === "sqlite") {
    const dir = mkdtempSync(join(tmpdir(), "assay-runtime-"));
    return {
      open: (migrations) => openDatabase({ dir }, migrations),
      remove: async () => rmSync(dir, { recursive: true, force: true }),
    };
  }
  const schema = `runtime_${process.pid}_${++count}`;
  const url = new URL(postgres as string);
  const admin = async (statement: string) => {
    const db = await openDatabase({ url: url.href }, []);
    await sql.raw(statement).execute(db.kysely);
    await db.close();
  };
  await admin(`create schema ${schema}`);
  const own = new URL(url);
  own.searchParams.set("options", `-c search_path=${schema}`);
  return {
    open: (migrations) => openDatabase({ url: own.href }, migrations),
    remove: () => admin(`drop schema ${schema} cascade`),
  };
}

/** A Store in memory. */
function fakeStore(): Store {
  const blobs = new Map<string, Uint8Array>();
  const put = async (bytes: Uint8Array) => {
    const hash = `0x${createHash("sha256").update(bytes).digest("hex")}` as Hex;
    blobs.set(hash, bytes);
    return hash;
  };
  const get = async (hash: string) => {
    const bytes = blobs.get(hash);
    if (!bytes) throw new NotFoundError(`There is no blob ${hash}.`);
    return bytes;
  };
  return { put, get, has: async (hash: string) => blobs.has(hash) } as unknown as Store;
}

export const events = parseAbi([
  "event Paid(uint256 indexed id, address indexed to, uint256 amount, string note)",
  "event Noted(string indexed topic, uint256[] values)",
]);
export const contract = "0x00000000000000000000000000000000000000c1" as Hex;

/** What one block of the fake chain holds. */
export interface Entry {
  readonly id: bigint;
  readonly amount: bigint;
  readonly note?: string;
}

interface Block {
  readonly hash: Hex;
  readonly parent: Hex;
  readonly entries: readonly Entry[];
}

const digest = (text: string) => `0x${createHash("sha256").update(text).digest("hex")}` as Hex;

/** A chain in memory: `mine`, `fork` and `fail` are the test's hands. */
export class FakeChain {
  readonly kind: Chain["kind"] = "embedded";
  readonly chainId = 31_337;
  readonly blocks: Block[] = [];
  depth = 0;
  /** Newest block that was ever settled. */
  final = 0;
  /** Share of the requests that fail, 0 to 1. */
  failing = 0;
  withTimestamps = false;
  /** Called before each JSON-RPC request is answered. */
  onRequest: ((method: string) => void) | undefined;
  #branch = 0;
  #random = 1;

  constructor() {
    this.mine([]);
  }

  /** A number in [0, 1) that is the same in every run. */
  random(): number {
    this.#random = (this.#random * 48_271) % 2_147_483_647;
    return this.#random / 2_147_483_647;
  }

  mine(entries: readonly Entry[] = []): void {
    const parent = this.blocks.at(-1)?.hash ?? digest("genesis");
    this.blocks.push({ hash: digest(`${parent}/${this.#branch}`), parent, entries });
  }

  /** Drops the newest `count` blocks; what is mined next has other hashes. */
  fork(count: number): void {
    this.blocks.splice(Math.max(1, this.blocks.length - count), count);
    this.#branch++;
  }

  /** Like `fork`, but leaves what is settled, as a sound chain does. */
  forkUnsettled(count: number): void {
    this.fork(Math.min(count, this.blocks.length - 1 - this.final));
  }

  async head() {
    this.#maybeFail();
    const number = this.blocks.length - 1;
    return { number: BigInt(number), hash: (this.blocks[number] as Block).hash, timestamp: BigInt(1_000 + number) };
  }

  async settled() {
    this.#maybeFail();
    this.final = Math.max(this.final, this.blocks.length - 1 - this.depth);
    return BigInt(this.final);
  }

  readonly client = {
    request: async ({ method, params }: { method: string; params: readonly unknown[] }) => {
      this.onRequest?.(method);
      this.#maybeFail();
      if (method === "eth_getBlockByNumber") return this.#block(Number(params[0]));
      if (method === "eth_getLogs") return this.#logs(params[0] as { fromBlock: Hex; toBlock: Hex });
      throw new UnavailableError(`no ${method} here`);
    },
  } as unknown as Chain["client"];

  #maybeFail(): void {
    if (this.failing > 0 && this.random() < this.failing) throw new UnavailableError("the node hangs up");
  }

  #block(number: number) {
    const block = this.blocks[number];
    if (!block) return null;
    return {
      number: `0x${number.toString(16)}`,
      hash: block.hash,
      parentHash: block.parent,
      timestamp: `0x${(1_000 + number).toString(16)}`,
    };
  }

  #logs({ fromBlock, toBlock }: { fromBlock: Hex; toBlock: Hex }) {
    const logs: unknown[] = [];
    for (let number = Number(fromBlock); number <= Number(toBlock); number++) {
      const block = this.blocks[number];
      if (!block) continue;
      block.entries.forEach((entry, index) => {
        const topics = encodeEventTopics({ abi: events, eventName: "Paid", args: { id: entry.id, to: contract } });
        logs.push({
          address: contract,
          topics,
          data: encodeAbiParameters([{ type: "uint256" }, { type: "string" }], [entry.amount, entry.note ?? ""]),
          blockNumber: `0x${number.toString(16)}`,
          blockHash: block.hash,
          transactionHash: digest(`${block.hash}/${index}`),
          logIndex: `0x${index.toString(16)}`,
          ...(this.withTimestamps ? { blockTimestamp: `0x${(1_000 + number).toString(16)}` } : {}),
        });
      });
    }
    return logs;
  }
}

export const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export const fixedRandom = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(128);

/** The index of the fake contract's payments, one job for each. */
export const payments: Capability = {
  name: "payments",
  summary: "Payments of the fake contract.",
  contracts: [{ name: "Payments", abi: events, bytecode: async () => "0x" }],
  migrations: [
    {
      id: "payments/1",
      async up(db) {
        await db.schema
          .createTable("ix_payments")
          .addColumn("block", "bigint")
          .addColumn("log_index", "integer")
          .addColumn("tx", "text")
          .addColumn("id", "text")
          .addColumn("amount", "text")
          .addColumn("note", "text")
          .addColumn("at", "bigint")
          .execute();
      },
    },
  ],
  events: async () => ({
    Paid: (event, writer) => {
      const { id, amount, note } = event.args as { id: bigint; amount: bigint; note: string };
      writer.insert("ix_payments", { id, amount, note, at: Number(event.timestamp) });
      writer.onSettled("thank", id.toString(), { amount: amount.toString() });
    },
  }),
};

/** What createRuntime needs beside capabilities, with fakes for all of it. */
export async function fakeMachines(capabilities: readonly Capability[]) {
  const database = await testDatabase();
  const identities: readonly Identity[] = [];
  return {
    store: fakeStore(),
    db: await database.open(gatherMigrations(capabilities)),
    remove: database.remove,
    chain: new FakeChain() as unknown as Chain,
    contracts: {},
    identities: {
      get: (name?: string): Identity => {
        throw new NotFoundError(`There is no identity ${name ?? "default"}.`);
      },
      list: () => identities,
    },
    duties: { operators: [], watchers: [], panelists: [], peers: [] } satisfies Context["duties"],
    log: quiet,
    clock: Date.now,
    random: fixedRandom,
  };
}
