import { BaseError, BugError, InvalidInputError } from "@base/errors";
import {
  type Abi,
  type Address,
  createPublicClient,
  custom,
  decodeFunctionResult,
  defineChain,
  encodeDeployData,
  encodeFunctionData,
  formatTransactionReceipt,
  type Hash,
  type Hex,
  keccak256,
  type LocalAccount,
  numberToHex,
  type PublicClient,
  RpcRequestError,
} from "viem";
import { ContractRevertError, ReceiptTimeoutError, RpcFaultError } from "./errors.ts";
import { type Attempt, explain, revertError } from "./revert.ts";
import type { Chain, Contract, Head, Receipt, Rpc, WriteOptions } from "./types.ts";

/** What differs between the backends; `openChain` puts one together with the common verbs. */
export interface Backend {
  readonly kind: Chain["kind"];
  readonly chainId: number;
  readonly rpc: Rpc;
  /** Shorter way for transactions whose nonce is known to be right: the receipt comes with the answer. */
  readonly sendRaw?: (raw: Hex) => Promise<Sent>;
  /** Block that writes are simulated on; a development chain has to look at the next one, whose clock is right. */
  readonly simulateOn: "latest" | "pending";
  /**
   * How long a nonce that is on its way counts even if the node has not heard of it, in milliseconds: nodes behind a
   * balancer lag, but a transaction may also be dropped. Infinity: do not even ask.
   */
  readonly trustNonces: number;
  /** Milliseconds between looks for a receipt: first and greatest. 0 when it is there as soon as the send returns. */
  readonly poll: { readonly first: number; readonly most: number; readonly patience: number };
  readonly fees: () => Promise<Fees>;
  readonly settled: () => Promise<bigint>;
  readonly dev?: Chain["dev"];
  readonly url?: string;
  readonly close: () => Promise<void>;
}

export type Fees =
  | { readonly type: "eip1559"; readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint }
  | { readonly type: "legacy"; readonly gasPrice: bigint };

interface Sent {
  readonly hash: Hash;
  /** As JSON-RPC has it; asked for when left out. */
  readonly receipt?: unknown;
}

type Submitted = Sent & { readonly nonce: number };

interface Outgoing {
  readonly account: LocalAccount;
  readonly to?: Address;
  readonly data?: Hex;
  readonly value?: bigint | undefined;
  readonly gas?: bigint | undefined;
  readonly attempt: Attempt;
}

