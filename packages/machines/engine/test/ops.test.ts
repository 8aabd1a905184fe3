import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { bitsOf, fromHexBits, toHexBits } from "../src/bits.ts";
import { Builder } from "../src/graph/build.ts";
import { interpret } from "../src/graph/interpret.ts";
import { sizeOf } from "../src/graph/ir.ts";
import { Program } from "../src/graph/program.ts";
import { OPS } from "../src/ops/registry.ts";
import { build, FORMS, type Form, ordinaryBits, randomBits } from "./bits.ts";

const folder = new URL("../src/ops/", import.meta.url);

interface Vector extends Form {
  readonly inputs: readonly string[];
  readonly output: string;
}

/** Raw bits as the kernel left them: a NaN that is not canonical must show. */
function raw(values: Float32Array): string {
  return [...new Uint32Array(values.buffer, values.byteOffset, values.length)]
    .map((word) => word.toString(16).padStart(8, "0"))
    .join("");
}

function bothForms(form: Form, inputs: readonly Float32Array[]): { reference: string; kernel: string } {
  const b = new Builder();
  b.output("y", build(b, form));
  const graph = b.finish();
  const values = Object.fromEntries(inputs.map((input, index) => [`x${index}`, input]));
  const name = (graph.outputs[0] as { value: string }).value;
  const reference = toHexBits((interpret(graph, values).get(name) as { values: Float32Array }).values);
  const program = new Program(graph);
  for (const [input, value] of Object.entries(values)) program.write(input, value);
  program.run();
  return { reference, kernel: raw(program.read("y")) };
}

/** The first element that differs, as a sentence; undefined when none does. */
function firstDifference(kernel: string, reference: string): string | undefined {
  if (kernel.length !== reference.length) return `lengths ${kernel.length} and ${reference.length}`;
  for (let at = 0; at < kernel.length; at += 8) {
    const [got, expected] = [kernel.slice(at, at + 8), reference.slice(at, at + 8)];
    if (got !== expected) return `element ${at / 8}: kernel ${got}, reference ${expected}`;
  }
  return undefined;
}

for (const op of OPS)
  test(`${op.name}: reference and kernel agree on random bits`, () => {
    const forms = FORMS.filter((form) => form.op === op.name);
    expect(forms.length).toBeGreaterThan(0);
    forms.forEach((form, index) => {
      for (let seed = 0; seed < 3; seed++) {
        const draw = seed === 2 ? ordinaryBits : randomBits;
        const inputs = form.shapes.map((shape, i) => draw(sizeOf(shape), seed * 1000 + index * 10 + i));
        const { reference, kernel } = bothForms(form, inputs);
        const at = firstDifference(kernel, reference);
        expect(at, `${op.name} ${JSON.stringify(form.shapes)} seed ${seed}`).toBeUndefined();
      }
    });
  });

for (const name of readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name))
  test(`${name}: every form gives the published vectors`, () => {
    const vectors = JSON.parse(readFileSync(new URL(`${name}/vectors.json`, folder), "utf8")) as Vector[];
    expect(vectors.length).toBeGreaterThan(0);
    for (const vector of vectors) {
      const { reference, kernel } = bothForms({ ...vector, op: name }, vector.inputs.map(fromHexBits));
      expect(reference).toBe(vector.output);
      expect(kernel).toBe(vector.output);
    }
  });

test("every operator folder is registered", () => {
  const folders = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
  expect(OPS.map((op) => op.name).sort()).toEqual(folders.sort());
});

test("a NaN from outside becomes canonical", () => {
  const b = new Builder();
  b.output("y", b.op("reshape", [b.input("x", [2], "data")], { shape: [2, 1] }));
  const program = new Program(b.finish());
  program.write("x", new Float32Array(new Uint32Array([0xffc12345, 0x7f800001]).buffer));
  program.run();
  expect(raw(program.read("y"))).toBe("7fc000007fc00000");
  expect(bitsOf(Number.NaN)).toBe(0x7fc00000);
});
