import { InvalidInputError } from "@base/errors";
import { type Hash, hashBytes, isHash } from "./hash.ts";
import { leafHash, MerkleTree, verifyInclusion } from "./merkle.ts";

/** What a set of hashes is committed by: the RFC 6962 root over its sorted leaves, and how many there are. */
export interface SortedRoot {
  readonly root: Hash;
  /** Different hashes. */
  readonly size: number;
}

/** One leaf with its audit path. */
export interface SortedLeaf {
  readonly hash: Hash;
  /** How often the hash is in the set, 1 to 2^32 - 1. */
  readonly count: number;
  /** Position among the sorted leaves, from 0. */
  readonly index: number;
  readonly path: readonly Hash[];
}

/** `leaf` shows that a hash is in the set; `below` and `above`, neighbours in the tree, that it is not. */
export type SortedProof =
  | { readonly leaf: SortedLeaf }
  | { readonly below: SortedLeaf | null; readonly above: SortedLeaf | null };

/** What a proof shows, or why it shows nothing. */
export type SortedVerdict =
  | { readonly ok: true; readonly included: boolean; readonly count: number }
  | { readonly ok: false; readonly reason: string };

const MAX_COUNT = 2 ** 32 - 1;

/**
 * A set of hashes as a Merkle tree whose leaves ascend, so that absence can be proved as well as presence: the two
 * neighbours of the gap stand side by side. A leaf is the hash and, as four bytes big-endian, how often it is there.
 *
 * Whoever builds a tree out of order could hide a leaf: the order is checked by whoever has all hashes, or trusted.
 */
export class SortedTree {
  readonly #hashes: readonly Hash[];
  readonly #counts: readonly number[];
  readonly #tree: MerkleTree;

  constructor(hashes: Iterable<Hash>) {
    const sorted = [...hashes].sort();
    const [distinct, counts]: [Hash[], number[]] = [[], []];
    for (const hash of sorted) {
      if (!isHash(hash)) throw new InvalidInputError(`a set of hashes cannot hold ${JSON.stringify(hash)}`);
      if (distinct.at(-1) === hash) counts[counts.length - 1] = (counts.at(-1) as number) + 1;
      else {
        distinct.push(hash);
        counts.push(1);
      }
    }
    this.#hashes = distinct;
    this.#counts = counts;
    this.#tree = MerkleTree.fromHashes(distinct.map((hash, index) => leafOf(hash, counts[index] as number)));
  }

  get size(): number {
    return this.#hashes.length;
  }

  get root(): Hash {
    return this.#tree.root();
  }

  /** Proof that a hash is in the set, or that it is not. */
  prove(hash: Hash): SortedProof {
    let [low, high] = [0, this.size];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#hashes[middle] as Hash) < hash) low = middle + 1;
      else high = middle;
    }
    if (this.#hashes[low] === hash) return { leaf: this.#leaf(low) };
    return {
      below: low === 0 ? null : this.#leaf(low - 1),
      above: low === this.size ? null : this.#leaf(low),
    };
  }

  #leaf(index: number): SortedLeaf {
    return {
      hash: this.#hashes[index] as Hash,
      count: this.#counts[index] as number,
      index,
      path: this.#tree.inclusionProof(index),
    };
  }
}

/** Root over the set without building a tree that is kept. */
export function sortedRoot(hashes: Iterable<Hash>): SortedRoot {
  const tree = new SortedTree(hashes);
  return { root: tree.root, size: tree.size };
}

/** Whether a proof shows that `hash` is, or is not, in the set of this root and size; never throws. */
export function verifySorted(set: SortedRoot, hash: Hash, proof: SortedProof): SortedVerdict {
  const no = (reason: string): SortedVerdict => ({ ok: false, reason });
  if (!isHash(hash) || !isHash(set.root) || !Number.isSafeInteger(set.size) || set.size < 0) return no("malformed set");
  if (typeof proof !== "object" || proof === null) return no("malformed proof");
  if ("leaf" in proof) {
    const trouble = leafTrouble(set, proof.leaf);
    if (trouble) return no(trouble);
    return proof.leaf.hash === hash
      ? { ok: true, included: true, count: proof.leaf.count }
      : no("leaf of another hash");
  }
  const { below, above } = proof;
  for (const leaf of [below, above]) {
    const trouble = leaf === null ? undefined : leafTrouble(set, leaf);
    if (trouble) return no(trouble);
  }
  if (below !== null && below.hash >= hash) return no("lower neighbour is not below");
  if (above !== null && above.hash <= hash) return no("upper neighbour is not above");
  const [low, high] = [below === null ? -1 : below.index, above === null ? set.size : above.index];
  if (high !== low + 1) return no("neighbours with a gap");
  return { ok: true, included: false, count: 0 };
}

function leafTrouble({ root, size }: SortedRoot, leaf: SortedLeaf): string | undefined {
  if (typeof leaf !== "object" || leaf === null || !isHash(leaf.hash) || !Array.isArray(leaf.path))
    return "malformed leaf";
  const { hash, count, index, path } = leaf;
  if (!Number.isSafeInteger(count) || count < 1 || count > MAX_COUNT) return "malformed count";
  const proven = verifyInclusion({ index, size, leaf: leafOf(hash, count), proof: path, root });
  return proven ? undefined : "leaf is not under the root";
}

function leafOf(hash: Hash, count: number): Hash {
  const bytes = new Uint8Array(36);
  bytes.set(hashBytes(hash));
  new DataView(bytes.buffer).setUint32(32, count);
  return leafHash(bytes);
}
