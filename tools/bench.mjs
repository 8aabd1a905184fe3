#!/usr/bin/env node
// Benchmarks by name: `npm run bench [-- NAME...] [--json]`. Each line: {bench, value, unit, against, ratio};
// a ratio above 1 always means that Assay is ahead of the named peer.
import { spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { bootstrap, root } from "./bootstrap.mjs";

const node = bootstrap();
if (process.execPath !== node) {
  const run = spawnSync(node, ["--disable-warning=ExperimentalWarning", process.argv[1], ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  process.exit(run.status ?? 1);
}

const json = process.argv.includes("--json");
const names = process.argv.slice(2).filter((a) => !a.startsWith("--"));
const files = [
  ...globSync("packages/*/*/bench/*.bench.ts", { cwd: root }),
  ...globSync("bench/*.bench.ts", { cwd: root }),
].sort();
const label = (file) =>
  file.startsWith("bench/") ? basename(file, ".bench.ts") : `${file.split("/")[2]}.${basename(file, ".bench.ts")}`;
/** A name chooses a file by any word of its label, and among its lines by prefix. */
const chooses = (name, file) =>
  label(file)
    .split(".")
    .some((word) => word === name.split(".")[0]);
const chosen = names.length ? files.filter((file) => names.some((name) => chooses(name, file))) : files;
const wanted = (line) => names.length === 0 || names.some((name) => !name.includes(".") || line.bench.startsWith(name));

if (chosen.length === 0) {
  process.stderr.write(`No benchmark is named ${names.join(", ")}.\nThere are: ${files.map(label).join(", ")}\n`);
  process.exit(2);
}
let failed = 0;
for (const file of chosen) {
  if (!existsSync(join(root, file))) continue;
  if (!json) process.stderr.write(`${label(file)} ...\n`);
  try {
    const { run } = await import(pathToFileURL(join(root, file)).href);
    for (const line of await run()) {
      const { bench, value, unit, against, ratio, rounds } = line;
      if (!wanted(line)) continue;
      if (json) console.log(JSON.stringify({ bench, value, unit, against, ratio, rounds }));
      else
        console.log(
          `${bench.padEnd(36)} ${format(value).padStart(12)} ${unit.padEnd(10)} ${ratio == null ? "" : `${format(ratio)} x ${against}`}${rounds ? `; rounds: ${rounds}` : ""}`,
        );
    }
  } catch (error) {
    failed++;
    process.stderr.write(`${label(file)} failed: ${error?.stack ?? error}\n`);
  }
}
process.exit(failed ? 1 : 0);

function format(value) {
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}
