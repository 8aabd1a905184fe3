// What the contracts' code follows from: their sources with all they import, the compiler's version and its settings.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, posix } from "node:path";
import { pathToFileURL } from "node:url";

const importLine = /^\s*import\s+(?:[^"';]*\sfrom\s+)?["']([^"']+)["']\s*;/gm;

const isTest = (path) => path.endsWith(".t.sol") || /(^|\/)(mocks?|test)\//i.test(path) || /\/Mock[^/]*$/.test(path);

/** Every source of the rooms under `root` that is not a test, as a path from there. */
function sourcesOf(root) {
  const found = [];
  for (const floor of readdirSync(join(root, "packages"))) {
    for (const room of readdirSync(join(root, "packages", floor))) {
      const folder = join(root, "packages", floor, room, "contracts");
      if (!existsSync(folder)) continue;
      for (const file of readdirSync(folder, { recursive: true })) {
        const path = posix.join("packages", floor, room, "contracts", file.replaceAll("\\", "/"));
        if (path.endsWith(".sol") && !isTest(path)) found.push(path);
      }
    }
  }
  return found;
}

/** SHA-256 of all sources, of what they import, and of how they are compiled. */
export async function sourcesHash(root) {
  const { default: config } = await import(pathToFileURL(join(root, "hardhat.config.ts")));
  const require = createRequire(import.meta.url);
  const { version } = JSON.parse(readFileSync(require.resolve("solc/package.json"), "utf8"));
  const { compilers, overrides = {} } = config.solidity.profiles.production;
  const settings = [compilers, ...Object.entries(overrides)].flat();
  const hash = createHash("sha256").update(
    JSON.stringify([version, settings.map((one) => one.settings ?? one)], hidePaths),
  );
  const texts = new Map();
  const follow = (path) => {
    if (texts.has(path)) return;
    const text = readFileSync(join(root, path), "utf8");
    texts.set(path, text);
    for (const [, target] of text.matchAll(importLine))
      follow(target.startsWith(".") ? posix.join(posix.dirname(path), target) : posix.join("node_modules", target));
  };
  sourcesOf(root).forEach(follow);
  for (const path of [...texts.keys()].sort()) hash.update(`\n${path}\n`).update(texts.get(path));
  return `0x${hash.digest("hex")}`;
}

/** The compiler's place on this machine says nothing about the code. */
const hidePaths = (key, value) => (key === "path" ? undefined : value);

export const fileHash = (text) => `0x${createHash("sha256").update(text).digest("hex")}`;
