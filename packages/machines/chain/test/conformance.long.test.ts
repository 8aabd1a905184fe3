import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Chain, openChain } from "../src/index.ts";
import { ledger } from "./ledger.ts";
import { Network, networkId } from "./network.ts";

const owner = privateKeyToAccount(generatePrivateKey());
const key = (n: number) => `0x${n.toString(16).padStart(64, "0")}` as const;
let dir: string;
let network: Network;
let chain: Chain;
let contract: { address: `0x${string}`; abi: ReturnType<typeof ledger>["abi"] };
let stopped = false;
let driving: Promise<void>;
let held: Promise<void> | undefined;

/** Blocks come by themselves, as on a real network, except while `work` runs. */
async function undisturbed<T>(work: () => Promise<T>): Promise<T> {
  let release = (): void => {};
  held = new Promise((resolve) => {
    release = resolve;
  });
  await new Promise((resolve) => setTimeout(resolve, 600));
  try {
    return await work();
  } finally {
    held = undefined;
    release();
  }
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let i = 0; i < 300; i++) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("it did not happen within 30 s");
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "assay-network-"));
  network = await Network.start(dir, [owner.address]);
  chain = await openChain({ kind: "rpc", url: network.nodes[0]?.url ?? "", chainId: networkId });
  driving = (async () => {
    while (!stopped) {
      await held;
      await network.tick();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
}, 120_000);

afterAll(async () => {
  stopped = true;
  await driving?.catch(() => {});
  await network?.stop();
  await rm(dir, { recursive: true, force: true });
});

it("deploys, writes, reads and decodes on a network of three", async () => {
  const { abi, bytecode } = ledger();
  const receipt = await chain.deploy(owner, { abi, bytecode, args: [7n] });
  contract = { address: receipt.contractAddress, abi };
  await chain.write(owner, contract, "put", [key(1), key(9)]);
  expect(await chain.read(contract, "values", [key(1)])).toBe(key(9));
  await expect(chain.write(owner, contract, "refuse", ["no"])).rejects.toMatchObject({
    data: { errorName: "Refused" },
  });
  await expect(openChain({ kind: "rpc", url: network.nodes[1]?.url ?? "", chainId: 1 })).rejects.toMatchObject({
    name: "WrongChainError",
  });
});

it("settles by the finalized tag, behind the head", async () => {
  const receipt = await chain.write(owner, contract, "put", [key(2), key(9)]);
  const settled = await chain.settled();
  expect(settled).toBeLessThan(receipt.blockNumber);
  await until(async () => ((await chain.settled()) >= receipt.blockNumber ? true : undefined));
  expect((await chain.head()).number).toBeGreaterThanOrEqual(receipt.blockNumber + BigInt(network.finalDepth));
});

it("never settles what a reorganisation takes back", async () => {
  const [first, second] = network.nodes;
  if (first === undefined || second === undefined) throw new Error("two nodes are needed");
  const fork = await undisturbed(async () => {
    const parent = network.head;
    const settled = await chain.settled();
    const sent = chain.write(owner, contract, "put", [key(3), key(9)]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const taken = await network.build(first, parent);
    expect(taken.transactions).toHaveLength(1);
    await network.adopt(taken.blockHash);
    const receipt = await sent;
    expect(receipt.blockHash).toBe(taken.blockHash);
    // The second node has not heard of the transaction: its two blocks outgrow the one that has it.
    const other = await network.build(second, parent, 1);
    expect(other.transactions).toHaveLength(0);
    await network.adopt(other.blockHash);
    await network.adopt((await network.build(second, other.blockHash)).blockHash);
    const now = await chain.client.getBlock({ blockNumber: receipt.blockNumber });
    expect(now.hash).toBe(other.blockHash);
    expect(await chain.settled()).toBeGreaterThanOrEqual(settled);
    expect(await chain.settled()).toBeLessThan(receipt.blockNumber);
    return other;
  });
  await until(async () => ((await chain.settled()) >= BigInt(fork.blockNumber) ? true : undefined));
  expect((await chain.client.getBlock({ blockNumber: BigInt(fork.blockNumber) })).hash).toBe(fork.blockHash);
});

it("goes on while a node is dead, and finds it again at the same head", async () => {
  const receipt = await chain.write(owner, contract, "put", [key(4), key(9)]);
  await until(async () => ((await chain.settled()) >= receipt.blockNumber ? true : undefined));
  const first = network.nodes[0];
  if (first === undefined) throw new Error("a node is needed");
  await undisturbed(() => first.kill());
  await expect(chain.head()).rejects.toMatchObject({ name: "RpcUnavailableError", kind: "retryable" });
  const other = await openChain({ kind: "rpc", url: network.nodes[1]?.url ?? "", chainId: networkId });
  const before = await other.head();
  await until(async () => ((await other.head()).number > before.number + 3n ? true : undefined));
  expect((await other.client.getTransactionReceipt({ hash: receipt.transactionHash })).blockHash).toBe(
    receipt.blockHash,
  );
  await undisturbed(async () => {
    await first.start();
    await network.bring(first);
    expect((await chain.head()).hash).toBe((await other.head()).hash);
  });
  const again = await chain.client.getTransactionReceipt({ hash: receipt.transactionHash });
  expect(again.blockHash).toBe(receipt.blockHash);
  expect((await chain.write(owner, contract, "put", [key(5), key(9)])).status).toBe("success");
});
