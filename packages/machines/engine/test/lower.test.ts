import fc from "fast-check";
import { expect, test } from "vitest";
import { Builder } from "../src/graph/build.ts";
import { interpret } from "../src/graph/interpret.ts";
import { type Graph, sizeOf } from "../src/graph/ir.ts";
import { planMemory } from "../src/graph/plan.ts";
import { Program } from "../src/graph/program.ts";
import { ordinaryBits, randomBits } from "./bits.ts";

/** Runs a graph twice on kernels and on the references and compares every output and every updated value, bit for bit. */
function expectSame(graph: Graph, seed: number, draw = ordinaryBits): void {
  const values: Record<string, Float32Array> = {};
  graph.inputs.forEach(({ name, shape }, index) => {
    values[name] = draw(sizeOf(shape), seed + index);
  });
  const program = new Program(graph);
  for (const [name, value] of Object.entries(values)) program.write(name, value);
  for (let round = 0; round < 2; round++) {
    program.run();
    const known = interpret(graph, values);
    for (const { target, value } of graph.updates) values[target] = known.get(value)?.values as Float32Array;
    for (const { name, value } of graph.outputs)
      expect(words(program.read(name)), name).toEqual(words(known.get(value)?.values as Float32Array));
    for (const { target } of graph.updates)
      expect(words(program.read(target)), target).toEqual(words(values[target] as Float32Array));
  }
}

const words = (values: Float32Array): Uint32Array =>
  new Uint32Array(values.buffer, values.byteOffset, values.length).map((word) => word);

test("products with bias, clamp, transposed and fixed operands keep the bits of the plain graph", () => {
  for (const op of ["relu", "clip"] as const)
    for (const [m, k, n] of [
      [5, 7, 11],
      [9, 16, 8],
      [1, 3, 1],
    ] as const) {
      const b = new Builder();
      const x = b.input("x", [m, k], "data");
      const w = b.input("w", [k, n], "param");
      const v = b.input("v", [m, n], "param");
      const bias = b.input("bias", [1, n], "param");
      const h = b.op(op, [b.op("add", [bias, b.op("matmul", [x, w])])], op === "clip" ? { low: -1, high: 0.5 } : {});
      b.output("h", h);
      b.output("back", b.op("matmul", [h, b.op("transpose", [w])]));
      b.output("cross", b.op("matmul", [b.op("transpose", [h]), v]));
      b.output("data", b.op("relu", [b.op("matmul", [h, b.op("transpose", [b.op("exp", [v])])])]));
      const graph = b.finish();
      expect(planMemory(graph).packs.length).toBe(3);
      expectSame(graph, m);
      expectSame(graph, m + 40, randomBits);
    }
});

test("convolutions with bias and clamp keep the bits of the plain graph", () => {
  const forms = [
    { x: [2, 3, 6, 7], w: [5, 3, 3, 3], attrs: { pads: [1, 1, 1, 1] } },
    { x: [2, 4, 5, 9], w: [6, 4, 1, 1], attrs: {} },
    { x: [1, 4, 6, 6], w: [6, 2, 2, 2], attrs: { groups: 2 } },
    { x: [2, 4, 9, 11], w: [4, 1, 3, 3], attrs: { groups: 4, pads: [1, 1, 1, 1] } },
    { x: [2, 4, 9, 11], w: [4, 1, 3, 3], attrs: { groups: 4, pads: [1, 1, 1, 1], strides: [2, 2] } },
  ];
  for (const { x, w, attrs } of forms) {
    const b = new Builder();
    const bias = b.input("bias", [w[0] as number, 1, 1], "param");
    const sum = b.op("conv2d", [b.input("x", x, "data"), b.input("w", w, "param")], attrs);
    b.output("y", b.op("clip", [b.op("add", [sum, bias])], { low: 0, high: 6 }));
    const plain = b.op("conv2d", ["x", "w"], attrs);
    b.output("z", b.op("relu", [plain]));
    const graph = b.finish();
    expect(planMemory(graph).steps).toHaveLength(2);
    expectSame(graph, 3);
    expectSame(graph, 4, randomBits);
  }
});

test("a weight that is written again is packed again", () => {
  const b = new Builder();
  b.output("y", b.op("matmul", [b.input("x", [2, 3], "data"), b.input("w", [3, 2], "param")]));
  const program = new Program(b.finish());
  program.write("x", Float32Array.of(1, 0, 0, 0, 1, 0));
  program.write("w", Float32Array.of(1, 2, 3, 4, 5, 6));
  program.run();
  expect([...program.read("y")]).toEqual([1, 2, 3, 4]);
  program.write("w", Float32Array.of(6, 5, 4, 3, 2, 1));
  program.run();
  expect([...program.read("y")]).toEqual([6, 5, 4, 3]);
});

const OPS = ["add", "mul", "relu", "gate", "clip", "matmul", "across", "transpose", "reshape", "bias", "sub"] as const;

test("random graphs with outputs and updates keep the bits of the references", () => {
  const line = fc.record({ op: fc.constantFrom(...OPS), a: fc.nat(30), b: fc.nat(30), out: fc.nat(3), to: fc.nat(9) });
  fc.assert(
    fc.property(fc.array(line, { minLength: 3, maxLength: 25 }), fc.nat(1000), (lines, seed) => {
      const b = new Builder();
      const square = ["x", "p", "q", "s"].map((name) => b.input(name, [5, 5], name === "x" ? "data" : "param"));
      const bias = b.input("c", [5], "param");
      const free = new Set(["p", "q", "s"]);
      lines.forEach(({ op, a, b: other, out, to }, index) => {
        const [left, right] = [square[a % square.length] as string, square[other % square.length] as string];
        const made =
          op === "bias"
            ? b.op("add", [left, bias])
            : op === "across"
              ? b.op("matmul", [left, b.op("transpose", [right])])
              : op === "reshape"
                ? b.op("reshape", [b.op("reshape", [left], { shape: [25] })], { shape: [5, 5] })
                : op === "relu" || op === "transpose"
                  ? b.op(op, [left])
                  : op === "clip"
                    ? b.op("clip", [left], { low: -1, high: 2 })
                    : b.op(op, [left, right]);
        square.push(made);
        if (out === 0) b.output(`o${index}`, made);
        const target = ["p", "q", "s"][to] ?? "";
        if (free.delete(target)) b.update(target, made);
      });
      b.output("last", square.at(-1) as string);
      expectSame(b.finish(), seed);
    }),
    { numRuns: 300 },
  );
});
