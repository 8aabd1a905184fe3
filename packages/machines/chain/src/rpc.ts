import { InvalidInputError } from "@base/errors";
import type { Hex } from "viem";
import { head, makeChain, marketFees } from "./client.ts";
import { RpcFaultError, WrongChainError } from "./errors.ts";
import { type HttpRpcOptions, httpRpc } from "./http.ts";
import type { Chain, Rpc } from "./types.ts";

/** Blocks on top of one before it counts as final, on chains without a `finalized` tag. */
export const defaultDepth = 12;

export interface RpcOptions extends HttpRpcOptions {
  readonly url: string;
  /** The id the chain must have; whatever it says is taken when left out. */
  readonly chainId?: number;
  /** See `defaultDepth`; used only where the chain knows no `finalized` block. */
  readonly depth?: number;
  /** Milliseconds to wait for a receipt; 180,000 unless given. */
  readonly patience?: number;
}

/** Connects to any EVM chain by its RPC address. Throws WrongChainError, RpcUnavailableError, InvalidInputError. */
export async function openRpc(options: RpcOptions): Promise<Chain> {
  const { url, depth = defaultDepth } = options;
  if (!Number.isSafeInteger(depth) || depth < 0)
    throw new InvalidInputError("depth must be a whole number, 0 or more.");
  const rpc = httpRpc(url, options);
  const chainId = await checkChainId(rpc, options.chainId);
  return makeChain({
    kind: "rpc",
    chainId,
    rpc,
    simulateOn: "latest",
    trustNonces: 15_000,
    poll: { first: 25, most: 1_000, patience: options.patience ?? 180_000 },
    fees: () => marketFees(rpc),
    settled: () => settledBlock(rpc, depth),
    url,
    close: async () => {},
  });
}

/** The chain's id, after comparing it with `expected`. */
export async function checkChainId(rpc: Rpc, expected: number | undefined): Promise<number> {
  const actual = Number(await rpc.request("eth_chainId"));
  if (expected !== undefined && expected !== actual) {
    throw new WrongChainError(`The RPC node serves chain ${actual}, not ${expected}.`, {
      data: { expected, actual },
      hints: ["Check the RPC address and the chain id in the settings."],
    });
  }
  return actual;
}

/** The `finalized` block where the node knows one, else head minus `depth`; a block that may vanish is never settled. */
export async function settledBlock(rpc: Rpc, depth: number): Promise<bigint> {
  try {
    const block = (await rpc.request("eth_getBlockByNumber", ["finalized", false])) as { number: Hex } | null;
    if (block !== null) return BigInt(block.number);
  } catch (error) {
    if (!(error instanceof RpcFaultError)) throw error;
  }
  const { number } = await head(rpc);
  return number > BigInt(depth) ? number - BigInt(depth) : 0n;
}
