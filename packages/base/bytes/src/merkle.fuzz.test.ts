import { type SolidityTwin, solidityTwin } from "@base/testkit/solidity.ts";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Hash } from "./hash.ts";
import { bytesToHex } from "./hex.ts";
import { leafHash, MerkleTree, nodeHash, verifyInclusion } from "./merkle.ts";

const source = `
pragma solidity ^0.8.24;
import {Merkle} from "@base/bytes/contracts/Merkle.sol";
contract Twin {
    function leafHash(bytes calldata data) external pure returns (bytes32) { return Merkle.leafHash(data); }
    function nodeHash(bytes32 left, bytes32 right) external pure returns (bytes32) { return Merkle.nodeHash(left, right); }
    function verifyInclusion(bytes32 root, uint256 size, uint256 index, bytes32 leaf, bytes32[] calldata proof)
        external view returns (bool) { return Merkle.verifyInclusion(root, size, index, leaf, proof); }
}`;

let twin: SolidityTwin;
beforeAll(async () => {
  twin = await solidityTwin(source, "Twin");
});
afterAll(() => twin?.close());

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytesToHex(bytes) as Hash);

test("leaf and node hashes are the same in TypeScript and Solidity", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), hash, hash, async (data, left, right) => {
      expect(await twin.call("leafHash", [bytesToHex(data)])).toBe(leafHash(data));
      expect(await twin.call("nodeHash", [left, right])).toBe(nodeHash(left, right));
    }),
    { numRuns: 50 },
  );
});

test("both verifiers agree on true proofs and on bent ones", async () => {
  let accepted = 0;
  const bends = ["none", "index", "size", "leaf", "root", "drop", "add", "swap"] as const;
  const input = fc.tuple(fc.integer({ min: 1, max: 300 }), fc.nat(), fc.constantFrom(...bends), fc.nat(600), hash);
  await fc.assert(
    fc.asyncProperty(input, async ([size, at, bend, number, other]) => {
      const tree = MerkleTree.fromLeaves(Array.from({ length: size }, (_, i) => Uint8Array.of(i, i >> 8)));
      const index = at % size;
      const proof = tree.inclusionProof(index);
      const claim = { index, size, leaf: tree.leaf(index), proof, root: tree.root() };
      if (bend === "index") claim.index = number;
      if (bend === "size") claim.size = number;
      if (bend === "leaf") claim.leaf = other;
      if (bend === "root") claim.root = other;
      if (bend === "drop") claim.proof = proof.slice(0, -1);
      if (bend === "add") claim.proof = [...proof, other];
      if (bend === "swap") claim.proof = proof.toReversed();
      const own = verifyInclusion(claim);
      accepted += Number(own);
      const args = [claim.root, BigInt(claim.size), BigInt(claim.index), claim.leaf, claim.proof];
      expect(await twin.call("verifyInclusion", args)).toBe(own);
      if (bend === "none") expect(own).toBe(true);
    }),
    { numRuns: 300 },
  );
  expect(accepted).toBeGreaterThan(10);
});
