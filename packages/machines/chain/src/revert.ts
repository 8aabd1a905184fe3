import { type Abi, decodeErrorResult, type Hex, isHex, parseAbi } from "viem";
import { ContractRevertError, InsufficientFundsError, RpcFaultError } from "./errors.ts";

/** Errors that pass through from tokens and base contracts, which the called contract's own ABI may not list. */
const common: Abi = parseAbi([
  "error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)",
  "error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)",
  "error ERC20InvalidSender(address sender)",
  "error ERC20InvalidReceiver(address receiver)",
  "error ERC20InvalidApprover(address approver)",
  "error ERC20InvalidSpender(address spender)",
  "error ERC721NonexistentToken(uint256 tokenId)",
  "error ERC721IncorrectOwner(address sender, uint256 tokenId, address owner)",
  "error ERC721InsufficientApproval(address operator, uint256 tokenId)",
  "error ERC721InvalidOwner(address owner)",
  "error ERC721InvalidReceiver(address receiver)",
  "error ERC4626ExceededMaxDeposit(address receiver, uint256 assets, uint256 max)",
  "error ERC4626ExceededMaxWithdraw(address owner, uint256 assets, uint256 max)",
  "error ERC4626ExceededMaxRedeem(address owner, uint256 shares, uint256 max)",
  "error SafeERC20FailedOperation(address token)",
  "error ReentrancyGuardReentrantCall()",
  "error OwnableUnauthorizedAccount(address account)",
  "error ECDSAInvalidSignature()",
  "error FailedCall()",
]);

/** What a call tried to do, for the sentence of an error. */
export interface Attempt {
  readonly abi: Abi;
  /** Function name, or `constructor`. */
  readonly name: string;
  readonly from?: string;
  readonly hash?: Hex;
}

/** Turns a node's error answer into the typed error it stands for; anything unknown comes back as it was. */
export function explain(error: unknown, attempt: Attempt): unknown {
  if (!(error instanceof RpcFaultError)) return error;
  const raw = revertBytes(error);
  if (raw !== undefined) return revertError(raw, attempt, error);
  if (/insufficient|enough funds|exceeds (the )?balance/i.test(error.shortMessage)) {
    return new InsufficientFundsError(`${attempt.from ?? "The sender"} cannot pay for ${attempt.name}.`, {
      cause: error,
      details: error.shortMessage,
      data: { address: attempt.from },
      hints: ["Send it ether for gas first."],
    });
  }
  return error;
}

/** Bytes that the contract reverted with; undefined when the fault is not a revert. */
function revertBytes(error: RpcFaultError): Hex | undefined {
  const nested = (error.payload as { data?: unknown } | null | undefined)?.data;
  for (const candidate of [error.payload, nested]) {
    if (isHex(candidate) && (error.code === 3 || candidate !== "0x")) return candidate;
  }
  return error.code === 3 || /revert/i.test(error.shortMessage) ? "0x" : undefined;
}

/** A ContractRevertError from the returned bytes, decoded with the contract's ABI, then with the common errors. */
export function revertError(raw: Hex, attempt: Attempt, cause?: unknown): ContractRevertError {
  const decoded = decode(attempt.abi, raw) ?? decode(common, raw);
  const args = decoded?.args ?? [];
  const said = decoded?.text ?? (raw === "0x" ? "without a reason" : `with unknown error ${raw.slice(0, 10)}`);
  return new ContractRevertError(`${attempt.name} reverted: ${said}`, {
    cause,
    data: { errorName: decoded?.errorName, args, raw, ...(attempt.hash === undefined ? {} : { hash: attempt.hash }) },
  });
}

function decode(abi: Abi, raw: Hex): { errorName: string; args: readonly unknown[]; text: string } | undefined {
  if (raw === "0x") return undefined;
  try {
    const { errorName, args = [], abiItem } = decodeErrorResult({ abi, data: raw });
    const values = (args as readonly unknown[]).map(show);
    const inputs = abiItem?.type === "error" ? abiItem.inputs : [];
    const text = `${errorName}(${values.map((v, i) => (inputs[i]?.name ? `${inputs[i].name}: ${v}` : v)).join(", ")})`;
    return { errorName, args: args as readonly unknown[], text };
  } catch {
    return undefined;
  }
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_key, inner) => (typeof inner === "bigint" ? String(inner) : inner));
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
