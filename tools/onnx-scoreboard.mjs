// Runs the shared ONNX node cases and writes docs/onnx.md. `--json` prints the counts only, `--check` fails when the page is old.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { formatPage, scoreAll, tally } from "../packages/machines/engine/test/onnxScoreboard.ts";

const archive = resolve(process.env.ASSAY_EVIDENCE ?? "../shared", "data/onnx-node/onnx-node-shared.tar.gz");
const page = fileURLToPath(new URL("../docs/onnx.md", import.meta.url));

if (!existsSync(archive)) {
  console.log(`skipped: ${archive} is not there (set ASSAY_EVIDENCE to a folder that holds data/)`);
  process.exit(0);
}
const folder = mkdtempSync(join(tmpdir(), "assay-onnx-"));
try {
  execFileSync("tar", ["xzf", archive, "-C", folder]);
  const results = scoreAll(join(folder, "node"));
  const counts = tally(results);
  console.log(
    process.argv.includes("--json")
      ? JSON.stringify(counts)
      : `passed ${counts.passed}, refused ${counts.refused}, wrong ${counts.wrong}`,
  );
  for (const { name, outcome, why } of results) if (outcome === "wrong") console.log(`${name}: ${why}`);
  const text = formatPage(results);
  if (process.argv.includes("--check")) {
    if (!existsSync(page) || readFileSync(page, "utf8") !== text) {
      console.log("docs/onnx.md is old: run node tools/onnx-scoreboard.mjs");
      process.exitCode = 1;
    }
  } else writeFileSync(page, text);
  if (counts.wrong > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
