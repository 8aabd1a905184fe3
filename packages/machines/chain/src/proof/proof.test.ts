import { createMPT, createMerkleProof } from "@ethereumjs/mpt";
import { RLP } from "@ethereumjs/rlp";
import { bytesToHex, hexToBytes, type Hex, keccak256 } from "viem";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EMPTY_TRIE, IndexTrie, verifyIndex } from "./trie.ts";

const madeValue = (seed: number, bytes: number): Hex => {
  let text = "";
  for (let at: Hex = keccak256(`0x${seed.toString(16).padStart(8, "0")}`); text.length < 2 * bytes; at = keccak256(at))
    text += at.slice(2);
  return `0x${text.slice(0, 2 * bytes)}`;
};

describe("trie of a block's receipts, beside @ethereumjs/mpt", () => {
  test.each([1, 2, 3, 16, 17, 128, 129, 200])("%i entries: same root, every proof holds, both ways", async (count) => {
    for (const bytes of [2, 40]) {
      const values = Array.from({ length: count }, (_, index) => madeValue(index, bytes));
      const peer = await createMPT();
      for (const [index, value] of values.entries()) await peer.put(RLP.encode(index), hexToBytes(value));
      const trie = new IndexTrie(values);
      expect(trie.root).toBe(bytesToHex(peer.root()));
      for (let index = 0; index < count; index += count > 50 ? 41 : 1) {
        expect(verifyIndex(trie.root, index, trie.prove(index))).toBe(values[index]);
        const theirs = (await createMerkleProof(peer, RLP.encode(index))).map((node) => bytesToHex(node));
        expect(verifyIndex(trie.root, index, theirs)).toBe(values[index]);
        // With tiny values the peer lists nodes again that stand inside their parents.
        if (bytes >= 32) expect(trie.prove(index)).toEqual(theirs);
      }
    }
  });

  test("an empty block, and no entry where there is none", () => {
    expect(new IndexTrie([]).root).toBe(EMPTY_TRIE);
    const trie = new IndexTrie([madeValue(1, 40), madeValue(2, 40)]);
    expect(() => trie.prove(2)).toThrow(/has 2 entries/);
    expect(() => verifyIndex(trie.root, 2, trie.prove(1))).toThrow(/trie proof has/);
  });

  test("no altered proof shows another value", () => {
    const values = Array.from({ length: 40 }, (_, index) => madeValue(index, 40));
    const trie = new IndexTrie(values);
    const paths = values.map((_, index) => trie.prove(index));
    fc.assert(
      fc.property(fc.nat(39), fc.nat(10_000), fc.nat(3), (index, seed, how) => {
        const path = paths[index] as Hex[];
        const at = seed % path.length;
        const node = path[at] as Hex;
        const digit = 2 + (seed % (node.length - 2));
        const flipped = `${node.slice(0, digit)}${node[digit] === "0" ? "1" : "0"}${node.slice(digit + 1)}` as Hex;
        const forged = [
          path.with(at, flipped),
          path.slice(0, -1),
          paths[(index + 1 + (seed % 38)) % 40],
          path.with(at, "0x"),
        ][how] as Hex[];
        try {
          expect(verifyIndex(trie.root, index, forged)).toBe(values[index]);
        } catch (error) {
          expect(String(error)).toMatch(/trie proof has/);
        }
      }),
      { numRuns: 300 },
    );
  });
});
