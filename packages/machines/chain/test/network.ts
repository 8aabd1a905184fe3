import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Address, type Hash, type Hex, numberToHex } from "viem";
import { httpRpc } from "../src/http.ts";
import type { Rpc } from "../src/types.ts";

/** Chain id of the test network. */
export const networkId = 7_331;

const cli = fileURLToPath(import.meta.resolve("@ethereumjs/client")).replace(/dist\/.*/, "dist/esm/bin/cli.js");
const zero: Hash = `0x${"00".repeat(32)}`;
/** EIP-4788's contract at its address, which every block from Cancun on calls. */
const beaconRoots = {
  address: "0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02",
  code: "0x3373fffffffffffffffffffffffffffffffffffffffe14604d57602036146024575f5ffd5b5f35801560495762001fff810690815414603c575f5ffd5b62001fff01545f5260205ff35b5f5ffd5b62001fff42064281555f359062001fff015500",
};

interface Payload {
  readonly blockHash: Hash;
  readonly parentHash: Hash;
  readonly blockNumber: Hex;
  readonly timestamp: Hex;
  readonly transactions: readonly Hex[];
}

/** One execution client: a process with its own data folder, an RPC port and an engine port. */
export class NetworkNode {
  readonly url: string;
  readonly rpc: Rpc;
  readonly engine: Rpc;
  #arguments: readonly string[];
  #dir: string;
  #process: ChildProcess | undefined;
  #said = "";

