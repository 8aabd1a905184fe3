import {
  ContractDecoder,
  EdrContext,
  L1_CHAIN_TYPE,
  L1Hardfork,
  l1GenesisState,
  l1HardforkToString,
  l1ProviderFactory,
  MineOrdering,
} from "@nomicfoundation/edr";
import type { Address } from "viem";
import { hexToBytes } from "viem";
import { RpcFaultError } from "../errors.ts";
import type { Rpc } from "../types.ts";

/** Rules that the embedded chain runs by; a log remembers its own and keeps them. */
export const hardfork: string = l1HardforkToString(L1Hardfork.Osaka);

/** Gas that one block may use. */
export const blockGasLimit = 60_000_000n;

/** Gas that one transaction may use from Osaka on (EIP-7825). */
export const transactionGasCap = 16_777_216n;

/** Base fee of the first block, in wei; it falls from there, since blocks stay under half full. */
const initialBaseFee = 1_000_000_000n;

let context: Promise<EdrContext> | undefined;

/** EDR wants exactly one context for each process. */
function sharedContext(): Promise<EdrContext> {
  context ??= (async () => {
    const created = new EdrContext();
    await created.registerProviderFactory(L1_CHAIN_TYPE, l1ProviderFactory());
    return created;
  })();
  return context;
}

/** What decides the genesis block, and with the transactions every later one. */
export interface Genesis {
  readonly chainId: number;
  /** Seconds since 1970. */
  readonly genesisTime: number;
  readonly hardfork: string;
  /** Address that holds all ether, and how much of it in wei. */
  readonly faucet: Address;
  readonly supply: bigint;
}

interface RpcAnswer {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** A fresh in-memory EVM chain at its genesis, mining only when told: the same requests give the same blocks. */
export async function createEngine(genesis: Genesis): Promise<Rpc> {
  const provider = await (await sharedContext()).createProvider(
    L1_CHAIN_TYPE,
    {
      allowBlocksWithSameTimestamp: true,
      allowUnlimitedContractSize: false,
      bailOnCallFailure: true,
      bailOnTransactionFailure: false,
      chainId: BigInt(genesis.chainId),
      networkId: BigInt(genesis.chainId),
      coinbase: new Uint8Array(20),
      defaultTransactionGasLimit: transactionGasCap,
      genesisState: [
        ...l1GenesisState(L1Hardfork.Osaka),
        { address: hexToBytes(genesis.faucet), balance: genesis.supply },
      ],
      hardfork: genesis.hardfork,
      initialBaseFeePerGas: initialBaseFee,
      minGasPrice: 0n,
      mining: { autoMine: false, blockGasLimit, memPool: { order: MineOrdering.Fifo } },
      network: { genesisBlockGasLimit: blockGasLimit, genesisBlockTime: BigInt(genesis.genesisTime) },
      observability: {},
      ownedAccounts: [],
      precompileOverrides: [],
    },
    { enable: false, decodeConsoleLogInputsCallback: () => [], printLineCallback: () => {} },
    { subscriptionCallback: () => {} },
    new ContractDecoder(),
  );
  let id = 0;
  return {
    async request(method, params = []) {
      const answer = await provider.handleRequest(JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params }));
      const data: RpcAnswer = typeof answer.data === "string" ? JSON.parse(answer.data) : answer.data;
      if (data.error !== undefined) throw fault(data.error);
      return data.result ?? null;
    },
  };
}

/** EDR nests the revert bytes; other nodes put them into `data` with code 3. Say it as the others do. */
function fault(error: { code: number; message: string; data?: unknown }): RpcFaultError {
  const nested = error.data as { data?: unknown; reason?: unknown } | null | undefined;
  if (nested !== null && typeof nested === "object" && typeof nested.data === "string") {
    const halted = nested.data === "0x" && typeof nested.reason === "object";
    return new RpcFaultError(3, halted ? `execution halted: ${error.message}` : "execution reverted", nested.data);
  }
  return new RpcFaultError(error.code, error.message, error.data ?? undefined);
}
