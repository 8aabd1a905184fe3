import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Hash, sha256Hex } from "./hash.ts";
import { utf8 } from "./hex.ts";
import { EMPTY_ROOT } from "./merkle.ts";
import { type SortedLeaf, type SortedProof, SortedTree, verifySorted } from "./sortedTree.ts";

const hashOf = (n: number): Hash => sha256Hex(utf8(String(n)));
const members = fc.array(fc.integer({ min: 0, max: 60 }).map(hashOf), { maxLength: 40 });
const setOf = ({ root, size }: SortedTree) => ({ root, size });

describe("sorted tree", () => {
  test("says of any hash whether it is in the set, and how often", () => {
    fc.assert(
      fc.property(members, fc.integer({ min: 0, max: 60 }).map(hashOf), (hashes, hash) => {
        const tree = new SortedTree(hashes);
        const count = hashes.filter((one) => one === hash).length;
        expect(verifySorted(setOf(tree), hash, tree.prove(hash))).toEqual({ ok: true, included: count > 0, count });
      }),
    );
  });

  test("the order of the hashes does not matter, one more or fewer of a hash does", () => {
    fc.assert(
      fc.property(members, (hashes) => {
        const root = new SortedTree(hashes).root;
        expect(new SortedTree([...hashes].reverse()).root).toBe(root);
        if (hashes.length > 0) expect(new SortedTree([...hashes, hashes[0] as Hash]).root).not.toBe(root);
      }),
    );
  });

  test("the empty set holds nothing, and both ends have one neighbour", () => {
    const empty = new SortedTree([]);
    expect(setOf(empty)).toEqual({ root: EMPTY_ROOT, size: 0 });
    expect(verifySorted(setOf(empty), hashOf(1), empty.prove(hashOf(1)))).toEqual({
      ok: true,
      included: false,
      count: 0,
    });
    const tree = new SortedTree([hashOf(1), hashOf(2), hashOf(3)]);
    const [first, last] = [`0x${"00".repeat(32)}`, `0x${"ff".repeat(32)}`] as const;
    expect(tree.prove(first)).toMatchObject({ below: null, above: { index: 0 } });
    expect(tree.prove(last)).toMatchObject({ below: { index: 2 }, above: null });
    expect(verifySorted(setOf(tree), first, tree.prove(first))).toMatchObject({ ok: true, included: false });
    expect(verifySorted(setOf(tree), last, tree.prove(last))).toMatchObject({ ok: true, included: false });
  });

  test("no altered proof shows anything, and none turns yes into no", () => {
    const leafOf = (proof: SortedProof) => ("leaf" in proof ? proof.leaf : (proof.below ?? proof.above)) as SortedLeaf;
    fc.assert(
      fc.property(
        members,
        fc.integer({ min: 0, max: 60 }).map(hashOf),
        fc.nat(6),
        fc.nat(39),
        (hashes, hash, how, at) => {
          const tree = new SortedTree(hashes);
          const honest = hashes.includes(hash);
          const proof = tree.prove(hash);
          const other = hashes.length > 0 ? tree.prove(hashes[at % hashes.length] as Hash) : proof;
          const leaf = leafOf(other);
          const forged: SortedProof[] = [
            { below: null, above: null },
            { below: leaf ?? null, above: null },
            { below: null, above: leaf ?? null },
            { leaf: { ...leaf, hash } },
            { leaf: { ...leaf, index: (leaf?.index ?? 0) + 1 } },
            { leaf: { ...leaf, count: (leaf?.count ?? 0) + 1 } },
            { below: leaf ?? null, above: leaf ?? null },
          ];
          const verdict = verifySorted(setOf(tree), hash, forged[how] as SortedProof);
          if (verdict.ok) expect(verdict.included).toBe(honest);
          if (verdict.ok && honest) expect(verdict.count).toBe(hashes.filter((one) => one === hash).length);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("forgeries are named", () => {
    const tree = new SortedTree([1, 2, 3, 4, 5].map(hashOf));
    const sorted = [1, 2, 3, 4, 5].map(hashOf).sort();
    const leaf = (index: number) => (tree.prove(sorted[index] as Hash) as { leaf: SortedLeaf }).leaf;
    const inside = sorted[2] as Hash;
    const say = (proof: unknown, set = setOf(tree)) => verifySorted(set, inside, proof as SortedProof);
    expect(say({ below: leaf(1), above: leaf(3) })).toEqual({ ok: false, reason: "neighbours with a gap" });
    expect(say({ below: leaf(2), above: leaf(3) })).toEqual({ ok: false, reason: "lower neighbour is not below" });
    expect(say({ below: leaf(1), above: leaf(2) })).toEqual({ ok: false, reason: "upper neighbour is not above" });
    expect(say({ below: leaf(4), above: null })).toMatchObject({ ok: false });
    expect(say({ leaf: leaf(1) })).toEqual({ ok: false, reason: "leaf of another hash" });
    expect(say({ leaf: { ...leaf(2), path: leaf(2).path.slice(1) } })).toEqual({
      ok: false,
      reason: "leaf is not under the root",
    });
    expect(say({ below: leaf(4), above: null }, { ...setOf(tree), size: 3 })).toMatchObject({ ok: false });
    for (const junk of [
      null,
      1,
      {},
      { leaf: null },
      { leaf: { hash: inside, count: 0, index: 0, path: [] } },
      { below: {}, above: null },
    ])
      expect(say(junk).ok).toBe(false);
  });
});
