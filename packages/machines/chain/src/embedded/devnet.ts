import { join } from "node:path";
import { BugError, IntegrityError, InvalidInputError } from "@base/errors";
import type { Address, Hash, Hex } from "viem";
import { isAddress, isHex, keccak256, stringToBytes } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { DiskError, RpcFaultError, WrongChainError } from "../errors.ts";
import type { Head, Rpc } from "../types.ts";
import { createEngine, hardfork } from "./engine.ts";
import { lockFolder } from "./lock.ts";
import { ChainLog, type LogHeader, type LogRecord } from "./log.ts";
import { isReadMethod } from "./methods.ts";

/** Chain id of development chains unless another is asked for; wallets know it as "localhost". */
export const defaultChainId = 31_337;

/** Holder of all ether at genesis. The key is public knowledge: it is worth something on development chains only. */
const faucet = privateKeyToAccount(keccak256(stringToBytes("assay/devnet/faucet/1")));
const supply = 10n ** 30n;

/** A checkpoint goes into the log every this many blocks. */
const markEvery = 256;
const maxWaiting = 1_000;
const maxFee = 2_000_000_000n;

export interface DevnetOptions {
  readonly dir: string;
  readonly chainId?: number;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** How long a transaction waits for the ones before it from the same account, in milliseconds; 5,000 unless given. */
  readonly gapPatience?: number;
  /** Called while an existing log is replayed, in bytes of the log. */
  readonly onReplay?: (step: { done: number; total: number }) => void;
}

interface Block {
  readonly number: number;
  readonly hash: Hash;
  readonly stateRoot: Hash;
  readonly timestamp: number;
  readonly baseFee: bigint;
}

interface Waiting {
  readonly raw: Hex;
  readonly resolve: (hash: Promise<Hash>) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * The embedded chain: EDR in this process, and a log from which it comes back after any kind of end.
 *
 * A transaction is checked by the pool, written to the log and synced, and only then executed, in a block of its own;
 * so whatever anyone has seen of the chain survives a SIGKILL.
 */
export class Devnet implements Rpc {
  readonly chainId: number;
  readonly faucet: Address = faucet.address;
  readonly replayed: { blocks: number; milliseconds: number };
  #engine: Rpc;
  #log: ChainLog;
  #head: Block;
  /** Seconds that the chain's clock runs ahead of the real one. */
  #offset: number;
  #clock: () => number;
  #gapPatience: number;
  #unlock: () => void;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = new Map<string, Waiting>();
  #failed: unknown;
  #closed = false;

  private constructor(state: {
    engine: Rpc;
    log: ChainLog;
    head: Block;
    offset: number;
    clock: () => number;
    gapPatience: number;
    unlock: () => void;
    replayed: { blocks: number; milliseconds: number };
  }) {
    this.#engine = state.engine;
    this.#log = state.log;
    this.#head = state.head;
    this.#offset = state.offset;
    this.#clock = state.clock;
    this.#gapPatience = state.gapPatience;
    this.#unlock = state.unlock;
    this.replayed = state.replayed;
    this.chainId = state.log.header.chainId;
  }

  /**
   * Opens or creates the chain in `dir`.
   * Throws FolderInUseError, IntegrityError (log and replay differ), WrongChainError, DiskError.
   */
  static async open(options: DevnetOptions): Promise<Devnet> {
    const unlock = lockFolder(options.dir);
    try {
      const path = join(options.dir, "chain.log");
      const restored = await restore(path, options);
      const state = restored ?? (await begin(path, options));
      return new Devnet({ ...state, clock: options.clock, gapPatience: options.gapPatience ?? 5_000, unlock });
    } catch (error) {
      unlock();
      throw error;
    }
  }

