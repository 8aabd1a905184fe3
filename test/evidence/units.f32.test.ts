// 20,000 binary32 operations in an EVM, from a folder outside the repository: ASSAY_EVIDENCE (default ../shared).
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { f32Twin } from "../../packages/base/units/test/f32Twin.ts";

const file = resolve(process.env.ASSAY_EVIDENCE ?? "../shared", "vectors/f32-arithmetic.json");
const present = existsSync(file);
if (!present) console.log(`skipped: ${file} is not there (set ASSAY_EVIDENCE to a folder that holds vectors/)`);

type Row = readonly [op: "add" | "sub" | "mul" | "div" | "sqrt", a: string, b: string, result: string];

describe.skipIf(!present)("binary32 arithmetic vectors in Solidity", () => {
  const rows: Row[] = present ? JSON.parse(readFileSync(file, "utf8")).rows : [];
  let twin: Awaited<ReturnType<typeof f32Twin>>;
  beforeAll(async () => {
    twin = await f32Twin();
  });
  afterAll(() => twin?.close());

  test.each(["add", "sub", "mul", "div", "sqrt"] as const)("%s: F32.sol gives every row", async (op) => {
    const chosen = rows.filter(([name]) => name === op);
    expect(chosen).toHaveLength(4000);
    const pairs = Uint32Array.from(chosen.flatMap(([, a, b]) => [Number.parseInt(a, 16), Number.parseInt(b, 16)]));
    const answers = await twin.run(op, pairs);
    const wrong = chosen.filter((row, i) => Number.parseInt(row[3], 16) !== answers[i]);
    expect(wrong.slice(0, 10)).toEqual([]);
  });
});
