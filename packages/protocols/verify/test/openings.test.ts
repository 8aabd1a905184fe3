import { bitsOf, fromBits } from "@machines/engine/bits.ts";
import { execute } from "@machines/engine/commit/execute.ts";
import { lower } from "@machines/engine/commit/lower.ts";
import { gradients } from "@machines/engine/graph/autodiff.ts";
import { Builder } from "@machines/engine/graph/build.ts";
import { type Graph, sizeOf } from "@machines/engine/graph/ir.ts";
import { philox4x32 } from "@machines/engine/random/philox.ts";
import { meanBinaryCrossEntropy, meanCrossEntropy, meanSquaredError } from "@machines/engine/train/losses.ts";
import { adam, type Optimizer, sgd } from "@machines/engine/train/optimizers.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { treesOf } from "../src/openings.ts";
import { bigBits, deployReferees, judge, type Referees } from "./twin.ts";

let referees: Referees;
beforeAll(async () => {
  referees = await deployReferees();
});
afterAll(() => referees?.close());

type Loss = typeof meanSquaredError;

/** A dense network's whole step: forward, loss, reverse, optimiser. */
function perceptron(widths: readonly number[], activation: string, loss: Loss, optimizer: Optimizer): Graph {
  const b = new Builder();
  let value = b.input("x", [9, widths[0] as number], "data");
  const t = b.input("t", [9, widths.at(-1) as number], "data");
  const names: string[] = [];
  for (let layer = 1; layer < widths.length; layer++) {
    const [from, to] = [widths[layer - 1] as number, widths[layer] as number];
    names.push(b.input(`w${layer}`, [from, to], "param"), b.input(`b${layer}`, [1, to], "param"));
    value = b.op("add", [b.op("matmul", [value, `w${layer}`]), `b${layer}`]);
    if (layer + 1 < widths.length) value = b.op(activation, [value]);
  }
  const end = loss(b, value, t);
  b.output("loss", end);
  optimizer(b, names, gradients(b, end, names), 0.01);
  return b.finish();
}

/** A convolutional classifier's step; `groups` above 1 is a convolution in groups. */
function convolutional(groups: number, pool: string): Graph {
  const b = new Builder();
  const x = b.input("x", [2, 4, 7, 6], "data");
  const t = b.input("t", [2, 3], "data");
  const [k, w] = [b.input("k", [8, 4 / groups, 3, 3], "param"), b.input("w", [72, 3], "param")];
  const convolved = b.op("conv2d", [x, k], { pads: [1, 1, 1, 1], groups });
  const pooled = b.op(pool, [b.op("tanh", [convolved])], { kernel: [2, 2], strides: [2, 2] });
  const logits = b.op("matmul", [b.op("reshape", [pooled], { shape: [2, 72] }), w]);
  const loss = meanCrossEntropy(b, logits, t);
  b.output("loss", loss);
  b.output("answer", b.op("softmax", [logits]));
  adam(b, [k, w], gradients(b, loss, [k, w]), 0.001);
  return b.finish();
}

const graphs: Record<string, Graph> = {
  "perceptron, SGD": perceptron([40, 33, 1], "relu", meanSquaredError, sgd),
  "perceptron, Adam": perceptron([12, 90, 17, 1], "sigmoid", meanBinaryCrossEntropy, adam),
  "softmax classifier": perceptron([20, 30, 5], "softplus", meanCrossEntropy, adam),
  "convolution, maxpool": convolutional(1, "maxpool"),
  "convolution in groups, avgpool": convolutional(4, "avgpool"),
};

/** Seeded inputs of ordinary size; every hundredth is a corner case. */
function inputsOf(graph: Graph, seed: number): Record<string, Float32Array> {
  const corners = [0x80000000, 1, 0x807fffff, 0x7f800000, 0x7fc00000].map(fromBits);
  return Object.fromEntries(
    graph.inputs.map(({ name, shape, role }, input) => [
      name,
      Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
        const [a, b] = philox4x32([i, input, seed, 7], [0, 0]);
        if (role === "data" && b % 100 === 0) return corners[a % (seed % 2 ? 3 : 5)] as number;
        const value = Math.fround(a / 2 ** 31 - 1);
        return role === "state" ? Math.abs(value) : value;
      }),
    ]),
  );
}

/** V13. */
test.each(Object.entries(graphs))("%s: random elements of every value, recomputed in Solidity", async (_, graph) => {
  const program = lower(graph);
  for (const seed of [1, 2]) {
    const values = execute(program, inputsOf(graph, seed));
    const trees = treesOf(values);
    for (const [k, { op, name }] of program.values.entries()) {
      const truth = values[k] as Float32Array;
      if (op === undefined || truth.length === 0) continue;
      const [draw] = philox4x32([k, seed, 0, 8], [0, 0]);
      const index = draw % truth.length;
      expect(await judge(referees, program, trees, k, index), `${name} (${op}) [${index}]`).toBe(bigBits(truth[index]));
    }
  }
});

/** V13: a cheat's trace, one unit in the last place off in one element, from there on worked out honestly. */
test.each(Object.entries(graphs))("%s: one unit in the last place is found and judged", async (_, graph) => {
  const program = lower(graph);
  const given = inputsOf(graph, 3);
  const honest = execute(program, given);
  const nodes = program.values.flatMap(({ op }, k) => (op === undefined ? [] : [k]));
  for (const k of nodes.filter((_k, i) => i % 7 === 3)) {
    const index = philox4x32([k, 0, 0, 9], [0, 0])[0] % (honest[k] as Float32Array).length;
    const bits = bitsOf(honest[k]?.[index] as number);
    const forged = honest.map((value) => value.slice());
    (forged[k] as Float32Array)[index] = fromBits(bits ^ 1);
    if (bits === bitsOf(forged[k]?.[index] as number)) continue; // NaN has no neighbour
    const [ours, theirs] = [treesOf(honest), treesOf(forged)];
    const first = ours.findIndex((tree, i) => tree.root !== theirs[i]?.root);
    expect(first).toBe(k);
    expect(await judge(referees, program, theirs, k, index)).toBe(BigInt(bits));
  }
});
