import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { scoreAll, tally } from "../test/onnxScoreboard.ts";
import type { BenchLine } from "./matmul.bench.ts";

/** ONNX node cases that pass and that are answered wrongly; no lines when the cases are not there (ASSAY_EVIDENCE). */
export async function run(): Promise<BenchLine[]> {
  const archive = resolve(process.env.ASSAY_EVIDENCE ?? "../shared", "data/onnx-node/onnx-node-shared.tar.gz");
  if (!existsSync(archive)) return [];
  const folder = mkdtempSync(join(tmpdir(), "assay-onnx-"));
  try {
    execFileSync("tar", ["xzf", archive, "-C", folder]);
    const { cases, passed, wrong } = tally(scoreAll(join(folder, "node")));
    return [
      { bench: "engine.onnx.passed", value: passed, unit: `of ${cases} cases` },
      { bench: "engine.onnx.wrong", value: wrong, unit: "cases" },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
