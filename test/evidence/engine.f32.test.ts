// 20,000 binary32 operations, from a folder outside the repository: ASSAY_EVIDENCE (default ../shared).
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { fromHexBits, toHexBits } from "../../packages/machines/engine/src/bits.ts";
import { Builder } from "../../packages/machines/engine/src/graph/build.ts";
import { interpret } from "../../packages/machines/engine/src/graph/interpret.ts";
import { Program } from "../../packages/machines/engine/src/graph/program.ts";

const file = resolve(process.env.ASSAY_EVIDENCE ?? "../shared", "vectors/f32-arithmetic.json");
const present = existsSync(file);
if (!present) console.log(`skipped: ${file} is not there (set ASSAY_EVIDENCE to a folder that holds vectors/)`);

type Row = readonly [op: string, a: string, b: string, result: string];

describe.skipIf(!present)("binary32 arithmetic vectors", () => {
  const rows: Row[] = present ? JSON.parse(readFileSync(file, "utf8")).rows : [];

  test("all five operations are covered", () => {
    expect(rows).toHaveLength(20_000);
    expect(new Set(rows.map(([op]) => op))).toEqual(new Set(["add", "sub", "mul", "div", "sqrt"]));
  });

  test.each(["add", "sub", "mul", "div", "sqrt"])("%s: kernel and reference give every row", (op) => {
    const chosen = rows.filter(([name]) => name === op);
    const column = (index: 1 | 2 | 3) => fromHexBits(chosen.map((row) => row[index]).join(""));
    const b = new Builder();
    const inputs = ["a", "b"].slice(0, op === "sqrt" ? 1 : 2).map((name) => b.input(name, [chosen.length], "data"));
    const result = b.op(op, inputs);
    b.output("y", result);
    const graph = b.finish();
    const program = new Program(graph);
    const values = { a: column(1), b: column(2) };
    for (const name of inputs) program.write(name, values[name as "a" | "b"]);
    program.run();
    const expected = toHexBits(column(3));
    const words = [...new Uint32Array(program.read("y").buffer)].map((word) => word.toString(16).padStart(8, "0"));
    expect(words.join("")).toBe(expected);
    expect(toHexBits(interpret(graph, values).get(result)?.values as Float32Array)).toBe(expected);
  });
});
