import { expect, test } from "vitest";
import { Builder } from "../../graph/build.ts";
import { Program } from "../../graph/program.ts";
import { STREAM, uniform } from "../../random/philox.ts";
import { decodeIntegers, encodeIntegers, IntegerProgramError } from "./program.ts";
import { type FloatNetwork, quantiseNetwork } from "./quantise.ts";
import { IntegerRunner, referenceArithmetic } from "./run.ts";

const draw = (count: number, seed: number, scale = 1): Float32Array => uniform(count, scale, seed, STREAM.init, 61);

/** A small network of every integer operator. */
function network(): FloatNetwork {
  const b = new Builder();
  const weights = new Map<string, Float32Array>();
  const weight = (shape: readonly number[], scale = 0.5): string => {
    const name = b.input(`w${weights.size}`, shape, "param");
    weights.set(
      name,
      draw(
        shape.reduce((p, q) => p * q, 1),
        100 + weights.size,
        scale,
      ),
    );
    return name;
  };
  const x = b.input("x", [1, 2, 8, 8], "data");
  const bias = (value: string, channels: number): string => b.op("add", [value, weight([channels, 1, 1])]);
  const first = b.op("clip", [bias(b.op("conv2d", [x, weight([6, 2, 3, 3])], { pads: [1, 1, 1, 1] }), 6)], {
    low: 0,
    high: 6,
  });
  const deep = b.op("relu", [
    bias(b.op("conv2d", [first, weight([6, 1, 3, 3])], { pads: [1, 1, 1, 1], groups: 6 }), 6),
  ]);
  const joined = b.op("sub", [b.op("add", [first, deep]), b.op("mul", [deep, b.scalar(0.25)])]);
  const pooled = b.op("avgpool", [b.op("maxpool", [joined], { kernel: [2, 2], strides: [2, 2] })], {
    kernel: [2, 2],
    strides: [2, 2],
  });
  const wide = b.op("tanh", [b.op("permute", [pooled], { perm: [0, 2, 3, 1] })]);
  const rows = b.op("reshape", [wide], { shape: [4, 6] });
  const mean = b.op("div", [b.op("rowsum", [b.op("transpose", [rows])]), b.scalar(4)]);
  const flat = b.op("reshape", [mean], { shape: [1, 6] });
  const z = b.op("add", [b.op("matmul", [flat, weight([6, 5], 2)]), weight([1, 5])]);
  b.output("output", b.op("softmax", [z]));
  return { graph: b.finish(), weights, input: "x", output: "output" };
}

const samples = Array.from({ length: 40 }, (_, i) => draw(128, i + 1, 2));
const made = network();
const { program, tensors } = quantiseNetwork(made, samples.slice(0, 20));
const known = new Map(tensors.map((tensor) => [tensor.name, tensor]));

test("kernels and the obvious form give the same integers", () => {
  const [fast, slow] = [new IntegerRunner(program, known), new IntegerRunner(program, known, referenceArithmetic)];
  for (const sample of samples) expect(fast.run(sample)).toEqual(slow.run(sample));
});

test("answers stay near those in floats", () => {
  const float = new Program(made.graph);
  for (const [name, values] of made.weights) float.write(name, values);
  const integers = new IntegerRunner(program, known);
  let worst = 0;
  for (const sample of samples) {
    float.write("x", sample);
    float.run();
    const [want, got] = [float.read("output"), integers.run(sample)];
    for (const [i, value] of want.entries()) worst = Math.max(worst, Math.abs(value - (got[i] as number)));
  }
  expect(worst).toBeLessThan(0.05);
  expect(worst).toBeGreaterThan(0);
});

test("one scale per channel is nearer than one for all", () => {
  const float = new Program(made.graph);
  for (const [name, values] of made.weights) float.write(name, values);
  const error = (perChannel: boolean): number => {
    const own = quantiseNetwork(made, samples.slice(0, 20), { perChannel });
    const runner = new IntegerRunner(own.program, new Map(own.tensors.map((tensor) => [tensor.name, tensor])));
    let sum = 0;
    for (const sample of samples) {
      float.write("x", sample);
      float.run();
      const got = runner.run(sample);
      for (const [i, value] of float.read("output").entries()) sum += (value - (got[i] as number)) ** 2;
    }
    return sum;
  };
  expect(error(true)).toBeLessThanOrEqual(error(false));
});

test("the bundle holds it all, always the same bytes", () => {
  const bytes = encodeIntegers(program, tensors);
  const again = quantiseNetwork(made, samples.slice(0, 20));
  expect(encodeIntegers(again.program, again.tensors)).toEqual(bytes);
  const read = decodeIntegers(bytes);
  const runner = new IntegerRunner(read.program, read.tensors);
  expect(runner.run(samples[0] as Float32Array)).toEqual(
    new IntegerRunner(program, known).run(samples[0] as Float32Array),
  );
});

test("damaged bundles are refused or still sound", () => {
  const bytes = encodeIntegers(program, tensors);
  for (let length = 0; length < bytes.length; length += 37)
    expect(() => decodeIntegers(bytes.subarray(0, length))).toThrow(IntegerProgramError);
  for (let at = 0; at < 3000; at += 7) {
    const copy = bytes.slice();
    copy[at] = (copy[at] as number) ^ 0x15;
    try {
      decodeIntegers(copy);
    } catch (error) {
      expect(error).toBeInstanceOf(IntegerProgramError);
    }
  }
});

test("an operator without an integer form is named", () => {
  const b = new Builder();
  const x = b.input("x", [1, 4], "data");
  b.output("output", b.op("colsum", [x]));
  const odd = { graph: b.finish(), weights: new Map(), input: "x", output: "output" };
  expect(() => quantiseNetwork(odd, [draw(4, 1)])).toThrow(/"colsum"/);
});
