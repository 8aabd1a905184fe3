import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
// @ts-expect-error a plain script without types
import { solidity } from "../test/makeVectors.mjs";
import vectors from "../test/vectors.json" with { type: "json" };
import type { Hash } from "./hash.ts";
import { hexToBytes } from "./hex.ts";
import {
  EMPTY_ROOT,
  leafHash,
  MerkleBuilder,
  MerkleTree,
  merkleRoot,
  merkleRootOfHashes,
  nodeHash,
  verifyConsistency,
  verifyInclusion,
} from "./merkle.ts";

const published = vectors.leaves.map(hexToBytes);

/** RFC 6962, section 2.1, word by word. */
function reference(leaves: readonly Uint8Array[]): Hash {
  if (leaves.length === 0) return EMPTY_ROOT;
  if (leaves.length === 1) return leafHash(leaves[0] as Uint8Array);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(reference(leaves.slice(0, k)), reference(leaves.slice(k)));
}

/** The hash with one bit turned. */
function flipped(hash: Hash, bit: number): Hash {
  const value = BigInt(hash) ^ (1n << BigInt(bit % 256));
  return `0x${value.toString(16).padStart(64, "0")}`;
}

const someLeaves = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 80 });

describe("published vectors", () => {
  test("roots", () => {
    expect(EMPTY_ROOT).toBe(vectors.roots[0]);
    const tree = MerkleTree.fromLeaves(published);
    vectors.roots.forEach((root, n) => {
      expect(merkleRoot(published.slice(0, n))).toBe(root);
      expect(tree.root(n)).toBe(root);
    });
  });

  test.each(vectors.inclusion)("inclusion $name", (c) => {
    const claim = { ...c, leaf: c.leaf as Hash, root: c.root as Hash, proof: c.proof as Hash[] };
    expect(verifyInclusion(claim)).toBe(c.valid);
    if (!c.valid || !vectors.roots.includes(c.root)) return;
    expect(MerkleTree.fromLeaves(published).inclusionProof(c.index, c.size)).toEqual(c.proof);
  });

  test.each(vectors.consistency)("consistency $name", (c) => {
    const claim = { ...c, firstRoot: c.firstRoot as Hash, secondRoot: c.secondRoot as Hash, proof: c.proof as Hash[] };
    expect(verifyConsistency(claim)).toBe(c.valid);
    if (!c.valid || !vectors.roots.includes(c.secondRoot)) return;
    expect(MerkleTree.fromLeaves(published).consistencyProof(c.first, c.second)).toEqual(c.proof);
  });

  test("the Solidity file holds the same cases", () => {
    const file = new URL("../contracts/MerkleVectors.t.sol", import.meta.url);
    expect(readFileSync(file, "utf8")).toBe(solidity());
  });
});

describe("any tree", () => {
  test("builder, tree and definition agree", () => {
    fc.assert(
      fc.property(someLeaves, (leaves) => {
        const root = reference(leaves);
        const builder = new MerkleBuilder();
        for (const leaf of leaves) builder.append(leaf);
        expect(builder.size).toBe(leaves.length);
        expect(builder.root()).toBe(root);
        expect(MerkleTree.fromLeaves(leaves).root()).toBe(root);
        expect(merkleRootOfHashes(leaves.map(leafHash))).toBe(root);
      }),
      { numRuns: 60 },
    );
  });

  test("a root can be asked between appends", () => {
    const builder = new MerkleBuilder();
    published.forEach((leaf, i) => {
      expect(builder.root()).toBe(vectors.roots[i]);
      builder.append(leaf);
    });
  });

  test("every leaf of every size up to 40 is proven", () => {
    const leaves = Array.from({ length: 40 }, (_, i) => Uint8Array.of(i));
    const tree = MerkleTree.fromLeaves(leaves);
    for (let size = 1; size <= 40; size++) {
      const root = reference(leaves.slice(0, size));
      for (let index = 0; index < size; index++) {
        const proof = tree.inclusionProof(index, size);
        expect(verifyInclusion({ index, size, leaf: tree.leaf(index), proof, root })).toBe(true);
      }
    }
  });

  test("every pair of sizes up to 40 is consistent", () => {
    const tree = MerkleTree.fromLeaves(Array.from({ length: 40 }, (_, i) => Uint8Array.of(i)));
    for (let second = 1; second <= 40; second++) {
      for (let first = 1; first <= second; first++) {
        const claim = { first, second, firstRoot: tree.root(first), secondRoot: tree.root(second) };
        expect(verifyConsistency({ ...claim, proof: tree.consistencyProof(first, second) })).toBe(true);
      }
    }
  });

  test("a claim with one thing changed is refused", () => {
    fc.assert(
      fc.property(someLeaves, fc.nat(), fc.nat(255), fc.nat(), (leaves, at, bit, step) => {
        const tree = MerkleTree.fromLeaves(leaves);
        const index = at % leaves.length;
        const proof = tree.inclusionProof(index);
        const claim = { index, size: leaves.length, leaf: tree.leaf(index), proof, root: tree.root() };
        expect(verifyInclusion(claim)).toBe(true);
        expect(verifyInclusion({ ...claim, leaf: flipped(claim.leaf, bit) })).toBe(false);
        expect(verifyInclusion({ ...claim, root: flipped(claim.root, bit) })).toBe(false);
        expect(verifyInclusion({ ...claim, proof: [...proof, claim.root] })).toBe(false);
        expect(verifyInclusion({ ...claim, index: leaves.length })).toBe(false);
        expect(verifyInclusion({ ...claim, index: -1 })).toBe(false);
        if (proof.length === 0) return;
        const changed = proof.with(step % proof.length, flipped(proof[step % proof.length] as Hash, bit));
        expect(verifyInclusion({ ...claim, proof: changed })).toBe(false);
        expect(verifyInclusion({ ...claim, proof: proof.slice(1) })).toBe(false);
        if (index % 2 === 0 && index + 1 < leaves.length) {
          expect(verifyInclusion({ ...claim, index: index + 1 })).toBe(tree.leaf(index) === tree.leaf(index + 1));
        }
      }),
      { numRuns: 100 },
    );
  });

  test("malformed hashes and numbers are refused, not thrown", () => {
    const tree = MerkleTree.fromLeaves(published);
    const claim = { index: 0, size: 8, leaf: tree.leaf(0), proof: tree.inclusionProof(0), root: tree.root() };
    for (const bad of ["", "0x", "0x00", claim.root.toUpperCase(), `${claim.root}00`] as Hash[]) {
      expect(verifyInclusion({ ...claim, root: bad })).toBe(false);
      expect(verifyInclusion({ ...claim, leaf: bad, root: bad, size: 1, proof: [] })).toBe(false);
      expect(verifyInclusion({ ...claim, proof: [bad] })).toBe(false);
    }
    expect(verifyInclusion({ ...claim, index: 0.5 })).toBe(false);
    expect(verifyInclusion({ ...claim, size: 2 ** 60 })).toBe(false);
    expect(verifyConsistency({ first: 0, second: 8, firstRoot: EMPTY_ROOT, secondRoot: tree.root(), proof: [] })).toBe(
      false,
    );
  });

  test("asking outside the tree names the bounds", () => {
    const tree = MerkleTree.fromLeaves(published);
    expect(() => tree.inclusionProof(8)).toThrow(/index 8 is outside 0 to 7/);
    expect(() => tree.root(9)).toThrow(/size 9 is outside 0 to 8/);
    expect(() => tree.consistencyProof(0)).toThrow(/earlier size 0 is outside 1 to 8/);
  });
});
