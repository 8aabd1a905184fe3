import { readdirSync, readFileSync } from "node:fs";
import { fromHexBits, toHexBits } from "@machines/engine/bits.ts";
import { execute } from "@machines/engine/commit/execute.ts";
import { lower } from "@machines/engine/commit/lower.ts";
import { OPCODES, type OpName } from "@machines/engine/commit/opcodes.ts";
import { Builder } from "@machines/engine/graph/build.ts";
import type { Attributes, Graph } from "@machines/engine/graph/ir.ts";
import { matmulReference } from "@machines/engine/i8s/matmul/reference.ts";
import { requantiseReference, requantiserFor } from "@machines/engine/i8s/requantise/reference.ts";
import type { Reference } from "@machines/engine/ops/op.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openingsFor, refereeCase, treesOf } from "../src/openings.ts";
import { TensorTree } from "../src/openTensor.ts";
import { type Question, termsOf } from "../src/reads.ts";
import { runningSums } from "../src/sums.ts";
import { RANDOM_OPS, randomCase } from "./randomCase.ts";
import { argumentsWithin, ask, bigBits, deployReferees, FIXED, judge, type Referees, sample } from "./twin.ts";

let referees: Referees;
beforeAll(async () => {
  referees = await deployReferees();
});
afterAll(() => referees?.close());

const folder = new URL("../../../machines/engine/src/ops/", import.meta.url);
const operators = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());

/** A case of the engine's vector files; numbers are bit patterns, 8 hexadecimal digits each. */
interface Vector {
  readonly shapes: readonly (readonly number[])[];
  readonly attrs?: Attributes;
  readonly inputs: readonly string[];
  readonly output: string;
}

const vectorsOf = (op: string): Vector[] => JSON.parse(readFileSync(new URL(`${op}/vectors.json`, folder), "utf8"));

/** Judges at most `most` elements of every value of a graph's program; the last value's bits come as hexadecimal digits. */
async function judgeAll(graph: Graph, given: Record<string, Float32Array>, most: number): Promise<string> {
  const program = lower(graph);
  const values = execute(program, given);
  const trees = treesOf(values);
  for (const [k, { kind, op, name }] of program.values.entries()) {
    if (kind !== "node") continue;
    const truth = values[k] as Float32Array;
    for (const index of sample(truth.length, most))
      expect(await judge(referees, program, trees, k, index), `${name} (${op}) [${index}]`).toBe(bigBits(truth[index]));
  }
  return toHexBits(values[program.outputs[0]?.value as number] as Float32Array);
}

/** V3: the engine's vectors, lowered, every value through openings. */
test.each(operators.map(({ name }) => name))("%s: the vectors of the engine", async (op) => {
  for (const vector of vectorsOf(op)) {
    const b = new Builder();
    const names = vector.shapes.map((shape, i) => b.input(`x${i}`, shape, "data"));
    b.output("y", b.op(op, names, vector.attrs));
    const given = Object.fromEntries(vector.inputs.map((bits, i) => [`x${i}`, fromHexBits(bits)]));
    expect(await judgeAll(b.finish(), given, 6)).toBe(vector.output);
  }
});

/** V3: at the borders of each function's branches and between them; many more patterns in `fixed.long.test.ts`. */
test.each(Object.keys(FIXED))("%s: the bits of the reference at edges and on 60 patterns", async (op) => {
  const edges = fromHexBits(
    "00000000800000007f800000ff8000007fc00000000000017f7fffff42b2000042b17218c2d00000c2cff0003f2000003f1fffff3f3504f3",
  );
  const xs = Float32Array.from([...edges, ...argumentsWithin(op === "exp" ? 100 : 12, 60, 11)]);
  const truth = (FIXED[op] as Reference).compute([{ shape: [xs.length], values: xs }], {});
  const question = { op: op as OpName, attrs: [], operands: [[xs.length]], shape: [xs.length] };
  for (const index of xs.keys())
    expect(await ask(referees, { ...question, index }, [new TensorTree(xs)])).toBe(bigBits(truth[index]));
});

/** V3: random shapes (empty ones too), attributes and bit patterns; the first, the last and some elements between. */
test.each(RANDOM_OPS)("%s: the engine's bits on random cases", async (op) => {
  let judged = 0;
  for (let seed = 0; seed < 12; seed++) {
    const { question, values, truth } = randomCase(op, seed);
    const trees = treesOf(values);
    for (const index of sample(truth.length, 4)) {
      const bits = await ask(referees, { ...question, index }, trees);
      expect(bits, `seed ${seed}, ${JSON.stringify(question)} [${index}]`).toBe(bigBits(truth[index]));
      judged++;
    }
    const beyond = { ...question, index: truth.length };
    await expect(ask(referees, beyond, trees)).rejects.toThrow();
  }
  expect(judged).toBeGreaterThan(12);
});

