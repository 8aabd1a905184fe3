// A node in a temporary folder with the real store, database, embedded chain, runtime, and the contracts that cover
// stands on. The oracle's answers are put in by the test, signed by one operator: models are the oracle's business.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testTokenAbi } from "@base/testkit/abi.ts";
import { testTokenBytecode } from "@base/testkit/bytecode.ts";
import type { Context, Deployed, Identity } from "@kernel/capability";
import { createRuntime, gatherMigrations } from "@kernel/runtime";
import { openChain } from "@machines/chain";
import { openDatabase, openStore } from "@machines/store";
import { oracle } from "@protocols/oracle";
import { assets } from "@records/assets";
import { type Hex, parseEventLogs } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { cover } from "../src/index.ts";

export const WAD = 10n ** 18n;
export const names = ["underwriter", "owner", "investor", "farmer", "operator", "keeper"] as const;

export interface TestNode {
  readonly context: Context;
  readonly currency: Deployed;
  readonly policyId: Hex;
  balance(name: string): Promise<bigint>;
  /** Answers an open request with `output`, waits out the window and makes it final; gives the gas of that. */
  decide(requestId: string, output: bigint): Promise<bigint>;
  close(): Promise<void>;
}

/** Starts a node; `keeper` does the product's jobs when it is named. */
export async function startNode(keeper?: string): Promise<TestNode> {
  const capabilities = [assets, oracle, cover];
  const dir = await mkdtemp(join(tmpdir(), "assay-cover-"));
  const chain = await openChain({ kind: "embedded", dir: join(dir, "chain"), port: false });
  const store = await openStore({ dir: join(dir, "blobs") });
  const db = await openDatabase({ dir }, gatherMigrations(capabilities));
  const identities: Identity[] = names.map((name, index) => {
    const account = privateKeyToAccount(`0x${(index + 1).toString(16).padStart(64, "0")}`);
    return { name, address: account.address, account };
  });
  const identity = (name?: string) => identities.find((one) => one.name === (name ?? names[0])) as Identity;
  const first = identity();
  for (const { address } of identities) await chain.dev?.fund(address, 10n ** 20n);
  const token = await chain.deploy(first.account, { abi: testTokenAbi, bytecode: testTokenBytecode });
  const currency = { address: token.contractAddress, abi: testTokenAbi, block: token.blockNumber };
  const contracts: Record<string, Deployed> = { Currency: currency };
  const settings = { currency: currency.address, underwriter: first.address, coverLimits: "devnet" };
  for (const { name, abi, bytecode, args } of capabilities.flatMap((capability) => capability.contracts ?? [])) {
    const addresses = Object.fromEntries(Object.entries(contracts).map(([key, { address }]) => [key, address]));
    const given = { abi, bytecode: await bytecode(), args: args?.(addresses, settings) ?? [] };
    const receipt = await chain.deploy(first.account, given);
    contracts[name] = { address: receipt.contractAddress, abi, block: receipt.blockNumber };
  }
  for (const { account, address } of identities)
    await chain.write(account, currency, "faucet", [address, 1_000_000n * WAD]);
  const runtime = await createRuntime({
    capabilities,
    store,
    db,
    chain,
    contracts,
    identities: { get: identity, list: () => identities },
    duties: { operators: [], watchers: [], panelists: [], peers: [], keeper },
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    clock: Date.now,
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    poll: 20,
  });
  await runtime.start();

  const operator = identity("operator");
  const hub = contracts.Oracle as Deployed;
  await chain.write(operator.account, currency, "approve", [hub.address, 100_000n * WAD]);
  await chain.write(operator.account, hub, "deposit", [operator.address, 100_000n * WAD]);
  const registered = await chain.write(first.account, hub, "registerPolicy", [
    {
      operators: [operator.address],
      threshold: 1,
      window: 600,
      courtTime: 1200,
      bond: 20_000n * WAD,
      royaltyBps: 0,
      arbiter: currency.address,
    },
  ]);
  await runtime.context.indexed(registered.blockNumber);
  const [policy] = parseEventLogs({ abi: hub.abi, logs: registered.logs, eventName: "PolicyRegistered" });
  return {
    context: runtime.context,
    currency,
    policyId: (policy as unknown as { args: { policyId: Hex } }).args.policyId,
    balance: (name) => chain.read(currency, "balanceOf", [identity(name).address]) as Promise<bigint>,
    async decide(requestId, output) {
      const row = await db.kysely
        .selectFrom("ix_oracle_requests")
        .select("request_json")
        .where("request_id", "=", requestId)
        .executeTakeFirstOrThrow();
      const request = JSON.parse(row["request_json"] as string);
      const { timestamp } = await chain.head();
      const zero = `0x${"0".repeat(64)}`;
      const answer = {
        output,
        confidenceBps: 9_000,
        whyHash: zero,
        evidenceRoot: zero,
        producedAt: timestamp,
        validUntil: timestamp + 86_400n,
      };
      await chain.write(operator.account, hub, "submit", [request, answer, "0x"]);
      await chain.dev?.advance(601);
      const receipt = await chain.write(first.account, hub, "finalize", [request, answer, [operator.address]]);
      await runtime.context.indexed(receipt.blockNumber);
      return receipt.gasUsed;
    },
    async close() {
      await runtime.stop();
      await db.close();
      await chain.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A model asset of the owner, on chain only: running models is tested in the oracle's room. Gives its id. */
export async function publishModel(node: TestNode, parent: string): Promise<bigint> {
  const { context } = node;
  const root = await context.store.put(new TextEncoder().encode("a model's bundle"));
  const publication = { kind: 3, root, statement: root, price: 0n, royaltyBps: 0, parents: [BigInt(parent)], uri: "" };
  const contract = context.contracts.get("Assets");
  const receipt = await context.chain.write(context.identities.get("owner").account, contract, "publish", [
    publication,
  ]);
  await context.indexed(receipt.blockNumber);
  const [event] = parseEventLogs({ abi: contract.abi, logs: receipt.logs, eventName: "Published" });
  return (event as unknown as { args: { id: bigint } }).args.id;
}