  constructor(dir: string, genesis: string, ports: { p2p: number; rpc: number; engine: number }) {
    this.#dir = dir;
    this.url = `http://127.0.0.1:${ports.rpc}`;
    this.rpc = httpRpc(this.url);
    this.engine = httpRpc(`http://127.0.0.1:${ports.engine}`);
    this.#arguments = [
      cli,
      ...["--dataDir", dir, "--gethGenesis", genesis, "--isSingleNode", "--logFile=false", "--logLevel", "warn"],
      ...["--port", String(ports.p2p), "--extIP", "127.0.0.1", "--discDns=false", "--discV4=false"],
      ...["--rpc", "--rpcAddr", "127.0.0.1", "--rpcPort", String(ports.rpc)],
      ...["--rpcEngine", "--rpcEngineAddr", "127.0.0.1", "--rpcEnginePort", String(ports.engine)],
      "--rpcEngineAuth=false",
    ];
  }

  get alive(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  async start(): Promise<void> {
    await mkdir(this.#dir, { recursive: true });
    const child = spawn(process.execPath, this.#arguments as string[], {
      cwd: this.#dir,
      env: { HOME: this.#dir },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    const hear = (chunk: Buffer): void => {
      this.#said = (this.#said + String(chunk)).slice(-4_000);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    for (let i = 0; i < 300; i++) {
      if (!this.alive) throw new Error(`a node ended by itself: ${this.#said}`);
      const up = await this.engine.request("eth_chainId").catch(() => undefined);
      if (up !== undefined) return;
      await pause(100);
    }
    throw new Error(`a node does not answer: ${this.#said}`);
  }

  /** Ends the process at once, as a power cut would. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || !this.alive) return;
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await exited;
  }
}

/**
 * Three execution clients and, in place of the consensus layer, a driver that asks one of them in turn for the next
 * block, gives it to all, and tells them what is head, safe and finalized.
 */
export class Network {
  readonly nodes: readonly NetworkNode[];
  head: Hash;
  /** Blocks behind the head that `safe` and `finalized` point at. */
  readonly safeDepth = 2;
  readonly finalDepth = 4;
  #payloads = new Map<Hash, Payload>();
  #genesis: Hash;
  #finalized: Hash;
  #turn = 0;

  private constructor(nodes: readonly NetworkNode[], genesis: Hash) {
    this.nodes = nodes;
    this.head = genesis;
    this.#genesis = genesis;
    this.#finalized = genesis;
  }

  /** Starts the network in `dir` with `accounts` holding 1,000 ether each. */
  static async start(dir: string, accounts: readonly Address[], size = 3): Promise<Network> {
    await mkdir(dir, { recursive: true });
    const genesis = join(dir, "genesis.json");
    await writeFile(genesis, JSON.stringify(genesisFile(accounts)));
    const ports = await freePorts(size * 3);
    const nodes = Array.from({ length: size }, (_, i) => {
      const [p2p = 0, rpc = 0, engine = 0] = ports.slice(i * 3);
      return new NetworkNode(join(dir, `node${i}`), genesis, { p2p, rpc, engine });
    });
    try {
      await Promise.all(nodes.map((node) => node.start()));
      const block = (await nodes[0]?.rpc.request("eth_getBlockByNumber", ["0x0", false])) as { hash: Hash };
      return new Network(nodes, block.hash);
    } catch (error) {
      await Promise.all(nodes.map((node) => node.kill()));
      throw error;
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
  }

  /** Makes one block on the head, by the next living node in turn, and moves the head there. */
  async tick(): Promise<Payload> {
    const living = this.nodes.filter((node) => node.alive);
    const proposer = living[this.#turn++ % living.length];
    if (proposer === undefined) throw new Error("no node is alive");
    const payload = await this.build(proposer, this.head);
    await this.adopt(payload.blockHash);
    return payload;
  }

  async ticks(n: number): Promise<void> {
    for (let i = 0; i < n; i++) await this.tick();
  }

  /** Has `proposer` make a block on `parent`, without telling anyone to follow it. `later` seconds set it apart. */
  async build(proposer: NetworkNode, parent: Hash, later = 0): Promise<Payload> {
    const before = this.#payloads.get(parent);
    const timestamp = Math.max(Math.floor(Date.now() / 1000), Number(before?.timestamp ?? 0) + 1) + later;
    const attributes = {
      timestamp: numberToHex(timestamp),
      prevRandao: zero,
      suggestedFeeRecipient: `0x${"00".repeat(20)}`,
      withdrawals: [],
      parentBeaconBlockRoot: zero,
    };
    const state = { headBlockHash: parent, safeBlockHash: zero, finalizedBlockHash: zero };
    const started = (await proposer.engine.request("engine_forkchoiceUpdatedV3", [state, attributes])) as {
      payloadId: Hex | null;
      payloadStatus: { status: string };
    };
    if (started.payloadId === null) throw new Error(`cannot build on ${parent}: ${started.payloadStatus.status}`);
    await pause(50);
    const built = (await proposer.engine.request("engine_getPayloadV3", [started.payloadId])) as {
      executionPayload: Payload;
    };
    this.#payloads.set(built.executionPayload.blockHash, built.executionPayload);
    return built.executionPayload;
  }

  /** Gives every living node the way to `head` and makes it their head. What is finalized stays finalized. */
  async adopt(head: Hash): Promise<void> {
    this.head = head;
    const finalized = this.#ancestor(head, this.finalDepth);
    if (this.#height(finalized) > this.#height(this.#finalized)) this.#finalized = finalized;
    await Promise.all(this.nodes.filter((node) => node.alive).map((node) => this.bring(node)));
  }

  /** Brings one node to the network's head, giving it the blocks that it misses. */
  async bring(node: NetworkNode): Promise<void> {
    const missing: Payload[] = [];
    for (let hash = this.head; hash !== this.#genesis; ) {
      const payload = this.#payloads.get(hash);
      if (payload === undefined) throw new Error(`the driver never saw ${hash}`);
      const known = await node.rpc.request("eth_getBlockByHash", [hash, false]).catch(() => null);
      if (known !== null && missing.length > 0) break;
      missing.unshift(payload);
      hash = payload.parentHash;
    }
    for (const payload of missing) {
      const answer = (await node.engine.request("engine_newPayloadV3", [payload, [], zero])) as { status: string };
      if (answer.status !== "VALID") throw new Error(`block ${payload.blockNumber}: ${JSON.stringify(answer)}`);
    }
    const state = {
      headBlockHash: this.head,
      safeBlockHash: this.#ancestor(this.head, this.safeDepth),
      finalizedBlockHash: this.#finalized,
    };
    const answer = (await node.engine.request("engine_forkchoiceUpdatedV3", [state])) as {
      payloadStatus: { status: string };
    };
    if (answer.payloadStatus.status !== "VALID") throw new Error(JSON.stringify(answer));
  }

  #height(hash: Hash): number {
    return Number(this.#payloads.get(hash)?.blockNumber ?? 0);
  }

  #ancestor(hash: Hash, depth: number): Hash {
    let at = hash;
    for (let i = 0; i < depth && at !== this.#genesis; i++) at = this.#payloads.get(at)?.parentHash ?? this.#genesis;
    return at;
  }
}

function genesisFile(accounts: readonly Address[]): object {
  const forks = ["homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg", "istanbul"];
  const blocks = [...forks, "berlin", "london"].map((name) => [`${name}Block`, 0]);
  return {
    config: {
      chainId: networkId,
      ...Object.fromEntries(blocks),
      mergeForkBlock: 0,
      mergeNetsplitBlock: 0,
      terminalTotalDifficulty: 0,
      terminalTotalDifficultyPassed: true,
      shanghaiTime: 0,
      cancunTime: 0,
      blobSchedule: { cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477 } },
    },
    nonce: "0x0",
    timestamp: "0x0",
    extraData: "0x",
    gasLimit: "0x1c9c380",
    difficulty: "0x0",
    mixHash: zero,
    coinbase: `0x${"00".repeat(20)}`,
    number: "0x0",
    gasUsed: "0x0",
    parentHash: zero,
    baseFeePerGas: "0x3b9aca00",
    excessBlobGas: "0x0",
    blobGasUsed: "0x0",
    alloc: {
      [beaconRoots.address]: { balance: "0x0", nonce: "0x1", code: beaconRoots.code },
      ...Object.fromEntries(accounts.map((address) => [address, { balance: numberToHex(10n ** 21n) }])),
    },
  };
}

async function freePorts(n: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: n }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
