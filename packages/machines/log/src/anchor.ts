import { type Hash, sha256Hex } from "@base/bytes/hash.ts";
import { bytesToHex, hexToBytes, utf8 } from "@base/bytes/hex.ts";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { AnchorMismatchError, ReplayedAnchorError } from "./errors.ts";
import type { Head } from "./verify.ts";

/** An `Anchored` or `Noted` event of the contract Anchor, decoded. */
export interface AnchorEvent {
  readonly name: "Anchored" | "Noted";
  readonly signer: `0x${string}`;
  readonly log: Hash;
  readonly before: Hash;
  readonly size: bigint;
  readonly root: Hash;
  readonly accumulator: Hash;
  readonly blockNumber: bigint;
  readonly blockHash: Hash;
}

/** The contract Anchor on a chain, as this room needs it; a client of any chain library fits. */
export interface AnchorChain {
  /** Account that `write` sends from. */
  readonly signer: `0x${string}`;
  read(functionName: string, args: readonly unknown[]): Promise<unknown>;
  /** Sends a transaction and waits for its receipt; rejects when it reverts. */
  write(functionName: string, args: readonly unknown[]): Promise<{ transactionHash: Hash; blockNumber: bigint }>;
  /** Events of the contract in these blocks, in the chain's order; those of other signers and logs are left out here. */
  events(fromBlock: bigint, toBlock: bigint): Promise<readonly AnchorEvent[]>;
  /** Newest block that counts as final. */
  settled(): Promise<bigint>;
  /** Newest block. */
  head(): Promise<bigint>;
}

/** A head on chain. */
export interface Anchored extends Head {
  /** Accumulator that it followed. */
  readonly before: Hash;
  readonly accumulator: Hash;
  readonly blockNumber: bigint;
}

/** Accumulator before the first anchor. */
export const NO_ANCHOR: Hash = `0x${"0".repeat(64)}`;

/** Name of a log on chain: SHA-256 of its origin. */
export function anchorName(origin: string): Hash {
  return sha256Hex(utf8(origin));
}

/** keccak256(before ‖ uint256 size ‖ root): the twin of the contract's `fold`. */
export function foldAnchor(before: Hash, { size, root }: Head): Hash {
  const input = new Uint8Array(96);
  input.set(hexToBytes(before));
  new DataView(input.buffer).setBigUint64(56, BigInt(size));
  input.set(hexToBytes(root), 64);
  return bytesToHex(keccak_256(input));
}

/** Which log of whom, and from which block on its anchors are. */
export interface AnchorScope {
  readonly chain: AnchorChain;
  readonly origin: string;
  readonly signer?: `0x${string}`;
  /** Block of the contract's deployment (0 unless said). */
  readonly fromBlock?: bigint;
  /** `Anchored` (stored, the default) or `Noted` (events only). */
  readonly mode?: "stored" | "noted";
}

/**
 * The anchors of a log up to a block, oldest first, each checked to follow the one before it and to be larger.
 *
 * Throws ReplayedAnchorError (an anchor out of its place) and AnchorMismatchError (a wrong accumulator).
 */
export async function listAnchors(scope: AnchorScope, toBlock: bigint): Promise<Anchored[]> {
  const { chain, origin, signer = chain.signer, fromBlock = 0n, mode = "stored" } = scope;
  const log = anchorName(origin);
  if (toBlock < fromBlock) return [];
  const name = mode === "stored" ? "Anchored" : "Noted";
  const anchors: Anchored[] = [];
  for (const event of await chain.events(fromBlock, toBlock)) {
    if (event.name !== name || event.log !== log) continue;
    if (event.signer.toLowerCase() !== signer.toLowerCase()) continue;
    const newest = anchors.at(-1);
    const { before, root, accumulator, blockNumber } = event;
    const size = Number(event.size);
    const data = { size, root, before, blockNumber: String(blockNumber) };
    if (before !== (newest?.accumulator ?? NO_ANCHOR) || size <= (newest?.size ?? 0)) {
      throw new ReplayedAnchorError(`The anchor of size ${size} does not follow the newest one.`, {
        data: { ...data, newest: newest?.accumulator ?? NO_ANCHOR },
        hints: ["A signer that anchors twice or backwards shows two logs: ask it for both."],
      });
    }
    if (foldAnchor(before, { size, root }) !== accumulator) {
      throw new AnchorMismatchError(`The anchor of size ${size} carries a wrong accumulator.`, { data });
    }
    anchors.push({ size, root, before, accumulator, blockNumber });
  }
  return anchors;
}

/**
 * Anchors a head behind the newest one on chain; a head that is there already is returned as it stands.
 *
 * Reads up to the newest block, so that a reorganisation shows as a revert (NotTheNewest) and calling again mends it.
 * Throws AnchorMismatchError when the chain has another root at this size or a larger size.
 */
export async function anchor(scope: AnchorScope, head: Head): Promise<Anchored> {
  const { chain, origin, mode = "stored" } = scope;
  const anchors = await listAnchors(scope, await scope.chain.head());
  const there = anchors.find(({ size }) => size === head.size);
  const newest = anchors.at(-1);
  if (there && there.root === head.root) return there;
  if (newest && newest.size >= head.size) {
    throw new AnchorMismatchError(`The chain has an anchor of size ${newest.size}; size ${head.size} does not fit.`, {
      data: { size: head.size, root: head.root, newest: { size: newest.size, root: newest.root } },
    });
  }
  const log = anchorName(origin);
  const before = newest?.accumulator ?? NO_ANCHOR;
  const size = BigInt(head.size);
  const last = newest
    ? { before: newest.before, size: BigInt(newest.size), root: newest.root }
    : { before: NO_ANCHOR, size: 0n, root: NO_ANCHOR };
  const { blockNumber } =
    mode === "stored"
      ? await chain.write("anchor", [log, last, size, head.root])
      : await chain.write("note", [log, before, size, head.root]);
  return { size: head.size, root: head.root, before, accumulator: foldAnchor(before, head), blockNumber };
}

/**
 * Checks a checkpoint against the chain: its head is anchored in a settled block, and (stored mode) the contract's
 * accumulator is the one that the events lead to. Returns the anchor, whose block says "not later than".
 *
 * Throws AnchorMismatchError when the size is anchored with another root, or not at all.
 */
export async function verifyAnchor(scope: AnchorScope, head: Head): Promise<Anchored> {
  const { chain, origin, signer = chain.signer, mode = "stored" } = scope;
  const anchors = await listAnchors(scope, await chain.head());
  const found = anchors.find(({ size }) => size === head.size);
  const settled = await chain.settled();
  if (found?.root !== head.root || found.blockNumber > settled) {
    const what = !found
      ? "is not anchored"
      : found.root === head.root
        ? "is not settled yet"
        : "has another root on chain";
    throw new AnchorMismatchError(`Size ${head.size} of ${origin} ${what}.`, {
      kind: found?.root === head.root ? "retryable" : "user",
      data: { size: head.size, root: head.root, anchored: found?.root ?? null, settled: String(settled) },
    });
  }
  if (mode === "stored") {
    const heads = anchors
      .slice(anchors.indexOf(found))
      .map(({ before, size, root }) => ({ before, size: BigInt(size), root }));
    if ((await chain.read("isAnchored", [signer, anchorName(origin), heads[0], heads.slice(1)])) !== true) {
      throw new AnchorMismatchError(`The contract's accumulator of ${origin} is not the one that its events give.`, {
        data: { size: head.size, root: head.root, anchors: anchors.length },
        hints: ["Ask again: an anchor may have come in between. If it stays, the chain client hides events."],
      });
    }
  }
  return found;
}
