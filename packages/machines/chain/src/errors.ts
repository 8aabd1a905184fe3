import { BaseError, type ErrorOptions } from "@base/errors";
import type { Hex } from "viem";

/** No answer from the chain's node: connection refused, timed out, or an HTTP status that asks to come back. Retryable. */
export class RpcUnavailableError extends BaseError {
  override name = "RpcUnavailableError";
  constructor(shortMessage: string, options: ErrorOptions = {}) {
    super(shortMessage, { kind: "retryable", ...options });
  }
}

/** The chain answers with another chain id than the one asked for. `data`: expected, actual. */
export class WrongChainError extends BaseError {
  override name = "WrongChainError";
}

/** The sender cannot pay value plus gas. `data.address` names it. */
export class InsufficientFundsError extends BaseError {
  override name = "InsufficientFundsError";
}

/** Another program listens on the port that was asked for. `data.port`. */
export class PortTakenError extends BaseError {
  override name = "PortTakenError";
}

/** Another process holds the data folder. Retryable. `data.dir`. */
export class FolderInUseError extends BaseError {
  override name = "FolderInUseError";
  constructor(shortMessage: string, options: ErrorOptions = {}) {
    super(shortMessage, { kind: "retryable", ...options });
  }
}

/** The disk refused a write (full, read-only, broken); nothing was acknowledged. Retryable once there is room. */
export class DiskError extends BaseError {
  override name = "DiskError";
  constructor(shortMessage: string, options: ErrorOptions = {}) {
    super(shortMessage, { kind: "retryable", ...options });
  }
}

/** The transaction was sent but no receipt came in time; it may still be mined. Retryable: ask for `data.hash` again. */
export class ReceiptTimeoutError extends BaseError {
  override name = "ReceiptTimeoutError";
  constructor(shortMessage: string, options: ErrorOptions = {}) {
    super(shortMessage, { kind: "retryable", ...options });
  }
}

/** What a revert says: `errorName` and `args` of the Solidity error, or `undefined` name with the bytes in `raw`. */
export interface Revert {
  readonly errorName: string | undefined;
  readonly args: readonly unknown[];
  readonly raw: Hex;
  /** Transaction that reverted on chain; absent when the simulation already refused. */
  readonly hash?: Hex;
}

/** A contract refused the call. `data.errorName` and `data.args` are the decoded Solidity error. */
export class ContractRevertError extends BaseError {
  override name = "ContractRevertError";
  declare readonly data: Readonly<Record<string, unknown>> & Revert;
}

/** The JSON-RPC error object of a node, kept as it came: `code` and `payload` (its `data` member). */
export class RpcFaultError extends BaseError {
  override name = "RpcFaultError";
  readonly code: number;
  readonly payload: unknown;
  constructor(code: number, message: string, payload?: unknown, options: ErrorOptions = {}) {
    super(message, { data: { code }, ...options });
    this.code = code;
    this.payload = payload;
  }
}
