// A whole node in a temporary folder, with the real store, database, embedded chain, runtime and contracts.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testTokenAbi } from "@base/testkit/abi.ts";
import { testTokenBytecode } from "@base/testkit/bytecode.ts";
import type { Capability, Context, Deployed, Identity } from "@kernel/capability";
import { createRuntime, gatherMigrations, type Runtime } from "@kernel/runtime";
import { openChain } from "@machines/chain";
import { openDatabase, openStore } from "@machines/store";
import { privateKeyToAccount } from "viem/accounts";

export interface TestNode {
  readonly runtime: Runtime;
  readonly context: Context;
  readonly currency: Deployed;
  readonly dir: string;
  close(): Promise<void>;
}

/** Identities with keys of their own; each gets ether and 1000 of the currency. */
export async function startNode(capabilities: readonly Capability[], names: readonly string[]): Promise<TestNode> {
  const dir = await mkdtemp(join(tmpdir(), "assay-node-"));
  const chain = await openChain({ kind: "embedded", dir: join(dir, "chain"), port: false });
  const store = await openStore({ dir: join(dir, "blobs") });
  const db = await openDatabase({ dir }, gatherMigrations(capabilities));
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
  const ensure = async (name: string) => {
    const key = secrets.get(name) ?? crypto.getRandomValues(new Uint8Array(32));
    secrets.set(name, key);
    return key;
  };
  const runtime = await createRuntime({
    vault: { ensure, open: ensure },
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
      await chain.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
