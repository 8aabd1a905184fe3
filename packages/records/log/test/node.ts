// A node with a log in a temporary folder: real store, database, chain, runtime; the events are those of a test currency.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testTokenAbi } from "@base/testkit/abi.ts";
import { testTokenBytecode } from "@base/testkit/bytecode.ts";
import type { Capability, Context, Deployed, Identity } from "@kernel/capability";
import { createRuntime, gatherMigrations, type Runtime } from "@kernel/runtime";
import { openChain } from "@machines/chain";
import {
  createWitness,
  generateSigner,
  type Head,
  openLog,
  type Signer,
  type Trust,
  type Witness,
} from "@machines/log";
import { LogKeeper } from "@machines/log/keeper.ts";
import { openDatabase, openStore } from "@machines/store";
import { privateKeyToAccount } from "viem/accounts";
import { log } from "../src/index.ts";

/** A room whose contract is the test currency: each transfer is a node of the lineage with a statement. */
export const tokens: Capability = {
  name: "tokens",
  summary: "Transfers of a test currency.",
  contracts: [{ name: "Currency", abi: testTokenAbi, bytecode: async () => testTokenBytecode }],
  migrations: [
    {
      id: "tokens-1",
      async up(db) {
        for (const [table, columns] of Object.entries({
          ix_nodes: ["kind", "id", "label", "statement", "facts"],
          ix_edges: ["from_kind", "from_id", "to_kind", "to_id", "role"],
        })) {
          let builder = db.schema
            .createTable(table)
            .addColumn("block", "bigint")
            .addColumn("log_index", "integer")
            .addColumn("tx", "text");
          for (const column of columns) builder = builder.addColumn(column, "text");
          await builder.execute();
        }
      },
    },
  ],
  events: async () => ({
    Transfer(event, writer) {
      const id = `${event.transactionHash}-${event.logIndex}`;
      const facts = { type: "test/transfer/1", amount: String(event.args["value"]) };
      writer.insert("ix_nodes", { kind: "transfer", id, label: null, statement: null, facts: JSON.stringify(facts) });
    },
  }),
};

export interface LogNode {
  readonly dir: string;
  readonly runtime: Runtime;
  readonly context: Context;
  readonly keeper: LogKeeper;
  readonly owner: Identity;
  readonly signers: readonly Signer[];
  readonly currency: Deployed;
  call<T>(name: string, input?: unknown): Promise<T>;
  /** One transfer of the currency; resolves once it is indexed. */
  transfer(amount?: bigint): Promise<void>;
  /** Resolves once no job waits that would write to the log. */
  recorded(): Promise<void>;
  /** Stops without closing gracefully what a kill would not; `keep` leaves the folder. */
  close(keep?: boolean): Promise<void>;
}

export interface LogNodeOptions {
  readonly dir?: string;
  readonly keys?: readonly Signer[];
  readonly witnesses?: readonly Witness[];
  readonly witnessed?: readonly Trust[];
  readonly anchorEvery?: number;
  /** Made anew where this node lost its database. */
  readonly database?: string;
}

export const origin = "test.example/log";

/** Starts a node with the rooms log and tokens. */
export async function startLogNode(options: LogNodeOptions = {}): Promise<LogNode> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), "assay-log-node-")));
  const capabilities = [tokens, log];
  const chain = await openChain({ kind: "embedded", dir: join(dir, "chain"), port: false });
  const store = await openStore({ dir: join(dir, "blobs") });
  const db = await openDatabase({ dir: join(dir, options.database ?? "database") }, gatherMigrations(capabilities));
  const account = privateKeyToAccount(`0x${"1".padStart(64, "0")}`);
  const owner: Identity = { name: "owner", address: account.address, account };
  await chain.dev?.fund(owner.address, 10n ** 20n);
  const contracts: Record<string, Deployed> = {};
  // The same account deploys in the same order: on a chain that is there already the addresses are known.
  for (const { name, abi, bytecode } of capabilities.flatMap((capability) => capability.contracts ?? [])) {
    const nonce = Object.keys(contracts).length;
    const { getContractAddress } = await import("viem");
    const address = getContractAddress({ from: owner.address, nonce: BigInt(nonce) });
    const code = await chain.client.getCode({ address });
    if (code && code !== "0x") contracts[name] = { address, abi, block: 0n };
    else {
      const receipt = await chain.deploy(account, { abi, bytecode: await bytecode() });
      contracts[name] = { address: receipt.contractAddress, abi, block: 0n };
    }
  }
  const signers = options.keys ?? [generateSigner(origin, "ed25519"), generateSigner(origin, "ml-dsa-44")];
  const cosigner = generateSigner(`${origin}/witness`, "ed25519-cosignature");
  const heads = new Map<string, Head>();
  const memory = {
    load: async (name: string) => heads.get(name),
    save: async (name: string, head: Head) => void heads.set(name, head),
  };
  const keeper = new LogKeeper({
    log: await openLog({ dir: join(dir, "log"), origin, signers, now: Date.now }),
    trust: { origin, keys: signers.map(({ verifier }) => verifier) },
    witnesses: options.witnesses ?? [],
    witness: {
      ...createWitness({ signer: cosigner, logs: options.witnessed ?? [], memory, now: Date.now }),
      verifier: cosigner.verifier,
    },
    anchorEvery: options.anchorEvery ?? 0,
    delay: 20,
  });
  const runtime = await createRuntime({
    capabilities,
    store,
    db,
    chain,
    contracts,
    identities: { get: () => owner, list: () => [owner] },
    duties: { operators: [], watchers: [], panelists: [], keeper: "owner", peers: [] },
    records: keeper,
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    clock: Date.now,
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    poll: 20,
  });
  await runtime.start();
  const { context } = runtime;
  const currency = contracts["Currency"] as Deployed;
  return {
    dir,
    runtime,
    context,
    keeper,
    owner,
    signers,
    currency,
    call: async (name, input = {}) => (await runtime.call(name, input)) as never,
    async transfer(amount = 1n) {
      const { blockNumber } = await chain.write(account, currency, "faucet", [owner.address, amount]);
      await context.indexed(blockNumber);
    },
    async recorded() {
      for (let tries = 0; tries < 500; tries++) {
        const waiting = await db.kysely
          .selectFrom("settling_jobs")
          .select("kind")
          .where("kind", "=", "log.record")
          .execute();
        const open = await db.kysely
          .selectFrom("jobs")
          .select("key")
          .where("kind", "=", "log.record")
          .where("state", "!=", "done")
          .execute();
        if (waiting.length + open.length === 0) return;
        await new Promise((done) => setTimeout(done, 20));
      }
      throw new Error("the events are not recorded");
    },
    async close(keep = false) {
      await runtime.stop();
      await keeper.close();
      await db.close();
      await chain.close();
      if (!keep) await rm(dir, { recursive: true, force: true });
    },
  };
}
