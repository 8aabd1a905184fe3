import { BugError, InvalidInputError } from "@base/errors";
import { type Hash, hashBytes, isHash, sha256 } from "./hash.ts";
import { bytesToHex, equalBytes } from "./hex.ts";

const SIZE = 32;
const EMPTY = sha256(new Uint8Array(0));

/** Root of the tree without leaves: SHA-256 of nothing (RFC 6962, 2.1). */
export const EMPTY_ROOT: Hash = bytesToHex(EMPTY);

/** Hash of a leaf: SHA-256(0x00 ‖ data) (RFC 6962, 2.1). */
export function leafHash(data: Uint8Array): Hash {
  return bytesToHex(leafHashBytes(data));
}

/** Hash of an inner node: SHA-256(0x01 ‖ left ‖ right) (RFC 6962, 2.1). */
export function nodeHash(left: Hash, right: Hash): Hash {
  return bytesToHex(nodeHashBytes(hashBytes(left), hashBytes(right)));
}

/** Root over the data of all leaves, in order. */
export function merkleRoot(leaves: Iterable<Uint8Array>): Hash {
  const builder = new MerkleBuilder();
  for (const leaf of leaves) builder.append(leaf);
  return builder.root();
}

/** Root over leaf hashes, in order; throws InvalidInputError on a hash that is none. */
export function merkleRootOfHashes(leafHashes: Iterable<Hash>): Hash {
  const builder = new MerkleBuilder();
  for (const hash of leafHashes) builder.appendHash(hash);
  return builder.root();
}

/** Computes a root while leaves arrive; keeps one hash a level (at most 53), whatever the number of leaves. */
export class MerkleBuilder {
  #size = 0;
  /** Roots of the complete subtrees, largest first: one for each bit set in the size. */
  readonly #peaks: Uint8Array[] = [];

  /** How many leaves have arrived. */
  get size(): number {
    return this.#size;
  }

  append(leaf: Uint8Array): this {
    return this.#push(leafHashBytes(leaf));
  }

  appendHash(leafHash: Hash): this {
    return this.#push(hashBytes(leafHash));
  }

  /** Root over the leaves so far; more may follow. */
  root(): Hash {
    let root = this.#peaks.at(-1);
    if (!root) return EMPTY_ROOT;
    for (let i = this.#peaks.length - 2; i >= 0; i--) root = nodeHashBytes(this.#peaks[i] as Uint8Array, root);
    return bytesToHex(root);
  }

  #push(hash: Uint8Array): this {
    let node = hash;
    for (let rest = this.#size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      node = nodeHashBytes(this.#peaks.pop() as Uint8Array, node);
    }
    this.#peaks.push(node);
    this.#size++;
    return this;
  }
}

/** A tree that keeps all its hashes (64 bytes a leaf), grows at the right, and proves inclusion and consistency (RFC 6962). */
export class MerkleTree {
  /** `#levels[k]` holds the roots of all complete subtrees of 2^k leaves, 32 bytes each. */
  readonly #levels: { bytes: Uint8Array; count: number }[] = [];

  /** Tree over the data of the leaves. */
  static fromLeaves(leaves: Iterable<Uint8Array>): MerkleTree {
    const tree = new MerkleTree();
    for (const leaf of leaves) tree.append(leaf);
    return tree;
  }

  /** Tree over leaf hashes. */
  static fromHashes(leafHashes: Iterable<Hash>): MerkleTree {
    const tree = new MerkleTree();
    for (const hash of leafHashes) tree.appendHash(hash);
    return tree;
  }

  /** Number of leaves. */
  get size(): number {
    return this.#levels[0]?.count ?? 0;
  }

  append(leaf: Uint8Array): this {
    return this.#push(leafHashBytes(leaf));
  }

  appendHash(leafHash: Hash): this {
    return this.#push(hashBytes(leafHash));
  }

