import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ledger } from "../../test/ledger.ts";
import { DiskError } from "../errors.ts";
import { ChainLog } from "./log.ts";
import { type EmbeddedOptions, openEmbedded } from "./open.ts";
import { maxBody } from "./server.ts";

const alice = privateKeyToAccount(`0x${"a1".repeat(32)}`);
let dir: string;
let opened: { close(): Promise<void> }[] = [];

async function open(options: Partial<EmbeddedOptions> = {}) {
  const chain = await openEmbedded({ dir, port: false, ...options });
  opened.push(chain);
  return chain;
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "assay-devnet-"));
});
afterEach(async () => {
  for (const chain of opened) await chain.close();
  opened = [];
  await rm(dir, { recursive: true });
});

async function withLedger() {
  const chain = await open();
  await chain.dev?.fund(alice.address, 10n ** 18n);
  const { contractAddress } = await chain.deploy(alice, { ...ledger(), args: [1n] });
  const contract = { address: contractAddress, abi: ledger().abi };
  await chain.write(alice, contract, "put", [`0x${"01".repeat(32)}`, `0x${"02".repeat(32)}`]);
  return { chain, contract };
}

function signed(nonce: number, over: object = {}): Promise<Hex> {
  return alice.signTransaction({
    type: "eip1559",
    chainId: 31_337,
    nonce,
    to: alice.address,
    gas: 30_000n,
    maxFeePerGas: 2_000_000_000n,
    maxPriorityFeePerGas: 0n,
    ...over,
  });
}

it("comes back with the same head, state and clock", async () => {
  const { chain, contract } = await withLedger();
  await chain.dev?.advance(86_400 * 90);
  await chain.dev?.mine(3);
  const head = await chain.head();
  await chain.close();
  const steps: number[] = [];
  const again = await open({ onReplay: ({ done, total }) => steps.push(done / total) });
  expect(await again.head()).toEqual(head);
  expect(again.devnet.replayed.blocks).toBe(Number(head.number));
  expect(await again.read(contract, "count")).toBe(2n);
  expect(await again.settled()).toBe(head.number);
  expect(steps.at(-1)).toBe(1);
  await again.write(alice, contract, "after_", [head.timestamp]);
  const next = await again.head();
  expect(next.number).toBe(head.number + 1n);
  expect(Number(next.timestamp - head.timestamp)).toBeLessThan(60);
});

it("keeps its clock running after a restart, for simulations too", async () => {
  let now = 1_800_000_000_000;
  const first = await open({ clock: () => now });
  await first.dev?.fund(alice.address, 10n ** 18n);
  const { contractAddress } = await first.deploy(alice, { ...ledger(), args: [1n] });
  const contract = { address: contractAddress, abi: ledger().abi };
  await first.dev?.advance(1_000);
  const { timestamp } = await first.head();
  await first.close();
  now += 500_000;
  const again = await open({ clock: () => now });
  await again.write(alice, contract, "after_", [timestamp + 500n]);
  expect((await again.head()).timestamp).toBe(timestamp + 500n);
});

it("reads do not change what is mined: two chains with the same history have the same head", async () => {
  const clock = () => 1_800_000_000_000;
  const plain = await open({ clock });
  const noisy = await openEmbedded({ dir: join(dir, "noisy"), port: false, clock });
  opened.push(noisy);
  for (const chain of [plain, noisy]) {
    await chain.dev?.fund(alice.address, 10n ** 18n);
    for (let nonce = 0; nonce < 20; nonce++) {
      if (chain === noisy) {
        await chain.devnet.request("eth_estimateGas", [{ from: alice.address, to: alice.address }]);
        await chain.devnet.request("eth_call", [{ to: alice.address }, "pending"]);
        await chain.devnet.request("eth_getBlockByNumber", ["pending", true]);
      }
      await chain.devnet.request("eth_sendRawTransaction", [await signed(nonce)]);
    }
  }
  expect(await noisy.head()).toEqual(await plain.head());
});

it("cuts off a torn end, and nothing else", async () => {
  const { chain } = await withLedger();
  const head = await chain.head();
  await chain.close();
  const path = join(dir, "chain.log");
  const { size } = await stat(path);
  await appendFile(path, '1234abcd {"k":"tx","t":18');
  const again = await open();
  expect(await again.head()).toEqual(head);
  await again.close();
  // Cut into the last acknowledged transaction's own line: that is what a crash before fdatasync leaves.
  const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
  const upToTransaction = lines.slice(0, lines.findLastIndex((line) => line.includes('"k":"tx"')) + 1).join("\n");
  await truncate(path, upToTransaction.length - 10);
  expect(size).toBeGreaterThan(upToTransaction.length);
  const shorter = await open();
  expect((await shorter.head()).number).toBe(head.number - 1n);
});

it("refuses a log that was changed in the middle", async () => {
  const { chain } = await withLedger();
  await chain.close();
  const path = join(dir, "chain.log");
  const text = await readFile(path, "utf8");
  const lines = text.split("\n");
  await writeFile(path, [lines[0], (lines[1] ?? "").replace('"t":1', '"t":2'), ...lines.slice(2)].join("\n"));
  await expect(open()).rejects.toMatchObject({ name: "IntegrityError" });
  await writeFile(path, [lines[0], ...lines.slice(2)].join("\n"));
  await expect(open()).rejects.toMatchObject({ name: "IntegrityError" });
  await writeFile(path, text);
  expect((await (await open()).head()).number).toBe(3n);
});