  get head(): Head {
    return { number: BigInt(this.#head.number), hash: this.#head.hash, timestamp: BigInt(this.#head.timestamp) };
  }

  /** Fee per gas that covers the next blocks, in wei. */
  get maxFeePerGas(): bigint {
    return this.#head.baseFee * 2n + 1n;
  }

  /** Answers one JSON-RPC request: reads, raw transactions, and `assay_advance`, `assay_fund`, `assay_mine`. */
  async request(method: string, params: readonly unknown[] = []): Promise<unknown> {
    if (this.#closed) throw new RpcFaultError(-32_000, "The chain is closed.");
    switch (method) {
      case "eth_sendRawTransaction":
        return await this.#receive(params[0]);
      case "assay_advance":
        return await this.advance(quantity(params[0], "seconds"));
      case "assay_mine":
        return await this.mine(params[0] === undefined ? 1 : quantity(params[0], "blocks"));
      case "assay_fund":
        return await this.fund(params[0], params[1]);
      case "eth_accounts":
        return [];
    }
    if (isReadMethod(method)) return await this.#engine.request(method, params);
    throw new RpcFaultError(-32_601, refusal(method));
  }

  /**
   * Mines a signed transaction whose sender and nonce the caller has checked, and returns its receipt as JSON-RPC has
   * it. Resolves once it is safe on disk.
   */
  async send(raw: Hex): Promise<{ hash: Hash; receipt: unknown }> {
    return await this.#serial(() => this.#mineTransaction(raw));
  }

  /** Moves the clock ahead by `seconds` and mines a block there. */
  async advance(seconds: number): Promise<Hex> {
    inRange(seconds, 1, 315_576_000, "seconds");
    await this.#serial(async () => {
      const timestamp = this.#now() + seconds;
      await this.#mineEmpty(1, timestamp, timestamp - Math.floor(this.#clock() / 1000));
    });
    return `0x${this.#head.timestamp.toString(16)}`;
  }

  /** Mines `n` empty blocks. */
  async mine(n = 1): Promise<null> {
    inRange(n, 1, 10_000, "blocks");
    await this.#serial(() => this.#mineEmpty(n, this.#now(), this.#offset));
    return null;
  }

  /** Sends `wei` from the faucet to `address`; returns the transaction's hash. */
  async fund(address: unknown, wei: unknown): Promise<Hash> {
    if (typeof address !== "string" || !isAddress(address, { strict: false })) {
      throw new InvalidInputError(`Not an address: ${String(address).slice(0, 60)}`);
    }
    const value = amount(wei);
    return await this.#serial(async () => {
      const count = await this.#engine.request("eth_getTransactionCount", [faucet.address, "latest"]);
      const raw = await faucet.signTransaction({
        type: "eip1559",
        chainId: this.chainId,
        nonce: Number(count),
        to: address as Address,
        value,
        gas: 100_000n,
        maxFeePerGas: maxFee,
        maxPriorityFeePerGas: 0n,
      });
      return (await this.#mineTransaction(raw)).hash;
    });
  }

