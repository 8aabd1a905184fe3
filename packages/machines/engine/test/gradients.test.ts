import { expect, test } from "vitest";
import { gradients } from "../src/graph/autodiff.ts";
import { batchMatmul } from "../src/graph/batchMatmul.ts";
import { Builder } from "../src/graph/build.ts";
import { type Shape, sizeOf } from "../src/graph/ir.ts";
import { Program } from "../src/graph/program.ts";
import { randomWord } from "../src/random/philox.ts";
import { meanBinaryCrossEntropy, meanCrossEntropy, meanSquaredError } from "../src/train/losses.ts";

/** Values in [low, high) away from the kinks. */
function sample(count: number, seed: number, low: number, high: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    const value = low + ((high - low) * randomWord(seed, 60, 0, 0, i)) / 2 ** 32;
    return Math.abs(value) < 0.05 ? 0.07 : value;
  });
}

interface Case {
  readonly name: string;
  readonly shapes: readonly Shape[];
  readonly range?: readonly [number, number];
  readonly write: (b: Builder, inputs: readonly string[]) => string;
}

const unary = (op: string, range?: readonly [number, number]): Case => ({
  name: op,
  shapes: [[3, 5]],
  ...(range === undefined ? {} : { range }),
  write: (b, [x]) => b.op(op, [x as string]),
});
const binary = (op: string, a: Shape, c: Shape): Case => ({
  name: `${op} [${a}] [${c}]`,
  shapes: [a, c],
  range: [0.3, 2],
  write: (b, inputs) => b.op(op, inputs),
});

const CASES: readonly Case[] = [
  ...["relu", "sigmoid", "tanh", "exp", "softplus"].map((op) => unary(op)),
  ...["sqrt", "log"].map((op) => unary(op, [0.3, 3])),
  unary("rowsum"),
  unary("colsum"),
  unary("transpose"),
  { name: "reshape", shapes: [[3, 4]], write: (b, [x]) => b.op("reshape", [x as string], { shape: [2, 6] }) },
  {
    name: "gate",
    shapes: [
      [3, 4],
      [3, 4],
    ],
    write: (b, inputs) => b.op("gate", inputs),
  },
  ...["add", "sub", "mul", "div"].flatMap((op) => [
    binary(op, [3, 4], [3, 4]),
    binary(op, [3, 4], [4]),
    binary(op, [3, 4], []),
    binary(op, [3, 1], [3, 4]),
    binary(op, [1, 4], [3, 4]),
    binary(op, [2, 1, 4], [1, 3, 1]),
    binary(op, [2, 1, 2, 1], [3, 2, 2]),
    binary(op, [2, 3, 1, 2], [1, 1, 3, 1]),
  ]),
  {
    name: "matmul",
    shapes: [
      [3, 4],
      [4, 5],
    ],
    write: (b, inputs) => b.op("matmul", inputs),
  },
  {
    name: "mean squared error",
    shapes: [
      [6, 1],
      [6, 1],
    ],
    write: (b, [p, t]) => meanSquaredError(b, p as string, t as string),
  },
  {
    name: "binary cross-entropy",
    shapes: [
      [6, 1],
      [6, 1],
    ],
    write: (b, [z, t]) => meanBinaryCrossEntropy(b, z as string, t as string),
  },
  {
    name: "conv2d",
    shapes: [
      [2, 2, 4, 5],
      [3, 2, 2, 3],
    ],
    write: (b, inputs) => b.op("conv2d", inputs, { pads: [1, 0, 0, 1], strides: [2, 1] }),
  },
  {
    name: "unfold",
    shapes: [[1, 2, 4, 4]],
    write: (b, [x]) => b.op("unfold", [x as string], { kernel: [2, 2], pads: [1, 1, 0, 0] }),
  },
  {
    name: "fold",
    shapes: [[8, 16]],
    write: (b, [x]) => b.op("fold", [x as string], { kernel: [2, 2], pads: [1, 1, 0, 0], size: [1, 2, 4, 4] }),
  },
  {
    name: "maxpool",
    shapes: [[2, 2, 4, 4]],
    write: (b, [x]) => b.op("maxpool", [x as string], { kernel: [2, 2], strides: [2, 2] }),
  },
  {
    name: "avgpool",
    shapes: [[2, 2, 4, 5]],
    write: (b, [x]) => b.op("avgpool", [x as string], { kernel: [2, 3], strides: [2, 1] }),
  },
  {
    name: "avgpool with padding",
    shapes: [[1, 2, 4, 4]],
    write: (b, [x]) => b.op("avgpool", [x as string], { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 0, 1] }),
  },
  {
    name: "conv2d in groups",
    shapes: [
      [2, 4, 4, 5],
      [6, 2, 2, 3],
    ],
    write: (b, inputs) => b.op("conv2d", inputs, { groups: 2, pads: [1, 0, 0, 1], strides: [2, 1] }),
  },
  {
    name: "depthwise conv2d",
    shapes: [
      [2, 3, 4, 4],
      [3, 1, 3, 3],
    ],
    write: (b, inputs) => b.op("conv2d", inputs, { groups: 3, pads: [1, 1, 1, 1] }),
  },
  {
    name: "matrices multiplied pair by pair",
    shapes: [
      [3, 2, 4],
      [3, 4, 5],
    ],
    write: (b, [l, r]) => batchMatmul(b, l as string, r as string),
  },
  unary("softmax"),
  unary("logsumexp"),
  {
    name: "cross-entropy",
    shapes: [
      [4, 3],
      [4, 3],
    ],
    write: (b, [z, t]) => meanCrossEntropy(b, z as string, t as string),
  },
  { name: "permute", shapes: [[2, 3, 4]], write: (b, [x]) => b.op("permute", [x as string], { perm: [2, 0, 1] }) },
  {
    name: "a value used twice",
    shapes: [[2, 3]],
    write: (b, [x]) => b.op("mul", [b.op("tanh", [x as string]), b.op("add", [x as string, x as string])]),
  },
];

