#!/usr/bin/env node
// Everything that can be checked without running the product. `npm run check`, and the first half of the tests.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { bootstrap, root } from "./bootstrap.mjs";

const node = bootstrap();
const bin = join(root, "node_modules", ".bin");
const env = { ...process.env, PATH: `${dirname(node)}:${bin}:${process.env.PATH}` };

/** [name, command, arguments]; each runs in the repository's root and fails by its exit code. */
export const checks = [
  ["floors", node, ["tools/floors.mjs"]],
  ["format and lint", join(bin, "biome"), ["ci", "--reporter=summary", "."]],
  ["types", join(bin, "tsc"), ["-p", "tsconfig.json"]],
  ["type-aware lint", join(bin, "oxlint"), ["--type-aware", "--quiet", "packages", "bench", "test"]],
  ["unused code", join(bin, "knip"), ["--no-progress", "--no-config-hints"]],
  ["manners", node, ["tools/manners.mjs"]],
  ["map", node, ["tools/map.mjs", "--check"]],
];

let failed = 0;
for (const [name, command, args] of checks) {
  const began = performance.now();
  const run = spawnSync(command, args, { cwd: root, env, encoding: "utf8" });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${run.status === 0 ? "ok  " : "FAIL"} ${name} (${seconds} s)`);
  if (run.status !== 0) {
    failed++;
    console.log(`${run.stdout ?? ""}${run.stderr ?? ""}${run.error ?? ""}`.split("\n").slice(0, 80).join("\n"));
  }
}
process.exit(failed ? 1 : 0);
