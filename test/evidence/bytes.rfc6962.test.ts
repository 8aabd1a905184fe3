// All published RFC 6962 cases, from a folder outside the repository: ASSAY_EVIDENCE (default ../shared).
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { Hash } from "../../packages/base/bytes/src/hash.ts";
import { bytesToHex, hexToBytes } from "../../packages/base/bytes/src/hex.ts";
import { merkleRoot, verifyConsistency, verifyInclusion } from "../../packages/base/bytes/src/merkle.ts";

const file = resolve(process.env["ASSAY_EVIDENCE"] ?? "../shared", "vectors/rfc6962-merkle.json");
const present = existsSync(file);
if (!present) console.log(`skipped: ${file} is not there (set ASSAY_EVIDENCE to a folder that holds vectors/)`);

interface Vectors {
  leaves: string[];
  roots: string[];
  inclusion: {
    id: string;
    leafIdx: number;
    treeSize: number;
    root: string;
    leafHash: string;
    proof: string[] | null;
    wantErr: boolean;
  }[];
  consistency: {
    id: string;
    size1: number;
    size2: number;
    root1: string;
    root2: string;
    proof: string[] | null;
    wantErr: boolean;
  }[];
}

const hex = (base64: string) => bytesToHex(Buffer.from(base64, "base64")) as Hash;

describe.skipIf(!present)("RFC 6962 vectors", () => {
  const vectors: Vectors = present
    ? JSON.parse(readFileSync(file, "utf8"))
    : { leaves: [], roots: [], inclusion: [], consistency: [] };

  test("roots", () => {
    const leaves = vectors.leaves.map((leaf) => hexToBytes(`0x${leaf}`));
    expect(vectors.roots).toHaveLength(9);
    vectors.roots.forEach((root, n) => {
      expect(merkleRoot(leaves.slice(0, n))).toBe(`0x${root}`);
    });
  });

  test("inclusion", () => {
    const wrong = vectors.inclusion.filter((c) => {
      const proof = (c.proof ?? []).map(hex);
      const claim = { index: c.leafIdx, size: c.treeSize, leaf: hex(c.leafHash), root: hex(c.root), proof };
      return verifyInclusion(claim) === c.wantErr;
    });
    expect(vectors.inclusion).toHaveLength(98);
    expect(wrong.map((c) => c.id)).toEqual([]);
  });

  test("consistency", () => {
    const wrong = vectors.consistency.filter((c) => {
      const proof = (c.proof ?? []).map(hex);
      const claim = { first: c.size1, second: c.size2, firstRoot: hex(c.root1), secondRoot: hex(c.root2), proof };
      return verifyConsistency(claim) === c.wantErr;
    });
    expect(vectors.consistency).toHaveLength(98);
    // The one published case that is refused here and accepted there has two equal "roots" of 12 bytes: no SHA-256.
    expect(wrong.map((c) => c.id)).toEqual(["consistency/additional/sizes-are-equal-one-and-proof-is-empty"]);
  });
});
