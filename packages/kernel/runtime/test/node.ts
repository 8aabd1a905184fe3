// A whole node in a temporary folder, for the rooms' tests: real store, database, embedded chain, runtime and contracts.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NotFoundError } from "@base/errors";
import { testTokenAbi } from "@base/testkit/abi.ts";
import { testTokenBytecode } from "@base/testkit/bytecode.ts";
import type { Capability, Context, Deployed, Identity, Vault } from "@kernel/capability";
import { type Chain, openChain } from "@machines/chain";
import { type Database, type Migration, openDatabase, openStore, type Store } from "@machines/store";
import { privateKeyToAccount } from "viem/accounts";
import { createRuntime, gatherMigrations, type Runtime, type RuntimeOptions } from "../src/index.ts";

export interface TestNode {
  readonly runtime: Runtime;
  readonly context: Context;
  readonly chain: Chain;
  readonly db: Database;
  readonly store: Store;
  /** The test currency; each identity begins with 1,000 (or `funds`) of it and with ether. */
  readonly currency: Deployed;
  readonly dir: string;
  /** An identity by its name; the first without. */
  identity(name?: string): Identity;
  close(): Promise<void>;
}

export interface TestNodeOptions {
  readonly capabilities: readonly Capability[];
  /** Names of the identities, each with a key of its own; the first deploys. */
  readonly names: readonly string[];
  /** Currency of each identity in its smallest unit. */
  readonly funds?: bigint;
  /** What contracts are told besides the currency's address. */
  readonly settings?: (first: Identity) => Readonly<Record<string, string>>;
  readonly duties?: Partial<RuntimeOptions["duties"]>;
  readonly clock?: () => number;
  /** The log of records, made in the node's folder and closed with the node. */
  readonly records?: (dir: string) => Promise<NonNullable<RuntimeOptions["records"]> & { close(): Promise<void> }>;
  /** Another database than SQLite in the node's folder; `drop` removes what it leaves. */
  readonly database?: (
    dir: string,
    migrations: readonly Migration[],
  ) => Promise<{ readonly db: Database; drop(): Promise<void> }>;
}

/** Starts a node and deploys the test currency and every contract of the capabilities. */
export async function startTestNode(options: TestNodeOptions): Promise<TestNode> {
  const { capabilities, names, funds = 1_000n * 10n ** 18n, clock = Date.now } = options;
  const dir = await mkdtemp(join(tmpdir(), "assay-node-"));
  const chain = await openChain({ kind: "embedded", dir: join(dir, "chain"), port: false });
  const store = await openStore({ dir: join(dir, "blobs") });
  const migrations = gatherMigrations(capabilities);
  const { db, drop } = (await options.database?.(dir, migrations)) ?? {
    db: await openDatabase({ dir: join(dir, "database") }, migrations),
    drop: async () => {},
  };
  const identities: Identity[] = names.map((name, index) => {
    const account = privateKeyToAccount(`0x${(index + 1).toString(16).padStart(64, "0")}`);
    return { name, address: account.address, account };
  });
  const first = identities[0] as Identity;
  const identity = (name = first.name) => {
    const found = identities.find((one) => one.name === name);
    if (found) return found;
    throw new NotFoundError(`no identity ${name}`);
  };
  for (const { address } of identities) await chain.dev?.fund(address, 10n ** 20n);
  const contracts = await deployAll(chain, first, capabilities, options.settings?.(first) ?? {});
  const currency = contracts["Currency"] as Deployed;
  for (const { account, address } of identities) await chain.write(account, currency, "faucet", [address, funds]);
  const records = await options.records?.(dir);
  const runtime = await createRuntime({
    capabilities,
    store,
    db,
    chain,
    contracts,
    vault: memoryVault(),
    identities: { get: identity, list: () => identities },
    duties: { operators: [], watchers: [], panelists: [], peers: [], ...options.duties },
    ...(records ? { records } : {}),
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    clock,
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    poll: 20,
  });
  await runtime.start();
  return {
    runtime,
    context: runtime.context,
    chain,
    db,
    store,
    currency,
    dir,
    identity,
    async close() {
      await runtime.stop();
      await records?.close();
      await db.close();
      await drop();
      await chain.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function deployAll(
  chain: Chain,
  { account }: Identity,
  capabilities: readonly Capability[],
  settings: Readonly<Record<string, string>>,
): Promise<Record<string, Deployed>> {
  const contracts: Record<string, Deployed> = {};
  const deploy = async (name: string, abi: Deployed["abi"], bytecode: `0x${string}`, args: readonly unknown[] = []) => {
    const { contractAddress, blockNumber } = await chain.deploy(account, { abi, bytecode, args });
    contracts[name] = { address: contractAddress, abi, block: blockNumber };
    return contractAddress;
  };
  const currency = await deploy("Currency", testTokenAbi, testTokenBytecode);
  for (const { name, abi, bytecode, args } of capabilities.flatMap((capability) => capability.contracts ?? [])) {
    const addresses = Object.fromEntries(Object.entries(contracts).map(([key, { address }]) => [key, address]));
    await deploy(name, abi, await bytecode(), args?.(addresses, { currency, ...settings }));
  }
  return contracts;
}

/** Keys in memory, each made when it is first asked for to be there. */
function memoryVault(): Vault {
  const keys = new Map<string, Uint8Array>();
  const open = async (name: string) => {
    const key = keys.get(name);
    if (key) return key;
    throw new NotFoundError(`no key ${name}`);
  };
  const ensure = async (name: string) => {
    if (!keys.has(name)) keys.set(name, crypto.getRandomValues(new Uint8Array(32)));
    return open(name);
  };
  return { ensure, open };
}