  /** Leaf hash at `index`, counted from 0; throws InvalidInputError outside the tree. */
  leaf(index: number): Hash {
    this.#within(index, 0, this.size - 1, "index");
    return bytesToHex(this.#node(0, index));
  }

  /** Root over the first `size` leaves (all, unless said). */
  root(size: number = this.size): Hash {
    this.#within(size, 0, this.size, "size");
    return size === 0 ? EMPTY_ROOT : bytesToHex(this.#range(0, size));
  }

  /** Audit path of leaf `index` in the tree of the first `size` leaves, lowest level first (RFC 6962, 2.1.1). */
  inclusionProof(index: number, size: number = this.size): Hash[] {
    this.#within(size, 1, this.size, "size");
    this.#within(index, 0, size - 1, "index");
    const path: Hash[] = [];
    let [start, end] = [0, size];
    while (end - start > 1) {
      const middle = start + split(end - start);
      if (index < middle) {
        path.push(bytesToHex(this.#range(middle, end)));
        end = middle;
      } else {
        path.push(bytesToHex(this.#range(start, middle)));
        start = middle;
      }
    }
    return path.reverse();
  }

  /** Proof that the tree of `second` leaves begins with the tree of `first` leaves, 1 <= first <= second (RFC 6962, 2.1.2). */
  consistencyProof(first: number, second: number = this.size): Hash[] {
    this.#within(second, 1, this.size, "size");
    this.#within(first, 1, second, "earlier size");
    const path: Hash[] = [];
    let [start, end] = [0, second];
    let known = true; // the subtree in hand is the whole earlier tree, whose root the verifier has
    while (first !== end) {
      const middle = start + split(end - start);
      if (first <= middle) {
        path.push(bytesToHex(this.#range(middle, end)));
        end = middle;
      } else {
        path.push(bytesToHex(this.#range(start, middle)));
        start = middle;
        known = false;
      }
    }
    if (!known) path.push(bytesToHex(this.#range(start, end)));
    return path.reverse();
  }

  #push(hash: Uint8Array): this {
    let node = hash;
    for (let level = 0; ; level++) {
      let row = this.#levels[level];
      if (!row) {
        row = { bytes: new Uint8Array(SIZE * 4), count: 0 };
        this.#levels.push(row);
      }
      if (row.bytes.length === row.count * SIZE) {
        const grown = new Uint8Array(row.bytes.length * 2);
        grown.set(row.bytes);
        row.bytes = grown;
      }
      row.bytes.set(node, row.count * SIZE);
      row.count++;
      if (row.count % 2) return this;
      node = nodeHashBytes(this.#node(level, row.count - 2), node);
    }
  }

  #node(level: number, index: number): Uint8Array {
    const row = this.#levels[level];
    if (!row || index >= row.count) throw new BugError(`Merkle tree has no node ${index} at level ${level}.`);
    return row.bytes.subarray(index * SIZE, (index + 1) * SIZE);
  }

  /** Root over the leaves [start, end); `start` is a multiple of the largest power of two below the length, or of it. */
  #range(start: number, end: number): Uint8Array {
    const length = end - start;
    const level = log2(length);
    if (level >= 0) return this.#node(level, start / length);
    const middle = start + split(length);
    return nodeHashBytes(this.#range(start, middle), this.#range(middle, end));
  }

  #within(value: number, low: number, high: number, what: string): void {
    if (!Number.isSafeInteger(value) || value < low || value > high) {
      throw new InvalidInputError(
        `Merkle tree ${what} ${value} is outside ${low} to ${high} (the tree has ${this.size} leaves).`,
      );
    }
  }
}

/** What `verifyInclusion` decides on. */
export interface InclusionClaim {
  /** Position of the leaf, from 0. */
  readonly index: number;
  /** Number of leaves under the root. */
  readonly size: number;
  /** Leaf hash, i.e. `leafHash(data)`. */
  readonly leaf: Hash;
  readonly proof: readonly Hash[];
  readonly root: Hash;
}

/** True when the leaf stands at `index` of the tree with this root (RFC 9162, 2.1.3.2); false for anything malformed. */
export function verifyInclusion({ root, ...claim }: InclusionClaim): boolean {
  return isHash(root) && inclusionRoot(claim) === root;
}

/** The root that an inclusion proof leads to (RFC 9162, 2.1.3.2); undefined for anything malformed. */
export function inclusionRoot({ index, size, leaf, proof }: Omit<InclusionClaim, "root">): Hash | undefined {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(index) || index < 0 || index >= size) return undefined;
  if (!isHash(leaf) || !proof.every(isHash)) return undefined;
  let node: Uint8Array = hashBytes(leaf);
  let at = index;
  let last = size - 1;
  for (const step of proof) {
    if (last === 0) return undefined;
    const sibling = hashBytes(step);
    if (at % 2 === 1 || at === last) {
      node = nodeHashBytes(sibling, node);
      while (at % 2 === 0 && at !== 0) {
        at = half(at);
        last = half(last);
      }
    } else {
      node = nodeHashBytes(node, sibling);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 ? bytesToHex(node) : undefined;
}

/** What `verifyConsistency` decides on. */
export interface ConsistencyClaim {
  readonly first: number;
  readonly second: number;
  readonly firstRoot: Hash;
  readonly secondRoot: Hash;
  readonly proof: readonly Hash[];
}

/**
 * True when the tree of `second` leaves begins with the tree of `first` leaves, 1 <= first <= second (RFC 9162, 2.1.4.2).
 *
 * False for anything malformed, and for an empty first tree: that says nothing.
 */
export function verifyConsistency({ first, second, firstRoot, secondRoot, proof }: ConsistencyClaim): boolean {
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(second) || first < 1 || first > second) return false;
  if (!isHash(firstRoot) || !isHash(secondRoot) || !proof.every(isHash)) return false;
  if (first === second) return proof.length === 0 && firstRoot === secondRoot;
  if (proof.length === 0) return false;
  const path = proof.map(hashBytes);
  if (log2(first) >= 0) path.unshift(hashBytes(firstRoot));
  let at = first - 1;
  let last = second - 1;
  while (at % 2 === 1) {
    at = half(at);
    last = half(last);
  }
  let older = path[0] as Uint8Array;
  let newer = older;
  for (const step of path.slice(1)) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      older = nodeHashBytes(step, older);
      newer = nodeHashBytes(step, newer);
      while (at % 2 === 0 && at !== 0) {
        at = half(at);
        last = half(last);
      }
    } else {
      newer = nodeHashBytes(newer, step);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && equalBytes(older, hashBytes(firstRoot)) && equalBytes(newer, hashBytes(secondRoot));
}

/** Largest power of two below `length` (length >= 2). */
function split(length: number): number {
  let power = 1;
  while (power * 2 < length) power *= 2;
  return power;
}

/** Exponent of a power of two, -1 for other numbers (Math.log2 rounds near 2^53). */
function log2(value: number): number {
  let exponent = 0;
  let power = 1;
  while (power < value) {
    power *= 2;
    exponent++;
  }
  return power === value ? exponent : -1;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

/** Room for the prefix and a leaf of a tensor, used again and again: hashing is synchronous. */
const small = new Uint8Array(1 + 4096);

function leafHashBytes(data: Uint8Array): Uint8Array {
  const input = data.length < small.length ? small.subarray(0, 1 + data.length) : new Uint8Array(1 + data.length);
  input.set(data, 1);
  return sha256(input);
}

const pair = new Uint8Array(1 + 2 * SIZE);
pair[0] = 1;

function nodeHashBytes(left: Uint8Array, right: Uint8Array): Uint8Array {
  pair.set(left, 1);
  pair.set(right, 1 + SIZE);
  return sha256(pair);
}
