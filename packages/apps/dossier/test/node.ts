// A node in a temporary folder with the real store, database, embedded chain, runtime and log.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testTokenAbi } from "@base/testkit/abi.ts";
import { testTokenBytecode } from "@base/testkit/bytecode.ts";
import type { Context, Deployed, Identity } from "@kernel/capability";
import { createRuntime, gatherMigrations } from "@kernel/runtime";
import { openChain } from "@machines/chain";
import { generateSigner, openLog } from "@machines/log";
import { LogKeeper } from "@machines/log/keeper.ts";
import { openDatabase, openStore } from "@machines/store";
import { training } from "@protocols/training";
import { reports } from "@protocols/training/reports.ts";
import { assets } from "@records/assets";
import { log } from "@records/log";
import { privateKeyToAccount } from "viem/accounts";
import { dossier } from "../src/index.ts";

export interface TestNode {
  readonly context: Context;
  readonly dir: string;
  call<T>(name: string, input?: unknown): Promise<T>;
  /** Resolves once the log has the chain's events. */
  recorded(about: string): Promise<void>;
  close(): Promise<void>;
}

const origin = "dossier.example/log";
const now = () => Date.UTC(2026, 0, 31, 12);

/** Starts a node whose clock stands still. */
export async function startNode(): Promise<TestNode> {
  const capabilities = [assets, log, training, reports, dossier];
  const dir = await mkdtemp(join(tmpdir(), "assay-dossier-"));
  const chain = await openChain({ kind: "embedded", dir: join(dir, "chain"), port: false });
  const store = await openStore({ dir: join(dir, "blobs") });
  const db = await openDatabase({ dir: join(dir, "database") }, gatherMigrations(capabilities));
  const account = privateKeyToAccount(`0x${"1".padStart(64, "0")}`);
  const owner: Identity = { name: "owner", address: account.address, account };
  await chain.dev?.fund(owner.address, 10n ** 20n);
  const token = await chain.deploy(account, { abi: testTokenAbi, bytecode: testTokenBytecode });
  const contracts: Record<string, Deployed> = {
    Currency: { address: token.contractAddress, abi: testTokenAbi, block: token.blockNumber },
  };
  for (const { name, abi, bytecode, args } of capabilities.flatMap((capability) => capability.contracts ?? [])) {
    const settings = { currency: token.contractAddress };
    const receipt = await chain.deploy(account, { abi, bytecode: await bytecode(), args: args?.({}, settings) ?? [] });
    contracts[name] = { address: receipt.contractAddress, abi, block: receipt.blockNumber };
  }
  const signers = [generateSigner(origin, "ed25519")];
  const keeper = new LogKeeper({
    log: await openLog({ dir: join(dir, "log"), origin, signers, now }),
    trust: { origin, keys: signers.map(({ verifier }) => verifier) },
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
    clock: now,
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    poll: 20,
  });
  await runtime.start();
  const call = async <T>(name: string, input: unknown = {}): Promise<T> => (await runtime.call(name, input)) as T;
  return {
    context: runtime.context,
    dir,
    call,
    async recorded(about) {
      for (let tries = 0; tries < 500; tries++) {
        const { records } = await call<{ records: unknown[] }>("log.list", { about, kind: "event" });
        if (records.length > 0) return;
        await new Promise((done) => setTimeout(done, 20));
      }
      throw new Error("the events are not recorded");
    },
    async close() {
      await runtime.stop();
      await keeper.close();
      await db.close();
      await chain.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