/** The verbs of `Chain` over one backend. */
export function makeChain(backend: Backend): Chain {
  const { rpc } = backend;
  const lanes = new Map<Address, Promise<unknown>>();
  const nonces = new Map<Address, { readonly next: number; readonly until: number }>();

  async function send(out: Outgoing): Promise<Receipt> {
    const { address } = out.account;
    const before = lanes.get(address) ?? Promise.resolve();
    const turn = before.then(() => submit(out));
    const settled = turn.catch(() => {});
    lanes.set(address, settled);
    try {
      const sent = await turn;
      const receipt = sent.receipt === undefined ? await mined(address, sent) : format(sent.receipt);
      if (receipt.status === "reverted") throw await reasonOf(backend, out, receipt);
      return receipt;
    } finally {
      if (lanes.get(address) === settled) lanes.delete(address);
    }
  }

  /** Once a receipt is there (or given up), the node's own count is right again, also after a reorganisation. */
  async function mined(from: Address, sent: Submitted): Promise<Receipt> {
    try {
      return await waitForReceipt(backend, sent.hash);
    } finally {
      if (nonces.get(from)?.next === sent.nonce + 1) nonces.delete(from);
    }
  }

  async function nextNonce(from: Address): Promise<number> {
    const remembered = nonces.get(from);
    const next = remembered !== undefined && remembered.until > performance.now() ? remembered.next : 0;
    if (next > 0 && backend.trustNonces === Infinity) return next;
    return Math.max(Number(await rpc.request("eth_getTransactionCount", [from, "pending"])), next);
  }

  async function submit(out: Outgoing): Promise<Submitted> {
    const from = out.account.address;
    try {
      const gas = await simulate(backend, out);
      const fees = await backend.fees();
      for (let attempt = 0; ; attempt++) {
        const nonce = await nextNonce(from);
        const raw = await out.account.signTransaction({
          ...fees,
          chainId: backend.chainId,
          nonce,
          gas,
          ...(out.to === undefined ? {} : { to: out.to }),
          ...(out.data === undefined ? {} : { data: out.data }),
          ...(out.value === undefined ? {} : { value: out.value }),
        });
        try {
          const sent = backend.sendRaw
            ? await backend.sendRaw(raw)
            : { hash: (await rpc.request("eth_sendRawTransaction", [raw])) as Hash };
          nonces.set(from, { next: nonce + 1, until: performance.now() + backend.trustNonces });
          return { ...sent, nonce };
        } catch (error) {
          nonces.delete(from);
          const said = error instanceof RpcFaultError ? error.shortMessage : "";
          if (/already known|already imported/i.test(said)) return { hash: keccak256(raw), nonce };
          if (attempt === 2 || !/nonce/i.test(said)) throw error;
          await new Promise((resolve) => setTimeout(resolve, backend.poll.first * 4 ** attempt));
        }
      }
    } catch (error) {
      throw explain(error, out.attempt);
    }
  }

  return {
    kind: backend.kind,
    chainId: backend.chainId,
    client: publicClient(backend),
    ...(backend.dev === undefined ? {} : { dev: backend.dev }),
    ...(backend.url === undefined ? {} : { url: backend.url }),
    settled: backend.settled,
    head: () => head(rpc),
    close: backend.close,
    async read(contract, functionName, args = []) {
      const attempt = { abi: contract.abi, name: functionName };
      const data = encode(contract, functionName, args);
      try {
        const result = (await rpc.request("eth_call", [{ to: contract.address, data }, "latest"])) as Hex;
        return decodeFunctionResult({ abi: contract.abi, functionName, args, data: result } as never);
      } catch (error) {
        throw noContract(error, contract, functionName) ?? explain(error, attempt);
      }
    },
    async write(account, contract, functionName, args = [], options = {}) {
      const data = encode(contract, functionName, args);
      const attempt = { abi: contract.abi, name: functionName, from: account.address };
      return await send({ account, to: contract.address, data, ...pick(options), attempt });
    },
    async transfer(account, to, wei) {
      return await send({ account, to, value: wei, attempt: { abi: [], name: "transfer", from: account.address } });
    },
    async deploy(account, { abi, bytecode, args = [] }) {
      const data = encodeCreation(abi, bytecode, args);
      const receipt = await send({ account, data, attempt: { abi, name: "constructor", from: account.address } });
      const { contractAddress } = receipt;
      if (!contractAddress) throw new BugError("The receipt of a deployment names no contract.");
      return { ...receipt, contractAddress };
    },
  };
}

function pick(options: WriteOptions): { value?: bigint; gas?: bigint } {
  return {
    ...(options.value === undefined ? {} : { value: options.value }),
    ...(options.gas === undefined ? {} : { gas: options.gas }),
  };
}

function encode(contract: Contract, functionName: string, args: readonly unknown[]): Hex {
  try {
    return encodeFunctionData({ abi: contract.abi, functionName, args } as never);
  } catch (cause) {
    throw new InvalidInputError(`Arguments do not fit ${functionName}.`, { cause, details: firstLine(cause) });
  }
}

function encodeCreation(abi: Abi, bytecode: Hex, args: readonly unknown[]): Hex {
  try {
    return encodeDeployData({ abi, bytecode, args } as never);
  } catch (cause) {
    throw new InvalidInputError("Arguments do not fit the constructor.", { cause, details: firstLine(cause) });
  }
}

function firstLine(cause: unknown): string {
  return String((cause as Error).message).split("\n", 1)[0] ?? "";
}

function noContract(error: unknown, contract: Contract, name: string): BaseError | undefined {
  if (error instanceof BaseError) return undefined;
  return new InvalidInputError(`${contract.address} does not answer ${name} as its ABI says.`, {
    cause: error,
    details: firstLine(error),
    hints: ["Is it deployed on this chain, at this address?"],
  });
}

