import { InvalidInputError } from "@base/errors";
import type { AnvilOptions } from "./anvil.ts";
import type { EmbeddedOptions } from "./embedded/open.ts";
import type { RpcOptions } from "./rpc.ts";
import type { Chain } from "./types.ts";

export {
  ContractRevertError,
  DiskError,
  FolderInUseError,
  InsufficientFundsError,
  PortTakenError,
  ReceiptTimeoutError,
  type Revert,
  RpcFaultError,
  RpcUnavailableError,
  WrongChainError,
} from "./errors.ts";
export type { Chain, Contract, DevTools, Head, Receipt, WriteOptions } from "./types.ts";
export type { AnvilOptions, EmbeddedOptions, RpcOptions };

export type ChainOptions =
  | ({ readonly kind: "embedded" } & EmbeddedOptions)
  | ({ readonly kind: "anvil" } & AnvilOptions)
  | ({ readonly kind: "rpc" } & RpcOptions);

/**
 * Opens a chain; the backend's code is loaded only when it is asked for.
 *
 * Throws WrongChainError, RpcUnavailableError, PortTakenError, FolderInUseError, IntegrityError, DiskError.
 */
export async function openChain(options: ChainOptions): Promise<Chain> {
  switch (options.kind) {
    case "embedded":
      return await (await import("./embedded/open.ts")).openEmbedded(options);
    case "anvil":
      return await (await import("./anvil.ts")).openAnvil(options);
    case "rpc":
      return await (await import("./rpc.ts")).openRpc(options);
    default:
      throw new InvalidInputError(`No chain backend is called ${(options as { kind: unknown }).kind}.`, {
        hints: ["Use embedded, anvil or rpc."],
      });
  }
}
