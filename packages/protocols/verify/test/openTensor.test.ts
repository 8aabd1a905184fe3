import type { Hash } from "@base/bytes/hash.ts";
import type { SolidityTwin } from "@base/testkit/solidity.ts";
import { toBytes } from "@machines/engine/bits.ts";
import { tensorRoot, tensorsRoot } from "@machines/engine/commit/roots.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openName, type Opening, TensorTree } from "../src/openTensor.ts";
import { ask as askReferee, deployReferees, readerTwin, type Referees } from "./twin.ts";

let twin: SolidityTwin;
let referees: Referees;
beforeAll(async () => {
  twin = await readerTwin();
  referees = await deployReferees();
}, 300_000);
afterAll(() => Promise.all([twin?.close(), referees?.close()]));

const tensor = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sqrt(i) - 20);
const all = tensor(5000);
const tree = new TensorTree(all);
const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString("hex")}`;
const readAs = (width: bigint, root: Hash, size: bigint, from: bigint, count: bigint, openings: readonly Opening[]) => {
  const x = { op: 1, attrs: [], operands: [{ root, shape: [size] }], shape: [size], index: 0n };
  return twin.call("read", [x, [openings], width, from, count]);
};
const read = (openings: readonly Opening[], from: number, count: number, size = all.length, root = tree.root) =>
  readAs(4n, root, BigInt(size), BigInt(from), BigInt(count), openings);

test("V1: the root is the engine's", () => {
  for (const count of [0, 1, 1023, 1024, 1025, 3072, 5000])
    expect(new TensorTree(tensor(count)).root).toBe(tensorRoot(tensor(count)));
});

test("V1: any range reads back, over borders and at the short last leaf", async () => {
  for (const [from, count] of [
    [0, 1],
    [1023, 2],
    [1000, 3000],
    [4999, 1],
    [4096, 904],
    [0, 5000],
    [17, 0],
    [5000, 0],
  ] as const)
    expect(await read(tree.open(from, count), from, count)).toBe(
      hex(toBytes(all).subarray(from * 4, (from + count) * 4)),
    );
});

test("V1: int8 leaves are 1,024 bytes", async () => {
  const bytes = Int8Array.from({ length: 2500 }, (_, i) => (i * 7) % 256);
  const small = new TensorTree(bytes);
  const answer = await readAs(1n, small.root, 2500n, 1020n, 1300n, small.open(1020, 1300));
  expect(answer).toBe(hex(new Uint8Array(bytes.buffer, 1020, 1300)));
});

describe("V2: what was not hashed is not read", () => {
  const opened = tree.open(1000, 100);
  const [low, high] = opened as [Opening, Opening];
  const flipped = (text: `0x${string}`, at: number) =>
    `${text.slice(0, at)}${text[at] === "0" ? "1" : "0"}${text.slice(at + 1)}` as `0x${string}`;

  test.each<[string, () => Promise<unknown>]>([
    ["a changed byte that is wanted", () => read([{ ...low, leaf: flipped(low.leaf, 8100) }, high], 1000, 100)],
    ["a changed byte that is not wanted", () => read([{ ...low, leaf: flipped(low.leaf, 2) }, high], 1000, 100)],
    ["leaves in the wrong order", () => read([high, low], 1000, 100)],
    ["the same leaf twice", () => read([low, low], 1000, 100)],
    ["a leaf missing", () => read([low], 1000, 100)],
    ["a leaf too many", () => read([low, high, high], 1000, 100)],
    ["a shorter leaf", () => read([{ ...low, leaf: low.leaf.slice(0, -2) as `0x${string}` }, high], 1000, 100)],
    ["a longer leaf", () => read([{ ...low, leaf: `${low.leaf}00` }, high], 1000, 100)],
    ["a path cut short", () => read([{ ...low, path: low.path.slice(1) }, high], 1000, 100)],
    ["a path too long", () => read([{ ...low, path: [...low.path, tree.root] }, high], 1000, 100)],
    ["another size with another number of leaves", () => read(opened, 1000, 100, 9000)],
    ["another root", () => read(opened, 1000, 100, 5000, new TensorTree(tensor(4999)).root)],
    ["elements beyond the end", () => read(tree.open(4999, 1), 4999, 2)],
    ["a range that wraps", () => readAs(4n, tree.root, 5000n, 2n ** 256n - 1n, 2n, opened)],
    ["a size that overflows", () => readAs(4n, tree.root, 2n ** 255n, 1000n, 100n, opened)],
  ])("%s", async (_, attempt) => {
    await expect(attempt()).rejects.toThrow();
  });

  test("an inner node is no leaf", async () => {
    const two = new TensorTree(tensor(2048));
    const paths = [two.open(0, 1)[0], two.open(1024, 1)[0]].map((opening) => (opening as Opening).path[0] as string);
    const forged = { leaf: `0x${paths[1]?.slice(2)}${paths[0]?.slice(2)}` as `0x${string}`, path: [] };
    await expect(read([forged], 0, 1, 16, two.root)).rejects.toThrow();
  });

  test("an element outside the product, or extents that overflow", async () => {
    const question = {
      op: "matmulT",
      attrs: [],
      operands: [
        [5, 1000],
        [5, 1000],
      ],
      shape: [5, 5],
      index: 24,
    } as const;
    const change = (patch: object) => askReferee(referees, question, [tree, tree], patch);
    expect(typeof (await change({}))).toBe("bigint");
    const operands = (m: bigint, k: bigint) => [0, 1].map(() => ({ root: tree.root, shape: [m, k] }));
    await expect(change({ index: 25n })).rejects.toThrow();
    await expect(change({ operands: operands(2n ** 200n, 1000n), shape: [2n ** 200n, 2n ** 200n] })).rejects.toThrow();
    await expect(change({ operands: operands(5n, 2n ** 255n) })).rejects.toThrow();
    await expect(change({ operands: operands(2n ** 47n, 4n), shape: [2n ** 47n, 2n ** 47n] })).rejects.toThrow();
  });
});

describe("V4: names, shapes and roots of a list", () => {
  const list = [
    { name: "dense1.w", shape: [7, 16], values: tensor(112) },
    { name: "dense1.b", shape: [16], values: tensor(16) },
    { name: "scale", shape: [], values: tensor(1) },
  ];
  const root = tensorsRoot("assay/parameters/1", list);
  const ask = (
    index: number,
    change: { kind?: string; count?: number; name?: string; shape?: readonly number[] } = {},
  ) => {
    const { tensorRoot: own, headerPath, path } = openName("assay/parameters/1", list, index);
    const {
      kind = "assay/parameters/1",
      count = 3,
      name = list[index]?.name,
      shape = list[index]?.shape ?? [],
    } = change;
    const named = { kind, count: BigInt(count), index: BigInt(index), name, shape: shape.map(BigInt), tensorRoot: own };
    return twin.call("names", [root, { ...named, headerPath, path }]);
  };

  test("each tensor's own are accepted", async () => {
    for (const index of [0, 1, 2]) expect(await ask(index)).toBe(true);
  });

  test.each([
    { kind: "assay/parameters/2" },
    { count: 2 },
    { count: 4 },
    { name: "dense1.b" },
    { shape: [16, 7] },
    { shape: [112] },
  ])("%o is refused", async (change) => {
    expect(await ask(0, change)).toBe(false);
  });

  test("a name that would need escapes is refused", async () => {
    await expect(ask(0, { name: 'w","root":"0x' })).rejects.toThrow();
  });
});
