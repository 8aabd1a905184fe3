#!/usr/bin/env node
// Whether the contracts' sources and generated files are those that locks/built.json was written from: a second, where
// the production build takes minutes. Exit 1 at the first difference. `npm run build:contracts` builds and writes;
// the long tests build and compare (tools/abi.mjs --check).
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./bootstrap.mjs";
import { fileHash, sourcesHash } from "./sources.mjs";

const { sources, files } = JSON.parse(readFileSync(join(root, "locks/built.json"), "utf8"));
const holds = (path, hash) => existsSync(join(root, path)) && fileHash(readFileSync(join(root, path))) === hash;
const other = Object.entries(files).find(([path, hash]) => !holds(path, hash))?.[0];
if (other !== undefined || (await sourcesHash(root)) !== sources) {
  const what = other ?? "a contract, something that one imports, or the compiler";
  process.stderr.write(`locked: ${what} changed since locks/built.json was written; run: npm run build:contracts\n`);
  process.exit(1);
}
process.stdout.write(`locked: sources and ${Object.keys(files).length} generated files as built\n`);
