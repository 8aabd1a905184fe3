import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The loop on a fresh folder, as `npm start -- --once --json` runs it: seconds in total and by phase; no peer does this job. */
export async function run() {
  const dir = mkdtempSync(join(tmpdir(), "assay-bench-"));
  try {
    const args = ["tools/assay.mjs", "up", "--once", "--json", "--dir", dir, "--port", "0"];
    const { totalMs, memoryMb, phases, verified } = JSON.parse(
      execFileSync(process.execPath, args, { encoding: "utf8" }),
    );
    if (!verified) throw new Error("the loop did not verify");
    const line = (bench: string, value: number, unit: string) => ({ bench, value, unit, against: null, ratio: null });
    return [
      line("loop.total", totalMs / 1000, "s"),
      line("loop.memory", memoryMb, "MB"),
      ...Object.entries(phases as Record<string, number>).map(([name, ms]) => line(`loop.${name}`, ms / 1000, "s")),
    ];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
