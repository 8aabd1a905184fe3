// A whole node in a temporary folder, with the real store, database, embedded chain, runtime and contracts.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NotFoundError } from "@base/errors";
import { testTokenAbi } from "@base/testkit/abi.ts";
import { testTokenBytecode } from "@base/testkit/bytecode.ts";
import type { Capability, Context, Deployed, Identity } from "@kernel/capability";
import { createRuntime, gatherMigrations, type Runtime } from "@kernel/runtime";
import { openChain } from "@machines/chain";
import { type Database, type Migration, openDatabase, openStore } from "@machines/store";
import { sql } from "kysely";
import { privateKeyToAccount } from "viem/accounts";

export interface TestNode {
  readonly runtime: Runtime;
  readonly context: Context;
  readonly currency: Deployed;
  readonly dir: string;
  close(): Promise<void>;
}

export type DatabaseKind = "sqlite" | "postgres";

/** The databases that tests run on: PostgreSQL too where ASSAY_TEST_POSTGRES names one. */
export const databases: readonly DatabaseKind[] = process.env["ASSAY_TEST_POSTGRES"]
  ? ["sqlite", "postgres"]
  : ["sqlite"];

/** A database with this schema; `drop` removes what PostgreSQL keeps of it. */
export async function openTestDatabase(
  kind: DatabaseKind,
  dir: string,
  migrations: readonly Migration[],
): Promise<{ db: Database; drop: () => Promise<void> }> {
  if (kind === "sqlite") return { db: await openDatabase({ dir }, migrations), drop: async () => {} };
  const url = new URL(process.env["ASSAY_TEST_POSTGRES"] as string);
  const schema = `t${crypto.randomUUID().replaceAll("-", "")}`;
  const admin = await openDatabase({ url: url.href }, []);
  await sql.raw(`create schema ${schema}`).execute(admin.kysely);
  url.searchParams.set("options", `-c search_path=${schema}`);
  const drop = async () => {
    await sql.raw(`drop schema ${schema} cascade`).execute(admin.kysely);
    await admin.close();
  };
  return { db: await openDatabase({ url: url.href }, migrations), drop };
}

/** Identities with keys of their own; each gets ether and 1000 of the currency. */
export async function startNode(
  capabilities: readonly Capability[],
  names: readonly string[],
  kind: DatabaseKind = "sqlite",
): Promise<TestNode> {
  const dir = await mkdtemp(join(tmpdir(), "assay-node-"));
  const chain = await openChain({ kind: "embedded", dir: join(dir, "chain"), port: false });
  const store = await openStore({ dir: join(dir, "blobs") });
  const { db, drop } = await openTestDatabase(kind, dir, gatherMigrations(capabilities));
  const identities: Identity[] = names.map((name, index) => {
    const account = privateKeyToAccount(`0x${(index + 1).toString(16).padStart(64, "0")}`);
    return { name, address: account.address, account };
  });
  const first = identities[0] as Identity;
  for (const { address } of identities) await chain.dev?.fund(address, 10n ** 20n);
  const token = await chain.deploy(first.account, { abi: testTokenAbi, bytecode: testTokenBytecode });
  const currency = { address: token.contractAddress, abi: testTokenAbi, block: token.blockNumber };
  const contracts: Record<string, Deployed> = { Currency: currency };
  for (const { name, abi, bytecode, args } of capabilities.flatMap((capability) => capability.contracts ?? [])) {
    const addresses = Object.fromEntries(Object.entries(contracts).map(([key, { address }]) => [key, address]));
    const receipt = await chain.deploy(first.account, {
      abi,
      bytecode: await bytecode(),
      args: args?.(addresses, { currency: currency.address }) ?? [],
    });
    contracts[name] = { address: receipt.contractAddress, abi, block: receipt.blockNumber };
  }
  for (const { account, address } of identities)
    await chain.write(account, currency, "faucet", [address, 1000n * 10n ** 18n]);
  const secrets = new Map<string, Uint8Array>();
  const open = async (name: string) => {
    const key = secrets.get(name);
    if (!key) throw new NotFoundError(`no key ${name}`);
    return key;
  };
  const ensure = async (name: string) => {
    if (!secrets.has(name)) secrets.set(name, crypto.getRandomValues(new Uint8Array(32)));
    return open(name);
  };
  const runtime = await createRuntime({
    vault: { ensure, open },
    capabilities,
    store,
    db,
    chain,
    contracts,
    identities: {
      get: (name) => identities.find((identity) => identity.name === (name ?? names[0])) ?? first,
      list: () => identities,
    },
    duties: { operators: [], watchers: [], panelists: [], peers: [] },
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    clock: Date.now,
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    poll: 20,
  });
  await runtime.start();
  return {
    runtime,
    context: runtime.context,
    currency,
    dir,
    close: async () => {
      await runtime.stop();
      await db.close();
      await drop();
      await chain.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