/** V8: every cut of a reduction gives the same state, and the last state the element. */
describe("long reductions in pieces", () => {
  const x = argumentsWithin(3, 3 * 1500, 5).map((value) =>
    Number.isFinite(value) && Math.abs(value) < 1e9 ? value : 1,
  );
  const tree = new TensorTree(x);
  const cases: Record<string, Question> = {
    matmulT: {
      op: "matmulT",
      attrs: [],
      operands: [
        [3, 1500],
        [3, 1500],
      ],
      shape: [3, 3],
      index: 5,
    },
    rowsum: { op: "rowsum", attrs: [], operands: [[3, 1500]], shape: [3, 1], index: 1 },
    colsumT: { op: "colsumT", attrs: [], operands: [[3, 1500]], shape: [1, 3], index: 2 },
    rowmaxFinite: { op: "rowmaxFinite", attrs: [], operands: [[3, 1500]], shape: [3, 1], index: 0 },
  };
  test.each(Object.values(cases))("$op", async (question) => {
    const operands = question.operands.map(() => tree);
    const whole = await ask(referees, question, operands);
    const given = refereeCase(question, operands);
    expect(await referees.call(given.op, "terms", [given])).toBe(BigInt(termsOf(question)));
    let sums: readonly bigint[] = [];
    for (const [first, last] of [
      [0, 7],
      [7, 1031],
      [1031, 1500],
    ] as const) {
      const opened = openingsFor(question, operands, [first, last - first]);
      sums = (await referees.call(given.op, "partialSums", [
        given,
        BigInt(first),
        BigInt(last),
        sums,
        opened,
      ])) as bigint[];
      // What a player of the game says (D20).
      expect([sums]).toEqual(runningSums(question, [x, x], [last]));
    }
    expect(await referees.call(given.op, "finish", [given.op, sums])).toBe(whole);
    const opened = openingsFor(question, operands, [0, 7]);
    const wrong = (first: bigint, last: bigint, state: bigint[]) =>
      expect(referees.call(given.op, "partialSums", [given, first, last, state, opened])).rejects.toThrow();
    await wrong(0n, 7n, [1n]);
    await wrong(7n, 7n, [...sums]);
    await wrong(0n, 1501n, []);
    await wrong(1n, 8n, []);
    await expect(referees.call(given.op, "finish", [given.op, [...sums, 0n]])).rejects.toThrow();
  });
});

/** D20. */
test("a player's running sums are the referees', also of NaN, infinities and zeros with a sign", async () => {
  const x = argumentsWithin(2, 2 * 150, 6);
  x.set([-0, Number.POSITIVE_INFINITY, 1, Number.NEGATIVE_INFINITY, Number.NaN], 150);
  const tree = new TensorTree(x);
  for (const op of ["rowsum", "rowmaxFinite", "colsumT"] as const) {
    const shape = op === "colsumT" ? [1, 2] : [2, 1];
    const question: Question = { op, attrs: [], operands: [[2, 150]], shape, index: 1 };
    const given = refereeCase(question, [tree]);
    const ends = [0, 1, 2, 3, 4, 5, 20, 150];
    const own = runningSums(question, [x], ends);
    for (let i = 1; i < ends.length; i++) {
      const [first, last] = [ends[i - 1] as number, ends[i] as number];
      const opened = openingsFor(question, [tree], [first, last - first]);
      const range = [given, BigInt(first), BigInt(last), own[i - 1], opened];
      expect(await referees.call(given.op, "partialSums", range), `${op} ${last}`).toEqual(own[i]);
    }
  }
});

/** I8S. */
test("int8: the exact sum, requantised; also over -128 and long rows", async () => {
  const [m, k, n] = [2, 1030, 3];
  const bytes = (count: number, seed: number) => Int8Array.from({ length: count }, (_, i) => (i * i * 31 + seed) % 256);
  const [a, turned] = [bytes(m * k, 3), bytes(n * k, 5)];
  a.fill(-128, 0, 5);
  const b = Int8Array.from(turned, (_, i) => turned[(i % n) * k + Math.floor(i / n)] as number);
  const sums = matmulReference(a, b, m, k, n);
  const question = {
    op: "matmulInt8T",
    attrs: [],
    operands: [
      [m, k],
      [n, k],
    ],
    shape: [m, n],
  } as const;
  const factor = requantiserFor(0.000137, -3);
  const small = requantiseReference(sums, factor);
  const attrs = [factor.multiplier, factor.shift, factor.zero];
  const trees = treesOf([a, turned, sums]);
  for (let index = 0; index < m * n; index++) {
    const sum = await ask(referees, { ...question, index }, trees.slice(0, 2));
    expect(BigInt.asIntN(256, sum)).toBe(BigInt(sums[index] as number));
    const reduced = { op: "requantise", attrs, operands: [[m, n]], shape: [m, n], index } as const;
    const y = await ask(referees, reduced, trees.slice(2));
    expect(BigInt.asIntN(256, y)).toBe(BigInt(small[index] as number));
    for (const bad of [
      [-1n, 3n, 0n],
      [2n ** 31n, 3n, 0n],
      [5n, 0n, 0n],
      [5n, 63n, 0n],
      [5n, 3n, 128n],
      [5n, 3n],
    ])
      await expect(ask(referees, reduced, trees.slice(2), { attrs: bad })).rejects.toThrow();
  }
  const deep = { operands: [{ root: trees[0]?.root as `0x${string}`, shape: [1n, 131_072n] }], shape: [1n, 1n] };
  await expect(
    ask(referees, { ...question, index: 0 }, trees.slice(0, 2), {
      ...deep,
      operands: [...deep.operands, ...deep.operands],
    }),
  ).rejects.toThrow();
});

