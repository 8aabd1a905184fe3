import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("hashRun.ts", import.meta.url));
const COMPILERS = [[], ["--liftoff-only"], ["--no-liftoff"], ["--no-wasm-tier-up"]];
const PROCESSORS = [["--no-enable-fma3"], ["--no-enable-avx", "--no-enable-avx2", "--no-enable-fma3"]];
const x64 = process.arch === "x64";

async function hashes(flags: readonly string[]): Promise<Record<string, string>> {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, "--no-warnings", script]);
  return JSON.parse(stdout) as Record<string, string>;
}

test("training, decisions, operators, int8 and threads give the same bits under every compiler and processor setting", async () => {
  const settings = [...COMPILERS, ...(x64 ? PROCESSORS : [])];
  const relaxed = new Set<string>();
  let first: Record<string, string> | undefined;
  for (const flags of settings) {
    const { relaxed: control, ...strict } = await hashes(flags);
    relaxed.add(control as string);
    first ??= strict;
    expect(strict["network on 4"], flags.join(" ")).toBe(strict["network on 1"]);
    expect(strict, flags.join(" ")).toEqual(first);
  }
  // The control proves that the settings reach the compiler: a fused multiply-add must tell them apart.
  if (x64) expect(relaxed.size).toBe(2);
}, 240_000);
