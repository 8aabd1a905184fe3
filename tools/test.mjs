#!/usr/bin/env node
// All tests: static checks, contracts (gas, Solidity tests), TypeScript, journeys. `--long` adds the production build of the
// contracts, compared with what is committed, and the slow ones.
// Exit code 0 only when everything passed; the last line counts what ran.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { bootstrap, root } from "./bootstrap.mjs";

if (process.argv.includes("--help")) {
  process.stdout.write("usage: node tools/test.mjs [--long] [--only=PART OF A STEP'S NAME]\n");
  process.exit(0);
}
const node = bootstrap();
const bin = join(root, "node_modules", ".bin");
const env = {
  ...process.env,
  PATH: `${dirname(node)}:${bin}:${process.env.PATH}`,
  HARDHAT_DISABLE_TELEMETRY_PROMPT: "true",
  // Every process of a run after the first finds compiled what it loads; the command line uses the same folder.
  NODE_COMPILE_CACHE: join(root, "node_modules", ".cache", "assay"),
};
const long = process.argv.includes("--long");
const only = process.argv.find((a) => a.startsWith("--only="))?.slice(7);
mkdirSync(join(root, ".tmp"), { recursive: true });

const total = { passed: 0, failed: 0, skipped: 0 };

/** Runs one step; with `show: "after"` its output comes in one piece when it ends. Resolves to whether it passed. */
async function step(name, command, args, { extra = {}, show = "now" } = {}) {
  if (only && !name.includes(only)) return true;
  const began = performance.now();
  const title = `\n== ${name}\n`;
  let held = "";
  if (show === "now") process.stdout.write(title);
  const child = spawn(command, args, {
    cwd: root,
    env: { ...env, ...extra },
    stdio: show === "now" ? ["ignore", "inherit", "inherit"] : ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (text) => (held += text));
  const ok = await new Promise((resolve) => {
    child.on("error", (error) => {
      held += `${error}\n`;
      resolve(false);
    });
    child.on("close", (code) => resolve(code === 0));
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (show === "after") process.stdout.write(title);
  process.stdout.write(`${held}${ok ? "ok  " : "FAIL"} ${name} (${seconds} s)\n`);
  total[ok ? "passed" : "failed"]++;
  return ok;
}

async function vitest(name, project, extra, show) {
  const report = join(root, ".tmp", `vitest.${project}.json`);
  rmSync(report, { force: true });
  const chosen = ["--project", project, ...(long ? ["--isolate"] : [])];
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile=${report}`];
  const workers = `--maxWorkers=${Math.max(2, availableParallelism() - 1)}`; // one alone would leave a core idle on two
  await step(name, join(bin, "vitest"), ["run", ...chosen, ...reporters, workers], { extra, show });
  if (!existsSync(report)) return;
  const counted = JSON.parse(readFileSync(report, "utf8"));
  total.passed += counted.numPassedTests;
  total.failed += counted.numFailedTests;
  total.skipped += counted.numPendingTests + counted.numTodoTests;
}

/**
 * The contracts' steps need one core and no TypeScript test: they run beside everything else. Nothing is built for
 * production here: that takes minutes, and the lock says whether what is committed was built from these sources.
 */
async function contracts() {
  const show = "after";
  await step("contracts: sources and generated files as locked", node, ["tools/locked.mjs"], { show });
  await step("contracts: gas", node, ["tools/gas.mjs", "--check"], { show });
  await step("contracts: tests", join(bin, "hardhat"), ["test", "solidity"], { show });
}

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
  // Journeys mostly wait for nodes of their own: the three lanes together keep two cores busy.
  const beside = [contracts(), vitest("journeys", "journey", database, "after")];
  await step("checks", node, ["tools/check.mjs"]);
  await vitest("unit tests", "unit", database);
  await Promise.all(beside);
  if (long) {
    await step("contracts: more runs", join(bin, "hardhat"), ["test", "solidity", "--test-profile", "long"]);
    await step("contracts: build", join(bin, "hardhat"), ["build", "--build-profile", "production", "--no-tests"]);
    await step("contracts: generated files and size limit", node, ["tools/abi.mjs", "--check"]);
    await vitest("long tests", "long", database);
  }
} finally {
  if (folder) spawnSync(node, ["tools/postgres.mjs", "stop", folder], { cwd: root, env, stdio: "ignore" });
}

console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed ? 1 : 0);