/** V12: what does not follow from the operands is refused, for every operator. */
describe("shapes and attributes that do not fit", () => {
  const window = [2, 2, 1, 1, 0, 0, 0, 0, 1, 1];
  const questions: Partial<Record<OpName, Omit<Question, "op" | "index">>> = {
    reshape: { attrs: [], operands: [[2, 3]], shape: [6] },
    transpose: { attrs: [], operands: [[2, 3]], shape: [3, 2] },
    permute: { attrs: [1, 0, 2], operands: [[2, 3, 1]], shape: [3, 2, 1] },
    fill: { attrs: [7], operands: [], shape: [3] },
    add: { attrs: [], operands: [[2, 3], [3]], shape: [2, 3] },
    relu: { attrs: [], operands: [[6]], shape: [6] },
    matmulT: {
      attrs: [],
      operands: [
        [2, 3],
        [4, 3],
      ],
      shape: [2, 4],
    },
    requantise: { attrs: [5, 3, 0], operands: [[6]], shape: [6] },
    rowsum: { attrs: [], operands: [[2, 3]], shape: [2, 1] },
    colsumT: { attrs: [], operands: [[2, 3]], shape: [1, 2] },
    rowmaxFinite: { attrs: [], operands: [[2, 3]], shape: [2, 1] },
    unfold: { attrs: window, operands: [[1, 1, 3, 4]], shape: [4, 6] },
    fold: { attrs: window, operands: [[4, 6]], shape: [1, 1, 3, 4] },
    maxpool: { attrs: window, operands: [[1, 1, 3, 4]], shape: [1, 1, 2, 3] },
    avgpool: { attrs: window, operands: [[1, 1, 3, 4]], shape: [1, 1, 2, 3] },
    maxpoolgrad: {
      attrs: window,
      operands: [
        [1, 1, 2, 3],
        [1, 1, 3, 4],
        [1, 1, 2, 3],
      ],
      shape: [1, 1, 3, 4],
    },
  };
  test.each(Object.entries(questions))("%s", async (op, rest) => {
    const question = { ...rest, op: op as OpName, index: 0 };
    const size = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);
    const trees = rest.operands.map((shape) => new TensorTree(argumentsWithin(2, size(shape), 9)));
    const given = refereeCase(question, trees);
    expect(typeof (await ask(referees, question, trees))).toBe("bigint");
    const refused = async (change: object) => {
      await expect(
        ask(referees, question, trees, change),
        JSON.stringify(change, (_, v) => String(v)),
      ).rejects.toThrow();
    };
    if (op !== "fill") {
      await refused({ shape: [...given.shape, 2n] });
      await refused({ shape: given.shape.map((extent) => extent + 1n) });
      await refused({ shape: given.shape.map(() => 2n ** 48n) });
      await refused({ operands: [] });
    }
    await refused({ operands: [...given.operands, ...given.operands, { root: `0x${"0".repeat(64)}`, shape: [1n] }] });
    await refused({ attrs: [...given.attrs, 1n] });
    if (op !== "fill") await refused({ shape: [] });
    await refused({ index: BigInt(size(rest.shape)) });
    for (const [i] of given.operands.entries()) {
      const operands = given.operands.map((own, at) =>
        at === i ? { ...own, shape: own.shape.map((e) => e + 1n) } : own,
      );
      await refused({ operands });
      const huge = given.operands.map((own, at) =>
        at === i ? { ...own, shape: own.shape.map(() => 2n ** 255n) } : own,
      );
      await refused({ operands: huge });
    }
    if (op !== "fill" && op !== "requantise")
      for (const [i] of given.attrs.entries())
        for (const bad of [2n ** 200n, -1n, 70_000n])
          await refused({ attrs: given.attrs.map((own, at) => (at === i ? bad : own)) });
  });
  test("an operator without number is nobody's", () => {
    expect(Object.values(OPCODES)).not.toContain(0);
  });
});
