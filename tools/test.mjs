#!/usr/bin/env node
// All tests: static checks, contracts (build, size, gas, Solidity tests), TypeScript, journeys. `--long` adds the slow ones.
// Exit code 0 only when everything passed; the last line counts what ran.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bootstrap, root } from "./bootstrap.mjs";

const node = bootstrap();
const bin = join(root, "node_modules", ".bin");
const env = {
  ...process.env,
  PATH: `${dirname(node)}:${bin}:${process.env.PATH}`,
  HARDHAT_DISABLE_TELEMETRY_PROMPT: "true",
};
const long = process.argv.includes("--long");
const only = process.argv.find((a) => a.startsWith("--only="))?.slice(7);
const report = join(root, ".tmp", "vitest.json");
mkdirSync(join(root, ".tmp"), { recursive: true });

const total = { passed: 0, failed: 0, skipped: 0 };

/** Runs one step; its output is shown as it comes. */
function step(name, command, args, extra = {}) {
  if (only && !name.includes(only)) return 0;
  const began = performance.now();
  console.log(`\n== ${name}`);
  const run = spawnSync(command, args, {
    cwd: root,
    env: { ...env, ...extra },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const ok = run.status === 0;
  console.log(`${ok ? "ok  " : "FAIL"} ${name} (${seconds} s)`);
  total[ok ? "passed" : "failed"]++;
  return ok;
}

function vitest(name, projects, extra) {
  step(
    name,
    join(bin, "vitest"),
    [
      "run",
      ...projects.flatMap((p) => ["--project", p]),
      "--reporter=default",
      "--reporter=json",
      `--outputFile=${report}`,
    ],
    extra,
  );
  if (only && !name.includes(only)) return;
  if (!existsSync(report)) return;
  const counted = JSON.parse(readFileSync(report, "utf8"));
  total.passed += counted.numPassedTests;
  total.failed += counted.numFailedTests;
  total.skipped += counted.numPendingTests + counted.numTodoTests;
}

step("checks", node, ["tools/check.mjs"]);
step("contracts: build", join(bin, "hardhat"), ["build", "--build-profile", "production", "--no-tests"]);
step("contracts: generated files and size limit", node, ["tools/abi.mjs", "--check"]);
step("contracts: gas", node, ["tools/gas.mjs", "--check"]);
step("contracts: tests", join(bin, "hardhat"), ["test", "solidity"]);

let database = {};
let folder;
if (process.env.CI || process.env.ASSAY_TEST_POSTGRES === "auto") {
  const started = spawnSync(node, ["tools/postgres.mjs", "start"], {
    cwd: root,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [url, dir] = (started.stdout ?? "").trim().split("\n");
  if (url) {
    database = { ASSAY_TEST_POSTGRES: url };
    folder = dir;
  }
}
try {
  vitest("unit tests", ["unit"], database);
  vitest("journeys", ["journey"], database);
  if (long) vitest("long tests", ["long"], database);
} finally {
  if (folder) spawnSync(node, ["tools/postgres.mjs", "stop", folder], { cwd: root, env, stdio: "ignore" });
}

console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed ? 1 : 0);
