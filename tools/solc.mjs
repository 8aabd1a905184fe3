#!/usr/bin/env node
// Lets forge use the compiler that npm installed: speaks the two solc options forge asks for.
import { readFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const solc = createRequire(import.meta.url)("solc");
const args = process.argv.slice(2);

/** Values of a repeated option. */
const values = (name) => args.flatMap((arg, i) => (arg === name ? [args[i + 1]] : []));

/** Writes all of `text`, also into a pipe that is slow to drain. */
function print(text) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

if (args.includes("--version")) {
  const version = solc.version().replace(".Emscripten.clang", ".Linux.g++");
  print(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else if (args.includes("--standard-json")) {
  const roots = ["", process.cwd(), ...values("--base-path"), ...values("--include-path")];
  const find = (path) => {
    for (const root of roots) {
      try {
        return { contents: readFileSync(join(root, path), "utf8") };
      } catch {}
    }
    return { error: `${path} not found` };
  };
  print(solc.compile(readFileSync(0, "utf8"), { import: find }));
} else {
  process.stderr.write("solc.mjs: expected --version or --standard-json\n");
  process.exitCode = 1;
}
