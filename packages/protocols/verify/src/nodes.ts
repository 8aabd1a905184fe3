import type { Hash } from "@base/bytes/hash.ts";
import { MerkleTree, merkleRootOfHashes } from "@base/bytes/merkle.ts";

/** Up to this many leaves are given in one move. Twin of `Nodes.sol`. */
export const FLAT = 64;
const FAN = 16;

/** Leaves below each child but the last of a node above `count` leaves. */
export function childWidth(count: number): number {
  let width = 1;
  if (count <= FLAT) return width;
  while (Math.ceil(count / width) > FAN) width *= 2;
  return width;
}

/** The children of the node above these leaves, in order. */
export function childrenOf(leaves: readonly Hash[]): Hash[] {
  const width = childWidth(leaves.length);
  const children: Hash[] = [];
  for (let from = 0; from < leaves.length; from += width)
    children.push(merkleRootOfHashes(leaves.slice(from, from + width)));
  return children;
}

/** Path of child `index` below their common node, lowest level first. */
export function childPath(children: readonly Hash[], index: number): Hash[] {
  return MerkleTree.fromHashes(children).inclusionProof(index);
}

/** Index of the first entry that differs, or -1. */
export function firstDifference(theirs: readonly Hash[], own: readonly Hash[]): number {
  return theirs.findIndex((hash, index) => hash !== own[index]);
}

/** Children of a node of the defender's trace, as they were given in one move. */
export interface Post {
  readonly first: number;
  readonly count: number;
  readonly nodes: readonly Hash[];
}

/**
 * Path of leaf `index` in the defender's trace of `own.length` leaves: what was posted on the way down, and below that
 * this player's own leaves, which are the defender's wherever no post went deeper.
 */
export function pathIn(own: readonly Hash[], posts: readonly Post[], index: number): Hash[] {
  const path: Hash[] = [];
  let [start, end] = [0, own.length];
  while (end - start > 1) {
    let middle = 1;
    while (middle * 2 < end - start) middle *= 2;
    middle += start;
    if (index < middle) {
      path.push(rangeOf(own, posts, middle, end));
      end = middle;
    } else {
      path.push(rangeOf(own, posts, start, middle));
      start = middle;
    }
  }
  return path.reverse();
}

function rangeOf(own: readonly Hash[], posts: readonly Post[], start: number, end: number): Hash {
  for (const { first, count, nodes } of posts) {
    const width = childWidth(count);
    const last = first + count;
    const aligned = (start - first) % width === 0 && ((end - first) % width === 0 || end === last);
    if (start >= first && end <= last && aligned)
      return merkleRootOfHashes(nodes.slice((start - first) / width, Math.ceil((end - first) / width)));
  }
  return merkleRootOfHashes(own.slice(start, end));
}