  /** Finishes what is under way and lets go of the folder. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.resolve(Promise.reject(new RpcFaultError(-32_000, "The chain was closed.")));
    }
    this.#waiting.clear();
    await this.#tail.catch(() => {});
    try {
      if (this.#failed === undefined) await this.#log.append({ k: "mark", mark: this.#mark() });
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
    } finally {
      await this.#log.close();
      this.#unlock();
    }
  }

  /** One change at a time; a failed one does not stop the next. */
  async #serial<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#tail.then(async () => {
      if (this.#failed !== undefined) {
        throw new BugError("The embedded chain stopped after an internal failure.", {
          cause: this.#failed,
          hints: ["Restart: nothing that was acknowledged is lost."],
        });
      }
      return await work();
    });
    this.#tail = run.catch(() => {});
    return await run;
  }

  #now(): number {
    return Math.max(Math.floor(this.#clock() / 1000) + this.#offset, this.#head.timestamp);
  }

  #mark(): { number: number; hash: Hash; stateRoot: Hash } {
    return { number: this.#head.number, hash: this.#head.hash, stateRoot: this.#head.stateRoot };
  }

  #withMark(): { mark?: { number: number; hash: Hash; stateRoot: Hash } } {
    return this.#head.number % markEvery === 0 && this.#head.number > 0 ? { mark: this.#mark() } : {};
  }

  /** A transaction from outside: in nonce order it is mined; ahead of its turn it waits a little. */
  async #receive(raw: unknown): Promise<Hash> {
    if (!isHex(raw)) throw new RpcFaultError(-32_602, "eth_sendRawTransaction takes one 0x-prefixed transaction.");
    const outcome = await this.#serial(async () => {
      const hash = (await this.#engine.request("eth_sendRawTransaction", [raw])) as Hash;
      const pooled = (await this.#engine.request("eth_getTransactionByHash", [hash])) as { from: Address; nonce: Hex };
      const expected = Number(await this.#engine.request("eth_getTransactionCount", [pooled.from, "latest"]));
      const nonce = Number(pooled.nonce);
      if (nonce > expected) {
        await this.#engine.request("hardhat_dropTransaction", [hash]);
        return { early: { key: `${pooled.from}:${nonce}`, expected, nonce } };
      }
      await this.#minePooled(raw, hash);
      return { hash, next: `${pooled.from}:${nonce + 1}` };
    });
    if (outcome.early !== undefined) return await this.#wait(raw, outcome.early);
    const follower = this.#waiting.get(outcome.next);
    if (follower !== undefined) {
      this.#waiting.delete(outcome.next);
      clearTimeout(follower.timer);
      follower.resolve(this.#receive(follower.raw));
    }
    return outcome.hash;
  }

  #wait(raw: Hex, early: { key: string; expected: number; nonce: number }): Promise<Hash> {
    const gap = (): RpcFaultError =>
      new RpcFaultError(-32_000, `nonce too high: the next nonce is ${early.expected}, this one is ${early.nonce}`);
    if (this.#waiting.size >= maxWaiting || this.#waiting.has(early.key)) return Promise.reject(gap());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(early.key);
        reject(gap());
      }, this.#gapPatience);
      this.#waiting.set(early.key, { raw, resolve, timer });
    });
  }

  async #mineTransaction(raw: Hex): Promise<{ hash: Hash; receipt: unknown }> {
    const hash = (await this.#engine.request("eth_sendRawTransaction", [raw])) as Hash;
    return { hash, receipt: await this.#minePooled(raw, hash) };
  }

  /** The transaction is in the pool, alone: log it, sync, execute; its receipt. */
  async #minePooled(raw: Hex, hash: Hash): Promise<unknown> {
    const t = this.#now();
    try {
      await this.#log.append({ k: "tx", t, p: this.#head.hash, raw, ...this.#withMark() });
    } catch (error) {
      await this.#engine.request("hardhat_dropTransaction", [hash]);
      throw error;
    }
    const [, receipt] = await this.#execute(
      () => this.#engine.request("evm_mine", [t]),
      () => this.#engine.request("eth_getTransactionReceipt", [hash]),
    );
    if (receipt !== null) return receipt;
    await this.#engine.request("hardhat_dropTransaction", [hash]);
    await this.#log.append({ k: "drop", h: hash });
    throw new RpcFaultError(-32_000, "The block left the transaction out: its fee per gas is below the base fee.");
  }

  async #mineEmpty(n: number, t: number, o: number): Promise<void> {
    await this.#log.append({ k: "mine", t, p: this.#head.hash, n, o, ...this.#withMark() });
    await this.#execute(
      () => mineEmpty(this.#engine, n, t),
      async () => undefined,
    );
    this.#offset = o;
  }

  async #execute<T>(step: () => Promise<unknown>, look: () => Promise<T>): Promise<[Block, T]> {
    try {
      await step();
      const [block, seen] = await Promise.all([latest(this.#engine), look()]);
      this.#head = block;
      return [block, seen];
    } catch (error) {
      this.#failed = error;
      throw new BugError("The EVM engine could not execute a logged step.", { cause: error });
    }
  }
}

async function mineEmpty(engine: Rpc, n: number, t: number): Promise<void> {
  for (let i = 0; i < n; i++) await engine.request("evm_mine", [t]);
}

async function latest(engine: Rpc): Promise<Block> {
  const block = (await engine.request("eth_getBlockByNumber", ["latest", false])) as {
    number: Hex;
    hash: Hash;
    stateRoot: Hash;
    timestamp: Hex;
    baseFeePerGas: Hex;
  };
  return {
    number: Number(block.number),
    hash: block.hash,
    stateRoot: block.stateRoot,
    timestamp: Number(block.timestamp),
    baseFee: BigInt(block.baseFeePerGas),
  };
}

interface Opened {
  readonly engine: Rpc;
  readonly log: ChainLog;
  readonly head: Block;
  readonly offset: number;
  readonly replayed: { blocks: number; milliseconds: number };
}

async function begin(path: string, options: DevnetOptions): Promise<Opened> {
  const genesis = {
    chainId: options.chainId ?? defaultChainId,
    genesisTime: Math.floor(options.clock() / 1000),
    hardfork,
    faucet: faucet.address,
    supply,
  };
  const engine = await createEngine(genesis);
  const head = await latest(engine);
  const header: LogHeader = {
    k: "log",
    format: "assay-chain-log/1",
    ...genesis,
    supply: String(supply),
    genesisHash: head.hash,
  };
  return {
    engine,
    head,
    log: await ChainLog.create(path, header),
    offset: 0,
    replayed: { blocks: 0, milliseconds: 0 },
  };
}

/** Runs the log through a fresh engine; undefined when there is no log yet. */
async function restore(path: string, options: DevnetOptions): Promise<Opened | undefined> {
  const started = performance.now();
  let engine: Rpc | undefined;
  let offset = 0;
  let genesis: Block | undefined;
  let last: { height: number; hash: Hash } | undefined;
  let height = 0;
  const log = await ChainLog.open(path, async (header, total) => {
    if (options.chainId !== undefined && options.chainId !== header.chainId) {
      throw new WrongChainError(`The chain in ${path} has id ${header.chainId}, not ${options.chainId}.`, {
        data: { expected: options.chainId, actual: header.chainId },
        hints: ["Leave the chain id out, or start with a fresh data folder."],
      });
    }
    const fresh = await createEngine({ ...header, supply: BigInt(header.supply) });
    genesis = await latest(fresh);
    same(path, 0, "genesis hash", header.genesisHash, genesis.hash);
    engine = fresh;
    return async (record, offsetBehind) => {
      if (record.k === "mine") offset = record.o;
      if (record.k === "tx" || record.k === "mine") {
        last = { height, hash: record.p };
        height += record.k === "tx" ? 1 : record.n;
      }
      await replay(path, fresh, record);
      options.onReplay?.({ done: offsetBehind, total });
    };
  });
  if (log === undefined || engine === undefined || genesis === undefined) return undefined;
  if (last !== undefined) {
    // A block's hash covers every block and state before it: one comparison is enough.
    const parent = (await engine.request("eth_getBlockByNumber", [
      `0x${last.height.toString(16)}`,
      false,
    ])) as Head | null;
    same(path, last.height, "block hash", last.hash, parent?.hash);
  }
  const leftover = (await engine.request("eth_pendingTransactions")) as { hash: Hash }[];
  for (const { hash } of leftover) await engine.request("hardhat_dropTransaction", [hash]);
  const head = await latest(engine);
  const behind = Math.floor(options.clock() / 1000) + offset - head.timestamp;
  // Simulations on the pending block read the engine's own clock: bring it to where ours stands.
  if (behind > 0) await engine.request("evm_increaseTime", [behind]);
  return {
    engine,
    log,
    head,
    offset,
    replayed: { blocks: head.number - genesis.number, milliseconds: performance.now() - started },
  };
}

async function replay(path: string, engine: Rpc, record: LogRecord): Promise<void> {
  try {
    if (record.mark !== undefined) await compare(path, engine, record.mark);
    if (record.k === "tx") {
      await engine.request("eth_sendRawTransaction", [record.raw]);
      await engine.request("evm_mine", [record.t]);
    } else if (record.k === "mine") await mineEmpty(engine, record.n, record.t);
    else if (record.k === "drop") await engine.request("hardhat_dropTransaction", [record.h]);
  } catch (cause) {
    if (cause instanceof IntegrityError) throw cause;
    throw new IntegrityError(`${path} cannot be replayed: ${(cause as Error).message}`, { cause, data: { path } });
  }
}

async function compare(path: string, engine: Rpc, mark: NonNullable<LogRecord["mark"]>): Promise<void> {
  const block = await latest(engine);
  same(path, mark.number, "number", mark.number, block.number);
  same(path, mark.number, "block hash", mark.hash, block.hash);
  same(path, mark.number, "state root", mark.stateRoot, block.stateRoot);
}

function same(path: string, number: number, what: string, logged: unknown, replayed: unknown): void {
  if (logged === replayed) return;
  throw new IntegrityError(`${path} says ${what} ${logged} at block ${number}, replaying it gives ${replayed}.`, {
    data: { path, number, what, logged, replayed },
    hints: ["The log was changed, or another version of the EVM engine wrote it: use that version, or a fresh folder."],
  });
}

function refusal(method: string): string {
  if (method === "eth_sendTransaction" || method.startsWith("eth_sign") || method.startsWith("personal_")) {
    return `${method} is refused: this chain holds no keys. Sign yourself and use eth_sendRawTransaction.`;
  }
  if (/^(evm|hardhat|anvil)_/.test(method)) {
    return `${method} is refused: it would change the chain beside its log. There are assay_advance, assay_fund, assay_mine.`;
  }
  return `Method ${method} is not supported.`;
}

function quantity(value: unknown, name: string): number {
  const number = typeof value === "string" && /^(0x[0-9a-f]{1,12}|\d{1,12})$/i.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number)) {
    throw new InvalidInputError(`${name} must be a whole number.`, { data: { name } });
  }
  return number;
}

function amount(wei: unknown): bigint {
  if (typeof wei === "bigint" && wei > 0n && wei <= supply / 1000n) return wei;
  if (typeof wei === "string" && /^(0x[0-9a-f]{1,64}|\d{1,78})$/i.test(wei)) return amount(BigInt(wei));
  if (typeof wei === "number" && Number.isSafeInteger(wei)) return amount(BigInt(wei));
  throw new InvalidInputError(`wei must be a whole number from 1 to ${supply / 1000n}.`);
}

function inRange(value: number, low: number, high: number, name: string): void {
  if (Number.isSafeInteger(value) && value >= low && value <= high) return;
  throw new InvalidInputError(`${name} must be a whole number from ${low} to ${high}.`, { data: { name, value } });
}
