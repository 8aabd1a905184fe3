import { readFileSync } from "node:fs";
import type { SolidityTwin } from "@base/testkit/solidity.ts";
import { bitsOf, fromHexBits, toHexBits } from "@machines/engine/bits.ts";
import { matmulReference } from "@machines/engine/i8s/matmul/reference.ts";
import { requantiseReference, requantiserFor } from "@machines/engine/i8s/requantise/reference.ts";
import { reference as matmulOf } from "@machines/engine/ops/matmul/reference.ts";
import type { Reference } from "@machines/engine/ops/op.ts";
import { reference as permuteOf } from "@machines/engine/ops/permute/reference.ts";
import { reference as reshapeOf } from "@machines/engine/ops/reshape/reference.ts";
import { reference as rowsumOf } from "@machines/engine/ops/rowsum/reference.ts";
import { reference as transposeOf } from "@machines/engine/ops/transpose/reference.ts";
import { reference as unfoldOf } from "@machines/engine/ops/unfold/reference.ts";
import { windowOf } from "@machines/engine/ops/window.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TensorTree } from "../src/openTensor.ts";
import { foldedPlaces, pooledRange, refereeWindow } from "../src/windowOpening.ts";
import {
  argumentsWithin,
  computeAll,
  ELEMENTWISE,
  FIXED,
  operand,
  product,
  refereeTwin,
  transposed,
  type Vector,
} from "./twin.ts";

const layouts: Record<string, Reference> = { reshape: reshapeOf, transpose: transposeOf, permute: permuteOf };

let twin: SolidityTwin;
beforeAll(async () => {
  twin = await refereeTwin();
});
afterAll(() => twin?.close());

const vectorsOf = (op: string): Vector[] =>
  JSON.parse(readFileSync(new URL(`../../../machines/engine/src/ops/${op}/vectors.json`, import.meta.url), "utf8"));
const expected = (vector: Vector, index: number) => BigInt(`0x${vector.output.slice(index * 8, index * 8 + 8)}`);
const bigints = (shape: readonly number[]) => shape.map(BigInt);

/** At most `most` indices below `size`, the first and the last among them. */
function sample(size: number, most: number): number[] {
  const step = Math.max(1, Math.ceil(size / most));
  return [...new Set([...Array(size).keys()].filter((i) => i % step === 0).concat(size > 0 ? size - 1 : []))];
}

/** Seeded values: mostly ordinary, every eighth any bit pattern. */
function values(count: number, seed: number): Float32Array {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
  const words = Uint32Array.from({ length: count }, (_, i) => {
    const word = next();
    return i % 8 === 7 ? word : (word & 0x807fffff) | (0x3b800000 + ((next() >>> 8) % 10) * 0x800000);
  });
  return fromHexBits([...words].map((word) => word.toString(16).padStart(8, "0")).join(""));
}

