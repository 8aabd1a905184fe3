// Published subtree proofs of the C2SP log drafts, from a folder outside the repository: ASSAY_EVIDENCE (default ../shared).
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { Hash } from "../../packages/base/bytes/src/hash.ts";
import { bytesToHex } from "../../packages/base/bytes/src/hex.ts";
import { verifySubtreeConsistency, verifySubtreeInclusion } from "../../packages/machines/log/src/subtree.ts";

const file = resolve(process.env["ASSAY_EVIDENCE"] ?? "../shared", "vectors/tlog-subtree.json");
const present = existsSync(file);
if (!present) console.log(`skipped: ${file} is not there (set ASSAY_EVIDENCE to a folder that holds vectors/)`);

interface Case {
  readonly id: string;
  readonly start: number;
  readonly end: number;
  readonly proof: string[] | null;
  readonly wantErr: boolean;
}
interface Vectors {
  readonly cases: {
    readonly subtreeinclusion: (Case & { leafIdx: number; root: string; leafHash: string })[];
    readonly subtreeconsistency: (Case & { size: number; root1: string; root2: string })[];
  };
}

const hex = (base64: string) => bytesToHex(Buffer.from(base64, "base64")) as Hash;

describe.skipIf(!present)("subtree vectors", () => {
  const { cases }: Vectors = present
    ? JSON.parse(readFileSync(file, "utf8"))
    : { cases: { subtreeinclusion: [], subtreeconsistency: [] } };

  test("inclusion", () => {
    const wrong = cases.subtreeinclusion.filter(({ leafIdx, start, end, root, leafHash, proof, wantErr }) => {
      const claim = { index: leafIdx, start, end, leaf: hex(leafHash), root: hex(root), proof: (proof ?? []).map(hex) };
      return verifySubtreeInclusion(claim) === wantErr;
    });
    expect(cases.subtreeinclusion).toHaveLength(204);
    expect(wrong.map(({ id }) => id)).toEqual([]);
  });

  test("consistency", () => {
    // Stricter than the vectors on purpose: an empty subtree proves nothing, and a root has 32 bytes.
    const refused = cases.subtreeconsistency.filter(
      ({ start, end, root1, wantErr }) => !wantErr && (start === end || Buffer.from(root1, "base64").length !== 32),
    );
    expect(refused).toHaveLength(7);
    const wrong = cases.subtreeconsistency.filter((one) => {
      const { start, end, size, root1, root2, proof, wantErr } = one;
      const claim = { start, end, size, subtreeRoot: hex(root1), root: hex(root2), proof: (proof ?? []).map(hex) };
      return verifySubtreeConsistency(claim) === (wantErr || refused.includes(one));
    });
    expect(cases.subtreeconsistency).toHaveLength(118);
    expect(wrong.map(({ id }) => id)).toEqual([]);
  });
});
