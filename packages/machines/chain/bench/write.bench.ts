import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Address, encodeFunctionData, type Hex, keccak256, numberToHex, parseAbi, stringToHex } from "viem";
import { type LocalAccount, privateKeyToAccount } from "viem/accounts";
import { type Chain, openChain } from "../src/index.ts";

/** One line of `npm run bench -- --json`; a ratio above 1 means that Assay is ahead of `against`. */
export interface Result {
  readonly bench: string;
  readonly value: number;
  readonly unit: string;
  readonly against: string;
  readonly ratio: number;
}

/** put(bytes32 key, bytes32 value): one new slot, one counter, one event; the smallest record of something. */
const runtime: Hex = `0x${[
  "602435600435600052602060002055", // slot[keccak256(key)] = value
  "600054600101600055", // slot[0]++
  "602435600052", // memory[0] = value
  `7f${keccak256(stringToHex("Put")).slice(2)}`,
  "60206000a100", // log1(memory, 32 bytes, topic)
].join("")}`;
const abi = parseAbi(["function put(bytes32 key, bytes32 value)"]);
const grown = 1_000;
const timed = 300;

interface Writer {
  readonly chain: Chain;
  readonly account: LocalAccount;
  readonly address: Address;
  /** Key of the next record. */
  next: number;
}

async function prepare(chain: Chain): Promise<Writer> {
  const account = privateKeyToAccount(numberToHex(0xbe4c4, { size: 32 }));
  await chain.dev?.fund(account.address, 10n ** 20n);
  const size = numberToHex((runtime.length - 2) / 2, { size: 2 }).slice(2);
  const bytecode: Hex = `0x61${size}80600a3d393df3${runtime.slice(2)}`;
  const { contractAddress } = await chain.deploy(account, { abi, bytecode });
  return { chain, account, address: contractAddress, next: 1 };
}

/** Records per second through `Chain.write`: simulate, sign, send, receipt; one after another. */
async function writeSome(writer: Writer, n: number): Promise<number> {
  const { chain, account, address } = writer;
  const started = performance.now();
  for (let i = 0; i < n; i++) {
    const args = [numberToHex(writer.next++, { size: 32 }), numberToHex(7, { size: 32 })];
    const receipt = await chain.write(account, { address, abi }, "put", args);
    if (receipt.status !== "success" || receipt.logs.length !== 1) throw new Error("the record was not written");
  }
  return n / ((performance.now() - started) / 1000);
}

/** Records per second of a program that signs, sends and reads the receipt over HTTP. */
async function writeOverHttp(writer: Writer, n: number): Promise<number> {
  const { chain, account, address } = writer;
  const url = chain.url ?? "";
  const first = await chain.client.getTransactionCount({ address: account.address });
  const started = performance.now();
  for (let nonce = first; nonce < first + n; nonce++) {
    const args = [numberToHex(writer.next++, { size: 32 }), numberToHex(7, { size: 32 })] as const;
    const raw = await account.signTransaction({
      type: "eip1559",
      chainId: chain.chainId,
      nonce,
      to: address,
      data: encodeFunctionData({ abi, args }),
      gas: 120_000n,
      maxFeePerGas: 2_000_000_000n,
      maxPriorityFeePerGas: 0n,
    });
    const hash = (await request(url, "eth_sendRawTransaction", [raw])) as Hex;
    for (;;) {
      const receipt = (await request(url, "eth_getTransactionReceipt", [hash])) as { status: Hex } | null;
      if (receipt?.status === "0x1") break;
      if (receipt !== null) throw new Error(`transaction ${hash} failed`);
    }
  }
  return n / ((performance.now() - started) / 1000);
}

async function request(url: string, method: string, params: unknown[]): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const response = await fetch(url, { method: "POST", body, headers: { "content-type": "application/json" } });
  const answer = (await response.json()) as { result?: unknown; error?: { message: string } };
  if (answer.error !== undefined) throw new Error(answer.error.message);
  return answer.result ?? null;
}

interface Rates {
  readonly fresh: number;
  readonly old: number;
  readonly http: number;
}

async function measure(chain: Chain): Promise<Rates> {
  const writer = await prepare(chain);
  const fresh = await writeSome(writer, timed);
  await writeSome(writer, grown - timed);
  return { fresh, old: await writeSome(writer, timed), http: await writeOverHttp(writer, timed) };
}

/**
 * Sequential write and receipt, embedded against anvil in the same run: chain.write.fresh on a new chain, chain.write
 * after 1,000 blocks, chain.write.http there over HTTP; chain.replay is coming back from the log against writing it.
 */
export async function run(): Promise<Result[]> {
  const dir = await mkdtemp(join(tmpdir(), "assay-bench-chain-"));
  try {
    const embedded = await openChain({ kind: "embedded", dir: join(dir, "embedded") });
    const ours = await measure(embedded);
    await embedded.close();
    const anvil = await openChain({ kind: "anvil", dir: join(dir, "anvil") });
    const theirs = await measure(anvil);
    await anvil.close();
    const started = performance.now();
    const again = await openChain({ kind: "embedded", dir: join(dir, "embedded") });
    const replay = Number((await again.head()).number) / ((performance.now() - started) / 1000);
    await again.close();
    return [
      line("chain.write", ours.old, "tx/s", "anvil 1.7.1", theirs.old),
      line("chain.write.fresh", ours.fresh, "tx/s", "anvil 1.7.1", theirs.fresh),
      line("chain.write.http", ours.http, "tx/s", "anvil 1.7.1", theirs.http),
      line("chain.replay", replay, "blocks/s", "writing", ours.old),
    ];
  } finally {
    await rm(dir, { recursive: true });
  }
}

function line(bench: string, value: number, unit: string, against: string, peer: number): Result {
  return { bench, value: Math.round(value), unit, against, ratio: Math.round((value / peer) * 100) / 100 };
}