/** V3: the engine's vectors, through openings. */
describe("matmul", () => {
  test("every vector of the engine", async () => {
    for (const vector of vectorsOf("matmul")) {
      const [a, b] = [operand(vector, 0), operand(vector, 1)];
      const [m, k] = a.shape as [number, number];
      const n = b.shape[1] as number;
      const [left, turned] = [new TensorTree(a.values), new TensorTree(transposed(b.values, k, n))];
      for (const index of sample(m * n, 8)) {
        const x = product(left, turned, [m, k, n], Math.floor(index / n), index % n);
        expect(await twin.call("dot", [x])).toBe(expected(vector, index));
      }
    }
  });

  test("rows over leaf borders, in one piece and in several", async () => {
    const [m, k, n] = [3, 1500, 2];
    const [a, b] = [values(m * k, 1), values(k * n, 2)];
    const [left, turned] = [new TensorTree(a), new TensorTree(transposed(b, k, n))];
    const truth = matmulOf.compute(
      [
        { shape: [m, k], values: a },
        { shape: [k, n], values: b },
      ],
      {},
    );
    for (const [i, j] of [
      [0, 0],
      [1, 1],
      [2, 0],
    ] as const) {
      const bits = BigInt(bitsOf(truth[i * n + j] as number));
      expect(await twin.call("dot", [product(left, turned, [m, k, n], i, j)])).toBe(bits);
      let sum = 0n;
      for (const [first, last] of [
        [0, 7],
        [7, 1031],
        [1031, 1500],
      ] as const) {
        const piece = product(left, turned, [m, k, n], i, j, [first, last]);
        sum = (await twin.call("dotRange", [piece, BigInt(first), BigInt(last), sum])) as bigint;
      }
      expect(sum).toBe(bits);
    }
  });

  test("k = 0 gives +0 and opens nothing", async () => {
    const empty = new TensorTree(new Float32Array());
    expect(await twin.call("dot", [product(empty, empty, [2, 0, 2], 1, 1)])).toBe(0n);
  });

  test("int8: the exact sum, requantised", async () => {
    const [m, k, n] = [2, 1030, 3];
    const bytes = (count: number, seed: number) =>
      Int8Array.from({ length: count }, (_, i) => (i * i * 31 + seed) % 256);
    const [a, b] = [bytes(m * k, 3), bytes(k * n, 5)];
    a.fill(-128, 0, 5);
    const sums = matmulReference(a, b, m, k, n);
    const [left, turned] = [new TensorTree(a), new TensorTree(transposed(b, k, n))];
    const factor = requantiserFor(0.000137, -3);
    const small = requantiseReference(sums, factor);
    for (let index = 0; index < m * n; index++) {
      const sum = await twin.call("dotInt8", [product(left, turned, [m, k, n], Math.floor(index / n), index % n)]);
      expect(sum).toBe(BigInt(sums[index] as number));
      const args = [sum, BigInt(factor.multiplier), BigInt(factor.shift), BigInt(factor.zero)];
      expect(await twin.call("requantise", args)).toBe(BigInt(small[index] as number));
    }
  });
});

/** V3: the engine's vectors, through openings and broadcasting. */
describe("elementwise", () => {
  test.each(ELEMENTWISE)("%s: the vectors of the engine", async (op) => {
    for (const vector of vectorsOf(op)) {
      const tensors = vector.shapes.map((_, index) => operand(vector, index));
      const trees = tensors.map(({ values: all }) => new TensorTree(all));
      for (const index of sample(vector.output.length / 8, 6)) {
        const at = tensors.map(({ shape }) => place(shape, resultShape(vector.shapes), index));
        const opened = tensors.map(({ shape }, i) => ({
          root: (trees[i] as TensorTree).root,
          shape: bigints(shape),
          openings: (trees[i] as TensorTree).open(at[i] as number, 1),
        }));
        const kind = ELEMENTWISE.indexOf(op);
        const answer = await twin.call(opened.length === 1 ? "unary" : "binary", [kind, ...opened, BigInt(index)]);
        expect(answer).toBe(expected(vector, index));
      }
    }
  });

  test.each(Object.keys(FIXED))("%s: the bits of the reference at edges and on 600 patterns", async (op) => {
    const edges = fromHexBits(
      "00000000800000007f800000ff8000007fc00000000000017f7fffff42b2000042b17218c2d00000c2cff0003f2000003f1fffff3f3504f3",
    );
    const bound = op === "exp" ? 100 : 12;
    const xs = Float32Array.from([...edges, ...argumentsWithin(bound, 600, 11)]);
    const truth = (FIXED[op] as Reference).compute([{ shape: [xs.length], values: xs }], {});
    expect(await computeAll(twin, op, xs)).toBe(toHexBits(truth));
  });
});