test.each(CASES)("gradient of $name matches finite differences", ({ shapes, range = [-2, 2], write }) => {
  const b = new Builder();
  const names = shapes.map((shape, i) => b.input(`x${i}`, shape, "data"));
  const y = write(b, names);
  const weights = b.constant(sample(sizeOf(b.shape(y)), 9, 0.5, 1.5), b.shape(y));
  const flat = b.op("reshape", [b.op("mul", [y, weights])], { shape: [1, sizeOf(b.shape(y))] });
  const loss = b.op("rowsum", [flat]);
  b.output("loss", loss);
  gradients(b, loss, names).forEach((value, i) => {
    b.output(`g${i}`, value);
  });
  const program = new Program(b.finish());
  const inputs = shapes.map((shape, i) => sample(sizeOf(shape), i, range[0], range[1]));
  const evaluate = (values: readonly Float32Array[]): number => {
    names.forEach((name, i) => {
      program.write(name, values[i] as Float32Array);
    });
    program.run();
    return program.read("loss")[0] as number;
  };
  evaluate(inputs);
  const found = names.map((_, i) => program.read(`g${i}`));
  const h = 2 ** -7;
  inputs.forEach((input, i) => {
    for (let j = 0; j < input.length; j++) {
      const shifted = (by: number) =>
        inputs.map((values, k) => values.map((value, l) => (k === i && l === j ? value + by : value)));
      const slope = (evaluate(shifted(h)) - evaluate(shifted(-h))) / (2 * h);
      const gradient = (found[i] as Float32Array)[j] as number;
      expect(Math.abs(gradient - slope), `input ${i}, element ${j}: ${gradient} against ${slope}`).toBeLessThan(
        2e-3 * Math.max(1, Math.abs(slope)),
      );
    }
  });
});

test("the gradient of something that does not depend on the input is zero", () => {
  const b = new Builder();
  const x = b.input("x", [2], "data");
  const loss = b.op("rowsum", [b.constant(Float32Array.of(1, 2), [1, 2])]);
  b.output("g", gradients(b, loss, [x])[0] as string);
  const program = new Program(b.finish());
  program.write("x", Float32Array.of(3, 4));
  program.run();
  expect([...program.read("g")]).toEqual([0, 0]);
});