it("names the folder that another process holds, the wrong chain id, and the taken port", async () => {
  const chain = await open();
  await expect(open()).rejects.toMatchObject({ name: "FolderInUseError", kind: "retryable", data: { dir } });
  await chain.close();
  await expect(open({ chainId: 5 })).rejects.toMatchObject({
    name: "WrongChainError",
    data: { expected: 5, actual: 31_337 },
  });
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
  const { port } = blocker.address() as { port: number };
  await expect(open({ port })).rejects.toMatchObject({ name: "PortTakenError", data: { port } });
  blocker.close();
  expect((await (await open()).head()).number).toBe(0n);
});

it("mines early transactions in nonce order and says when one stays early", async () => {
  const { devnet } = await open({ gapPatience: 300 });
  await devnet.fund(alice.address, 10n ** 18n);
  const raws = await Promise.all([3, 1, 0, 2].map((nonce) => signed(nonce)));
  const hashes = await Promise.all(raws.map((raw) => devnet.request("eth_sendRawTransaction", [raw])));
  const receipts = (await Promise.all(hashes.map((hash) => devnet.request("eth_getTransactionReceipt", [hash])))) as {
    blockNumber: Hex;
  }[];
  expect(receipts.map((receipt) => Number(receipt.blockNumber))).toEqual([5, 3, 2, 4]);
  await expect(devnet.request("eth_sendRawTransaction", [await signed(9)])).rejects.toThrow(
    /next nonce is 4, this one is 9/,
  );
  await expect(devnet.request("eth_sendRawTransaction", [await signed(0)])).rejects.toThrow(/nonce too low/i);
});

it("says so when a transaction's fee is too low, and replays that as well", async () => {
  const chain = await open();
  await chain.dev?.fund(alice.address, 10n ** 18n);
  const cheap = chain.devnet.request("eth_sendRawTransaction", [await signed(0, { maxFeePerGas: 1n })]);
  await expect(cheap).rejects.toThrow(/below the base fee/);
  await chain.devnet.request("eth_sendRawTransaction", [await signed(0)]);
  const head = await chain.head();
  await chain.close();
  expect(await (await open()).head()).toEqual(head);
});

it("answers over HTTP what is allowed and refuses the rest", async () => {
  const chain = await open({ port: 0 });
  const post = async (body: string, headers: Record<string, string> = {}) => {
    const response = await fetch(chain.url ?? "", { method: "POST", body, headers });
    return { status: response.status, body: (await response.json()) as { result?: unknown; error?: { code: number } } };
  };
  const call = (method: string, params: unknown[] = []) =>
    post(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
  expect((await call("eth_chainId")).body.result).toBe("0x7a69");
  for (const method of [
    "eth_sendTransaction",
    "evm_mine",
    "hardhat_setBalance",
    "evm_revert",
    "hardhat_reset",
    "eth_sign",
  ]) {
    expect((await call(method)).body.error?.code).toBe(-32_601);
  }
  expect((await call("assay_fund", [alice.address, "0xde0b6b3a7640000"])).body.error).toBeUndefined();
  expect((await call("assay_fund", [alice.address, -1])).body.error).toBeDefined();
  expect((await call("assay_advance", [60])).body.result).toMatch(/^0x/);
  expect((await call("assay_advance", [0])).body.error).toBeDefined();
  expect((await call("assay_mine", [2])).body.error).toBeUndefined();
  expect(await chain.client.getBalance({ address: alice.address })).toBe(10n ** 18n);
  expect((await post("{")).status).toBe(400);
  expect((await post("[]")).status).toBe(400);
  expect((await post('{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}')).body.error?.code).toBe(-32_600);
  expect((await post(" ".repeat(maxBody + 1))).status).toBe(413);
  expect((await post("{}", { origin: "http://evil.example" })).status).toBe(403);
  const batch = await post(JSON.stringify([1, 2].map((id) => ({ jsonrpc: "2.0", id, method: "eth_blockNumber" }))));
  expect(batch.body).toHaveLength(2);
});

it("takes nothing while the disk refuses, and goes on when it recovers", async () => {
  const { chain, contract } = await withLedger();
  const before = await chain.head();
  const append = vi.spyOn(ChainLog.prototype, "append").mockRejectedValueOnce(new DiskError("no space"));
  const refused = chain.write(alice, contract, "put", [`0x${"03".repeat(32)}`, `0x${"04".repeat(32)}`]);
  await expect(refused).rejects.toMatchObject({ name: "DiskError", kind: "retryable" });
  append.mockRestore();
  expect(await chain.head()).toEqual(before);
  await chain.write(alice, contract, "put", [`0x${"05".repeat(32)}`, `0x${"06".repeat(32)}`]);
  expect(await chain.read(contract, "count")).toBe(3n);
  const head = await chain.head();
  expect(head.number).toBe(before.number + 1n);
  await chain.close();
  expect(await (await open()).head()).toEqual(head);
});