/** V3: the engine's vectors, through openings. */
describe("reductions", () => {
  test.each([
    ["rowsum", "rowSum"],
    ["logsumexp", "logSumExp"],
    ["softmax", "softmax"],
    ["colsum", "columnSum"],
  ])("%s: every vector of the engine", async (op, name) => {
    for (const vector of vectorsOf(op)) {
      const { shape, values: all } = operand(vector, 0);
      const last = shape.at(-1) as number;
      const ahead = shape.slice(0, -1).reduce((size, extent) => size * extent, 1);
      const [rows, length] = op === "colsum" ? [last, ahead] : [ahead, last];
      const tree = new TensorTree(op === "colsum" ? transposed(all, ahead, last) : all);
      for (const index of sample(vector.output.length / 8, 6)) {
        const row = op === "softmax" ? Math.floor(index / length) : index;
        const opened = {
          root: tree.root,
          rows: BigInt(rows),
          length: BigInt(length),
          index: BigInt(row),
          openings: tree.open(row * length, length),
        };
        const args = op === "softmax" ? [opened, BigInt(index % length)] : [opened];
        expect(await twin.call(name, args)).toBe(expected(vector, index));
      }
    }
  });

  test("a row over leaf borders keeps its lanes", async () => {
    const [rows, length] = [2, 1333];
    const all = values(rows * length, 21).map((x) => (Math.abs(x) < 1e9 ? x : 1));
    const truth = rowsumOf.compute([{ shape: [rows, length], values: all }], {});
    const tree = new TensorTree(all);
    for (let index = 0; index < rows; index++) {
      const opened = {
        root: tree.root,
        rows: 2n,
        length: 1333n,
        index: BigInt(index),
        openings: tree.open(index * length, length),
      };
      expect(await twin.call("rowSum", [opened])).toBe(BigInt(bitsOf(truth[index] as number)));
    }
  });
});

/** V3, V7: each element of the result lies somewhere in the operand; the engine's permutation says where. */
describe("layouts", () => {
  test.each(["reshape", "transpose", "permute"])("%s: the vectors of the engine", async (op) => {
    for (const vector of vectorsOf(op)) {
      const { shape, values: all } = operand(vector, 0);
      const tree = new TensorTree(all);
      const marks = Float32Array.from(all, (_, i) => i);
      const moved = layouts[op]?.compute([{ shape, values: marks }], vector.attrs ?? {}) as Float32Array;
      for (const index of sample(all.length, 8)) {
        const x = { root: tree.root, shape: bigints(shape), openings: tree.open(moved[index] as number, 1) };
        const attribute = vector.attrs?.[op === "reshape" ? "shape" : "perm"] as number[] | undefined;
        const middle = attribute ? [bigints(attribute)] : [];
        const name = { reshape: "reshaped", transpose: "transposed", permute: "permuted" }[op] as string;
        expect(await twin.call(name, [x, ...middle, BigInt(index)])).toBe(expected(vector, index));
      }
    }
  });

  test("other sizes, axes named twice and elements outside are refused", async () => {
    const tree = new TensorTree(values(6, 3));
    const x = { root: tree.root, shape: [2n, 3n], openings: tree.open(0, 1) };
    await expect(twin.call("reshaped", [x, [2n, 4n], 0n])).rejects.toThrow();
    await expect(twin.call("reshaped", [x, [6n], 6n])).rejects.toThrow();
    await expect(twin.call("transposed", [x, 6n])).rejects.toThrow();
    await expect(twin.call("transposed", [{ ...x, shape: [6n] }, 0n])).rejects.toThrow();
    await expect(twin.call("permuted", [x, [1n, 1n], 0n])).rejects.toThrow();
    await expect(twin.call("permuted", [x, [0n, 1n], 6n])).rejects.toThrow();
    await expect(twin.call("unary", [0, x, 0n])).rejects.toThrow();
    await expect(twin.call("binary", [0, x, { ...x, shape: [2n, 2n] }, 0n])).rejects.toThrow();
    await expect(twin.call("binary", [0, x, x, 6n])).rejects.toThrow();
  });
});