/** Runs the transaction without sending it and returns a gas limit; throws the node's fault. */
async function simulate(backend: Backend, out: Outgoing): Promise<bigint> {
  const call = {
    from: out.account.address,
    ...(out.to === undefined ? {} : { to: out.to }),
    ...(out.data === undefined ? {} : { data: out.data }),
    ...(out.value === undefined ? {} : { value: numberToHex(out.value) }),
  };
  if (out.gas !== undefined) {
    await backend.rpc.request("eth_call", [{ ...call, gas: numberToHex(out.gas) }, backend.simulateOn]);
    return out.gas;
  }
  const params = backend.simulateOn === "pending" ? [call, "pending"] : [call];
  const estimate = BigInt((await backend.rpc.request("eth_estimateGas", params)) as Hex);
  // Gas kept back by EIP-150 and storage written by others meanwhile can raise the need; 2^24 is EIP-7825's cap.
  const padded = estimate + estimate / 5n;
  return padded > 16_777_216n && estimate <= 16_777_216n ? 16_777_216n : padded;
}

function format(receipt: unknown): Receipt {
  return formatTransactionReceipt(receipt as never) as Receipt;
}

/** Asks again and again: a client that waits for the next block would wait for ever on a chain that mines on demand. */
async function waitForReceipt(backend: Backend, hash: Hash): Promise<Receipt> {
  let pause = backend.poll.first;
  const until = performance.now() + backend.poll.patience;
  for (;;) {
    const receipt = await backend.rpc.request("eth_getTransactionReceipt", [hash]);
    if (receipt !== null) return format(receipt);
    if (performance.now() > until) {
      throw new ReceiptTimeoutError(`No receipt for ${hash} after ${backend.poll.patience / 1000} s.`, {
        data: { hash },
        hints: ["It may still be mined: look for its receipt before sending again."],
      });
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, backend.poll.most);
  }
}

/** The transaction was fine when simulated and failed when mined: run it again where it failed to learn why. */
async function reasonOf(backend: Backend, out: Outgoing, receipt: Receipt): Promise<unknown> {
  const attempt = { ...out.attempt, hash: receipt.transactionHash };
  const call = {
    from: out.account.address,
    to: out.to,
    data: out.data,
    gas: out.gas === undefined ? undefined : numberToHex(out.gas),
  };
  try {
    await backend.rpc.request("eth_call", [call, numberToHex(receipt.blockNumber)]);
  } catch (error) {
    const explained = explain(error, attempt);
    if (explained instanceof ContractRevertError) return explained;
  }
  return revertError("0x", attempt);
}

/** Newest block over any connection. */
export async function head(rpc: Rpc): Promise<Head> {
  const block = (await rpc.request("eth_getBlockByNumber", ["latest", false])) as Record<keyof Head, Hex>;
  return { number: BigInt(block.number), hash: block.hash, timestamp: BigInt(block.timestamp) };
}

/** Fees from the newest block: twice its base fee and the node's tip, or a gas price before EIP-1559. */
export async function marketFees(rpc: Rpc): Promise<Fees> {
  const block = (await rpc.request("eth_getBlockByNumber", ["latest", false])) as { baseFeePerGas?: Hex };
  if (block.baseFeePerGas === undefined) {
    return { type: "legacy", gasPrice: BigInt((await rpc.request("eth_gasPrice")) as Hex) };
  }
  const tip = await rpc.request("eth_maxPriorityFeePerGas").catch((error: unknown) => {
    if (error instanceof RpcFaultError) return "0x3b9aca00"; // 1 gwei, for nodes without the method
    throw error;
  });
  const maxPriorityFeePerGas = BigInt(tip as Hex);
  return {
    type: "eip1559",
    maxFeePerGas: BigInt(block.baseFeePerGas) * 2n + maxPriorityFeePerGas,
    maxPriorityFeePerGas,
  };
}

function publicClient(backend: Backend): PublicClient {
  const url = backend.url ?? `${backend.kind}:`;
  const chain = defineChain({
    id: backend.chainId,
    name: `assay-${backend.kind}`,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [url] } },
  });
  const request = async ({ method, params }: { method: string; params?: unknown }): Promise<unknown> => {
    try {
      return await backend.rpc.request(method, (params as unknown[] | undefined) ?? []);
    } catch (error) {
      if (!(error instanceof RpcFaultError)) throw error;
      const { code, shortMessage: message, payload: data } = error;
      throw new RpcRequestError({ body: { method, params }, url, error: { code, message, data } });
    }
  };
  return createPublicClient({
    chain,
    transport: custom({ request }, { retryCount: 0 }),
    cacheTime: 0,
    pollingInterval: Math.max(backend.poll.first, 20),
  }) as PublicClient;
}
