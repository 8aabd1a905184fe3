#!/usr/bin/env node
// House manners that no linter knows: file sizes, named errors, no addresses of package hosts.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
  encoding: "utf8",
})
  .split("\0")
  .filter(Boolean);
const problems = [];
const hosts = new RegExp(["registry", "npmjs", "org"].join("\\."));

for (const file of files) {
  if (/\.(png|gif|jpg|wasm|ico|woff2)$/.test(file)) continue;
  let text;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    continue; // deleted in the work tree
  }
  const first = text.slice(0, text.indexOf("\n"));
  const generated = /generated/i.test(first);
  if (hosts.test(text)) problems.push(`${file} names a package host`);
  if (!/^packages\/.*\.(ts|tsx|sol)$/.test(file) || generated) continue;
  const test = /\.(test|fuzz|bench)\.tsx?$|\.t\.sol$|\/test\/|\/bench\//.test(file);
  const lines = text.split("\n").length;
  if (lines > 600 && !test) problems.push(`${file} has ${lines} lines (600 at most)`);
  if (!test && /throw new Error\(/.test(text)) problems.push(`${file} throws a bare Error: use a BaseError`);
  if (!test && /process\.env/.test(text) && !file.startsWith("packages/shells/"))
    problems.push(`${file} reads the environment outside a shell`);
}

for (const problem of problems) console.error(problem);
console.log(problems.length ? `manners: ${problems.length} problems` : "manners: kept");
process.exit(problems.length ? 1 : 0);