/** V3, V9: the engine's vectors, through openings. */
describe("windows", () => {
  test.each([
    ["maxpool", "maxPooled"],
    ["avgpool", "averagePooled"],
  ])("%s: every vector of the engine", async (op, name) => {
    for (const vector of vectorsOf(op)) {
      const { shape, values: all } = operand(vector, 0);
      const tree = new TensorTree(all);
      const [window, attrs] = [refereeWindow(shape, vector.attrs ?? {}), vector.attrs ?? {}];
      for (const index of sample(vector.output.length / 8, 8)) {
        const { from, count } = pooledRange(windowOf(op, shape, attrs), index);
        const answer = await twin.call(name, [tree.root, window, BigInt(index), tree.open(from, count)]);
        expect(answer).toBe(expected(vector, index));
      }
      await expect(twin.call(name, [tree.root, window, BigInt(vector.output.length / 8), []])).rejects.toThrow();
    }
  });

  test("unfold: every vector of the engine", async () => {
    for (const vector of vectorsOf("unfold")) {
      const { shape, values: all } = operand(vector, 0);
      const tree = new TensorTree(all);
      const marks = Float32Array.from(all, (_, i) => i + 1);
      const moved = unfoldOf.compute([{ shape, values: marks }], vector.attrs ?? {});
      const window = refereeWindow(shape, vector.attrs ?? {});
      for (const index of sample(vector.output.length / 8, 10)) {
        const mark = moved[index] as number;
        const openings = mark === 0 ? [] : tree.open(mark - 1, 1);
        expect(await twin.call("unfolded", [tree.root, window, BigInt(index), openings])).toBe(expected(vector, index));
      }
      await expect(
        twin.call("unfolded", [tree.root, window, BigInt(vector.output.length / 8), tree.open(0, 1)]),
      ).rejects.toThrow();
    }
  });

  test("fold: every vector of the engine", async () => {
    for (const vector of vectorsOf("fold")) {
      const tree = new TensorTree(operand(vector, 0).values);
      const { size, ...attrs } = vector.attrs ?? {};
      const shape = size as readonly number[];
      const window = refereeWindow(shape, attrs);
      for (const index of sample(vector.output.length / 8, 13)) {
        const openings = foldedPlaces(windowOf("fold", shape, attrs), index).flatMap((place) => tree.open(place, 1));
        const answer = await twin.call("folded", [tree.root, window, BigInt(index), openings]);
        expect(answer).toBe(expected(vector, index));
        if (openings.length > 2) {
          const fewer = twin.call("folded", [tree.root, window, BigInt(index), openings.slice(1)]);
          await expect(fewer).rejects.toThrow();
        }
      }
    }
  });

  test("conv2d of one group: the vectors of the engine, by its unfolded operand", async () => {
    let seen = 0;
    for (const vector of vectorsOf("conv2d")) {
      const [x, w] = [operand(vector, 0), operand(vector, 1)];
      const { groups = 1, ...attrs } = vector.attrs ?? {};
      if (groups !== 1) continue;
      seen++;
      const unfold = { ...attrs, kernel: w.shape.slice(2) };
      const { n, out } = windowOf("conv2d", x.shape, unfold);
      const m = w.shape[0] as number;
      const k = w.values.length / m;
      const plane = out[0] * out[1];
      const columns = n * plane;
      const matrix = unfoldOf.compute([x], unfold);
      const [left, turned] = [new TensorTree(w.values), new TensorTree(transposed(matrix, k, columns))];
      for (const index of sample(vector.output.length / 8, 8)) {
        const column = Math.floor(index / (m * plane)) * plane + (index % plane);
        const opened = product(left, turned, [m, k, columns], Math.floor(index / plane) % m, column);
        expect(await twin.call("dot", [opened])).toBe(expected(vector, index));
      }
    }
    expect(seen).toBeGreaterThan(0);
  });

  test("windows that do not fit or overflow are refused", async () => {
    const tree = new TensorTree(values(36, 5));
    const window = refereeWindow([1, 1, 6, 6], { kernel: [3, 3] });
    const ask = (change: object) => twin.call("maxPooled", [tree.root, { ...window, ...change }, 0n, tree.open(0, 18)]);
    expect(typeof (await ask({}))).toBe("bigint");
    for (const change of [
      { kernel: [7n, 3n] },
      { kernel: [0n, 3n] },
      { strides: [0n, 1n] },
      { dilations: [2n ** 200n, 1n] },
      { pads: [2n ** 64n, 0n, 0n, 0n] },
      { h: 2n ** 100n },
      { n: 2n ** 47n, c: 2n ** 47n },
      { w: 7n },
      { n: 0n },
    ])
      await expect(ask(change)).rejects.toThrow();
  });
});

/** NumPy broadcasting, written apart from contract and engine. */
function resultShape(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const extents = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    return extents.find((extent) => extent !== 1) ?? 1;
  });
}

function place(shape: readonly number[], result: readonly number[], index: number): number {
  const position: number[] = [];
  let rest = index;
  for (const extent of [...result].reverse()) {
    position.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return shape.reduce((at, extent, axis) => {
    const along = position[axis + result.length - shape.length] as number;
    return at * extent + (extent === 1 ? 0 : along);
  }, 0);
}
