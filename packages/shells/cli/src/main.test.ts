import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** Prints the packages that were loaded, once the process ends. */
const spy = `
  import { registerHooks } from "node:module";
  const packages = new Set();
  registerHooks({
    load(url, context, next) {
      const found = /\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url);
      if (found) packages.add(found[1]);
      return next(url, context);
    },
  });
  process.on("exit", () => console.error(JSON.stringify([...packages])));
`;

test("the rooms' definitions load no chain, no database and no engine: a command that asks a node starts at once", async () => {
  const flags = ["--no-warnings", "--import", `data:text/javascript,${encodeURIComponent(spy)}`];
  const main = new URL("main.ts", import.meta.url).pathname;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [...flags, main, "--help"]);
  expect(stdout).toContain("publish");
  const loaded = JSON.parse(stderr) as string[];
  expect(loaded).toContain("zod");
  expect(loaded.filter((name) => /^(viem|ox|abitype|kysely|pg|hono|@nomicfoundation|@ipld)/.test(name))).toEqual([]);
});
