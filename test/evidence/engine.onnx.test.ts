// The shared ONNX node cases, from a folder outside the repository: ASSAY_EVIDENCE (default ../shared).
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { scoreAll, tally } from "../../packages/machines/engine/test/onnxScoreboard.ts";

const archive = resolve(process.env.ASSAY_EVIDENCE ?? "../shared", "data/onnx-node/onnx-node-shared.tar.gz");
const present = existsSync(archive);
if (!present) console.log(`skipped: ${archive} is not there (set ASSAY_EVIDENCE to a folder that holds data/)`);

/** Cases that passed when this number was last raised; it never goes down. */
const PASSED = 1415;

describe.skipIf(!present)("ONNX node cases", () => {
  test("none is answered wrongly, and no fewer pass than before", () => {
    const folder = mkdtempSync(join(tmpdir(), "assay-onnx-"));
    try {
      execFileSync("tar", ["xzf", archive, "-C", folder]);
      const results = scoreAll(join(folder, "node"));
      const counts = tally(results);
      expect(counts.cases).toBe(1442);
      expect(results.filter(({ outcome }) => outcome === "wrong")).toEqual([]);
      expect(counts.passed).toBeGreaterThanOrEqual(PASSED);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
