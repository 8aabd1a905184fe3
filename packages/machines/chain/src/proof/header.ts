// Block headers and transaction receipts as the bytes that block hashes and receipt roots stand for.
import { InvalidInputError } from "@base/errors";
import { type Address, concatHex, fromRlp, type Hex, keccak256, numberToHex, toRlp } from "viem";

/** What a receipt says happened, without what only an RPC node knows (transaction hash, gas price). */
export interface ProvenLog {
  readonly address: Address;
  readonly topics: readonly Hex[];
  readonly data: Hex;
}

/** The fields of a header that a proof needs. */
export interface Header {
  readonly hash: Hex;
  readonly parent: Hex;
  readonly number: bigint;
  readonly timestamp: bigint;
  readonly receiptsRoot: Hex;
}

type Fields = Readonly<Record<string, unknown>>;

/** Names of a header's fields as JSON-RPC spells them, in the order of their RLP list; the later ones came with forks. */
const names = [
  ["parentHash"],
  ["sha3Uncles"],
  ["miner"],
  ["stateRoot"],
  ["transactionsRoot"],
  ["receiptsRoot"],
  ["logsBloom"],
  ["difficulty", "number"],
  ["number", "number"],
  ["gasLimit", "number"],
  ["gasUsed", "number"],
  ["timestamp", "number"],
  ["extraData"],
  ["mixHash"],
  ["nonce"],
  ["baseFeePerGas", "number"],
  ["withdrawalsRoot"],
  ["blobGasUsed", "number"],
  ["excessBlobGas", "number"],
  ["parentBeaconBlockRoot"],
  ["requestsHash"],
] as const;

/** RLP of a header from the JSON of `eth_getBlockByNumber`; throws InvalidInputError when it does not hash to the block's hash. */
export function encodeHeader(block: Fields): Hex {
  const list: Hex[] = [];
  for (const [name, type] of names) {
    const value = block[name];
    if (value === undefined || value === null) break;
    list.push(type === "number" ? quantity(value) : (value as Hex));
  }
  const encoded = toRlp(list);
  if (keccak256(encoded) !== block["hash"]) {
    throw new InvalidInputError(
      `block ${String(block["number"])} does not hash to the hash it names: a field was changed, or is not known here`,
      {
        data: { hash: block["hash"] },
      },
    );
  }
  return encoded;
}

/** Reads a header from its RLP; throws InvalidInputError when it is none. */
export function decodeHeader(encoded: Hex): Header {
  let list: unknown;
  try {
    list = fromRlp(encoded, "hex");
  } catch (cause) {
    throw new InvalidInputError("a block header is not RLP", { cause });
  }
  const fields = Array.isArray(list) ? (list as Hex[]) : [];
  if (fields.length < 15 || fields.some((field) => typeof field !== "string"))
    throw new InvalidInputError("a block header has too few fields");
  const [parent, , , , , receiptsRoot] = fields as [Hex, Hex, Hex, Hex, Hex, Hex];
  const number = (at: number) => (fields[at] === "0x" ? 0n : BigInt(fields[at] as Hex));
  return { hash: keccak256(encoded), parent, receiptsRoot, number: number(8), timestamp: number(11) };
}

/** A receipt as it stands in the receipts trie (EIP-2718), from the JSON of `eth_getTransactionReceipt`. */
export function encodeReceipt(receipt: Fields): Hex {
  const logs = (receipt["logs"] as readonly ProvenLog[]).map(({ address, topics, data }) => [
    address,
    [...topics],
    data,
  ]);
  const outcome = receipt["root"] ?? quantity(receipt["status"]);
  const body = toRlp([
    outcome as Hex,
    quantity(receipt["cumulativeGasUsed"]),
    receipt["logsBloom"] as Hex,
    logs as never,
  ]);
  const type = BigInt((receipt["type"] as string | undefined) ?? "0x0");
  return type === 0n ? body : concatHex([numberToHex(type, { size: 1 }), body]);
}

/** Logs of a receipt, none when its transaction failed; throws InvalidInputError when the bytes are no receipt. */
export function decodeReceipt(encoded: Hex): readonly ProvenLog[] {
  try {
    const first = Number.parseInt(encoded.slice(2, 4), 16);
    const [outcome, , , logs] = fromRlp(first < 0xc0 ? `0x${encoded.slice(4)}` : encoded, "hex") as unknown as [
      Hex,
      Hex,
      Hex,
      [Address, Hex[], Hex][],
    ];
    if (outcome === "0x") return [];
    return logs.map(([address, topics, data]) => ({ address, topics, data }));
  } catch (cause) {
    throw new InvalidInputError("a transaction receipt is not RLP", { cause });
  }
}

/** A number without leading zeros, as RLP wants it. */
function quantity(value: unknown): Hex {
  const number = BigInt(value as string | number | bigint);
  const digits = number.toString(16);
  return number === 0n ? "0x" : `0x${digits.length % 2 === 1 ? "0" : ""}${digits}`;
}
