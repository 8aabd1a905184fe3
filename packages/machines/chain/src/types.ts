import type { Abi, Address, Hash, Hex, LocalAccount, PublicClient, TransactionReceipt } from "viem";

/** A deployed contract: where it stands and what it understands. */
export interface Contract {
  readonly address: Address;
  readonly abi: Abi;
}

/** What a node answers once a transaction is in a block. */
export type Receipt = TransactionReceipt;

/** The newest block: number, hash, timestamp in seconds since 1970. */
export interface Head {
  readonly number: bigint;
  readonly hash: Hash;
  readonly timestamp: bigint;
}

export interface WriteOptions {
  /** Ether sent along, in wei. */
  readonly value?: bigint;
  /** Gas limit; estimated with a margin of a fifth unless given. */
  readonly gas?: bigint;
}

/** What only a development chain can do. */
export interface DevTools {
  /** Moves the chain's clock `seconds` (1 to 10 years) ahead and mines a block there. */
  advance(seconds: number): Promise<void>;
  /** Gives `address` `wei` of ether, adding to what it has. */
  fund(address: Address, wei: bigint): Promise<void>;
  /** Mines `n` empty blocks (1 unless given, 10,000 at most). */
  mine(n?: number): Promise<void>;
}

/** One EVM chain, whatever stands behind it. */
export interface Chain {
  readonly kind: "embedded" | "anvil" | "rpc";
  readonly chainId: number;
  /** viem client over the same connection; its errors are viem's. */
  readonly client: PublicClient;
  /** Calls a view function on the newest block. Throws ContractRevertError, RpcUnavailableError. */
  // biome-ignore lint/suspicious/noExplicitAny: the result's type follows from an ABI that is known at run time only
  read(contract: Contract, functionName: string, args?: readonly unknown[]): Promise<any>;
  /**
   * Simulates, signs, sends, and waits for the receipt. Transactions of one account go out in call order.
   * Throws ContractRevertError, InsufficientFundsError, RpcUnavailableError, ReceiptTimeoutError.
   */
  write(
    account: LocalAccount,
    contract: Contract,
    functionName: string,
    args?: readonly unknown[],
    options?: WriteOptions,
  ): Promise<Receipt>;
  /** Sends plain ether, in wei. Throws like `write`. */
  transfer(account: LocalAccount, to: Address, wei: bigint): Promise<Receipt>;
  /** Creates a contract. Throws like `write`. */
  deploy(
    account: LocalAccount,
    contract: { readonly abi: Abi; readonly bytecode: Hex; readonly args?: readonly unknown[] },
  ): Promise<Receipt & { contractAddress: Address }>;
  /** Newest block that counts as final on this chain: its `finalized` tag, else head minus depth, never below 0. */
  settled(): Promise<bigint>;
  head(): Promise<Head>;
  readonly dev?: DevTools;
  /** HTTP address where other programs reach the same chain, if there is one. */
  readonly url?: string;
  close(): Promise<void>;
}

/** A JSON-RPC connection; throws RpcFaultError for an error answer, RpcUnavailableError for none. */
export interface Rpc {
  request(method: string, params?: readonly unknown[]): Promise<unknown>;
}
