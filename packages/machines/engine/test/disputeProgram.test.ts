import { expect, test } from "vitest";
import { toHexBits } from "../src/bits.ts";
import { execute } from "../src/commit/execute.ts";
import { isRefereed, lower } from "../src/commit/lower.ts";
import { ProgramTree, programRoot } from "../src/commit/programRoot.ts";
import { gradients } from "../src/graph/autodiff.ts";
import { Builder } from "../src/graph/build.ts";
import { interpret } from "../src/graph/interpret.ts";
import type { Graph } from "../src/graph/ir.ts";
import { sizeOf } from "../src/graph/ir.ts";
import { OPS } from "../src/ops/registry.ts";
import { meanCrossEntropy } from "../src/train/losses.ts";
import { adam } from "../src/train/optimizers.ts";
import { build, FORMS, ordinaryBits, randomBits } from "./bits.ts";

/** Names of the graph's values that the program has too, and those on which they differ. */
function compare(graph: Graph, seed: number, draw: typeof randomBits): { shared: number; differ: string[] } {
  const given = Object.fromEntries(graph.inputs.map(({ name, shape }, i) => [name, draw(sizeOf(shape), seed + i)]));
  const plain = interpret(graph, given);
  const program = lower(graph);
  const values = execute(program, given);
  let shared = 0;
  const differ = program.values.flatMap(({ name, shape }, index) => {
    const own = plain.get(name);
    if (own === undefined) return [];
    shared++;
    const same =
      String(shape) === String(own.shape) && toHexBits(values[index] as Float32Array) === toHexBits(own.values);
    return same ? [] : [name];
  });
  return { shared, differ };
}

test("every operator of the engine has a referee or becomes operators that have one", () => {
  expect(OPS.map(({ name }) => name).filter((name) => !isRefereed(name))).toEqual([]);
});

for (const op of OPS)
  test(`${op.name}: the lowered program gives the same bits`, () => {
    FORMS.filter((form) => form.op === op.name && form.shapes.every((shape) => sizeOf(shape) < 3000)).forEach(
      (form, index) => {
        const b = new Builder();
        b.output("y", build(b, form));
        for (const draw of [ordinaryBits, randomBits]) {
          const { shared, differ } = compare(b.finish(), 50 * index, draw);
          expect(differ).toEqual([]);
          expect(shared).toBeGreaterThan(form.shapes.length);
        }
      },
    );
  });

/** A convolutional classifier's whole step with Adam. */
function step(groups: number): Graph {
  const b = new Builder();
  const x = b.input("x", [2, 4, 6, 5], "data");
  const t = b.input("t", [2, 3], "data");
  const [k, w] = [b.input("k", [4, 4 / groups, 3, 3], "param"), b.input("w", [24, 3], "param")];
  const convolved = b.op("relu", [b.op("conv2d", [x, k], { pads: [1, 1, 1, 1], groups })]);
  const pooled = b.op("maxpool", [convolved], { kernel: [2, 2], strides: [2, 2] });
  const logits = b.op("matmul", [b.op("reshape", [pooled], { shape: [2, 24] }), w]);
  const loss = meanCrossEntropy(b, logits, t);
  b.output("loss", loss);
  const names = groups === 1 ? ["k", "w"] : ["w"];
  adam(b, names, gradients(b, loss, names), 0.001);
  return b.finish();
}

test("a training step keeps its bits, value by value", () => {
  for (const groups of [1, 2, 4]) {
    const { shared, differ } = compare(step(groups), 3, ordinaryBits);
    expect(differ).toEqual([]);
    expect(shared).toBeGreaterThan(30);
  }
});

test("updates and outputs point to the same values; operands come first", () => {
  const graph = step(1);
  const program = lower(graph);
  expect(program.values.every(({ inputs }, index) => inputs.every((input) => input < index))).toBe(true);
  for (const { target, value } of graph.updates) {
    const updated = program.values.find(({ name }) => name === target)?.update as number;
    expect(program.values[updated]?.name).toBe(value);
  }
  expect(program.values[program.outputs[0]?.value as number]?.name).toBe(graph.outputs[0]?.value);
  const states = program.values.filter(({ kind }) => kind === "param" || kind === "state");
  expect(states.map(({ slot }) => slot)).toEqual(states.map((_, index) => index));
});

test("a transposed operand that stands there is used again", () => {
  const b = new Builder();
  const [a, w] = [b.input("a", [3, 4], "data"), b.input("w", [5, 4], "param")];
  b.output("y", b.op("matmul", [a, b.op("transpose", [w])]));
  const { values } = lower(b.finish());
  expect(values.map(({ op }) => op)).toEqual([undefined, undefined, "matmulT"]);
  expect(values[2]?.inputs).toEqual([0, 1]);
});

test("the root binds operators, attributes, shapes, constants and updates", () => {
  const base = { ...lower(step(1)) };
  const root = programRoot(base);
  expect(root).toBe(programRoot(lower(step(1))));
  const change = (at: number, patch: object) =>
    programRoot({ ...base, values: base.values.map((value, i) => (i === at ? { ...value, ...patch } : value)) });
  const find = (kind: string) => base.values.findIndex((value) => value.kind === kind);
  const node = base.values.findIndex(({ op }) => op === "matmulT");
  const roots = [
    change(node, { op: "rowsum" }),
    change(node, { inputs: [0, 0] }),
    change(node, { attrs: [1] }),
    change(node, { shape: [1] }),
    change(node, { name: "other" }),
    change(find("constant"), { constant: Float32Array.of(0.3) }),
    change(find("param"), { update: 4 }),
    change(find("param"), { kind: "data" }),
    programRoot({ ...base, outputs: [] }),
  ];
  expect(new Set([root, ...roots]).size).toBe(roots.length + 1);
  expect(() => change(node, { name: 'a"b' })).toThrow("printable ASCII");
  expect(new ProgramTree(base).openValue(node).value.op).toBe(48);
});
