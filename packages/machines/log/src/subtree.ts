import { type Hash, isHash } from "@base/bytes/hash.ts";
import { nodeHash, verifyInclusion } from "@base/bytes/merkle.ts";

/** A claim that a record stands in the leaves [start, end) of a log. */
export interface SubtreeInclusion {
  /** Position of the record in the log. */
  readonly index: number;
  readonly start: number;
  readonly end: number;
  readonly leaf: Hash;
  readonly proof: readonly Hash[];
  /** Root over the leaves [start, end). */
  readonly root: Hash;
}

/** A claim that the leaves [start, end) with one root are those of a log of `size` leaves with another. */
export interface SubtreeConsistency {
  readonly start: number;
  readonly end: number;
  readonly size: number;
  readonly subtreeRoot: Hash;
  readonly root: Hash;
  readonly proof: readonly Hash[];
}

/** True when [start, end) is a subtree of an RFC 6962 tree: `start` is a multiple of the power of two that holds its length. */
export function isSubtree(start: number, end: number): boolean {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || start >= end) return false;
  let width = 1;
  while (width < end - start) width *= 2;
  return start % width === 0;
}

/** True when the record stands in the subtree (merkle-tree-certs draft, subtree inclusion proofs); false for anything malformed. */
export function verifySubtreeInclusion({ index, start, end, leaf, proof, root }: SubtreeInclusion): boolean {
  return isSubtree(start, end) && verifyInclusion({ index: index - start, size: end - start, leaf, proof, root });
}

/**
 * True when the subtree belongs to the tree (merkle-tree-certs draft, subtree consistency proofs); false for anything
 * malformed. With `start` 0 it is an RFC 9162 consistency proof.
 */
export function verifySubtreeConsistency(claim: SubtreeConsistency): boolean {
  const { start, end, size, subtreeRoot, root, proof } = claim;
  if (!Number.isSafeInteger(size) || end > size || !isSubtree(start, end)) return false;
  if (!isHash(root) || !isHash(subtreeRoot) || !proof.every(isHash)) return false;
  let [first, last, top] = [start, end - 1, size - 1];
  const up = () => {
    first = half(first);
    last = half(last);
    top = half(top);
  };
  // The lowest level at which the subtree's last node is whole: below it, both trees have the same nodes.
  if (last === top) while (first !== last) up();
  else while (first !== last && last % 2 === 1) up();
  const path = [...proof];
  const begin = first === last ? subtreeRoot : path.shift();
  if (begin === undefined) return false;
  let inner: Hash = begin;
  let outer: Hash = begin;
  for (const hash of path) {
    if (top === 0) return false;
    if (last % 2 === 1 || last === top) {
      if (first < last) inner = nodeHash(hash, inner);
      outer = nodeHash(hash, outer);
      while (last % 2 === 0 && last !== 0) up();
    } else {
      outer = nodeHash(outer, hash);
    }
    up();
  }
  return top === 0 && inner === subtreeRoot && outer === root;
}

function half(value: number): number {
  return Math.floor(value / 2);
}
