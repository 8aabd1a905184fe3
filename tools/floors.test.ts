import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
// @ts-expect-error a plain script without types
import { violations } from "./floors.mjs";

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

function house(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "floors-"));
  roots.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

test("the repository keeps the rule", () => {
  expect(violations(process.cwd())).toEqual([]);
});

test("a sideways import, an upward one and a relative escape are each named", () => {
  const root = house({
    "packages/protocols/oracle/src/a.ts": 'import { x } from "@protocols/verify/x.ts";\nimport y from "@base/bytes";',
    "packages/records/bonds/contracts/B.sol": 'import {O} from "@apps/cover/contracts/Cover.sol";',
    "packages/base/units/src/u.ts": 'const z = await import("../../bytes/src/hex.ts");',
  });
  const found: string[] = violations(root);
  expect(found).toHaveLength(3);
  expect(found.join("\n")).toMatch(/oracle\/src\/a\.ts:1 .*@protocols\/verify/);
  expect(found.join("\n")).toMatch(/B\.sol:1 .*@apps\/cover/);
  expect(found.join("\n")).toMatch(/u\.ts:1 leaves its room/);
});
