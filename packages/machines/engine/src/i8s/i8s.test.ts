import fc from "fast-check";
import { expect, test } from "vitest";
import { randomWord } from "../random/philox.ts";
import { IntegerProduct } from "./matmul/product.ts";
import { matmulReference } from "./matmul/reference.ts";
import { type Requantiser, requantiseReference, requantiserFor } from "./requantise/reference.ts";

const bytes = (count: number, seed: number) =>
  Int8Array.from({ length: count }, (_, i) => randomWord(seed, 90, 0, 0, i) >>> 24);

test.each([
  [1, 1, 1],
  [4, 2, 8],
  [5, 7, 9],
  [3, 64, 17],
  [9, 33, 31],
  [2, 0, 3],
  [6, 257, 24],
  [67, 100, 40],
])("the int8 product [%i, %i] by %i equals the reference", (m, k, n) => {
  const [a, b] = [bytes(m * k, 1), bytes(k * n, 2)];
  const product = new IntegerProduct(b, m, k, n);
  const sums = matmulReference(a, b, m, k, n);
  expect(product.sums(a)).toEqual(sums);
  const requantiser = requantiserFor(1 / (k + 3) / 3, -5);
  expect(product.run(a, requantiser)).toEqual(requantiseReference(sums, requantiser));
});

test("the largest and smallest sums are exact", () => {
  const k = 131_071;
  const [low, high] = [new Int8Array(k).fill(-128), new Int8Array(k).fill(127)];
  expect(new IntegerProduct(low, 1, k, 1).sums(low)[0]).toBe(128 * 128 * k);
  expect(new IntegerProduct(low, 1, k, 1).sums(high)[0]).toBe(-128 * 127 * k);
  expect(() => new IntegerProduct(new Int8Array(k + 1), 1, k + 1, 1)).toThrow(/at most/);
});

test("the last panel's rows may read on behind it, and never behind memory", () => {
  // Most rows that pass one panel, one panel, and k so large that what is read ahead does not fit into a spare page.
  const [m, k] = [65, 60_000];
  const product = new IntegerProduct(bytes(k, 3), m, k, 1);
  const a = bytes(m * k, 4);
  expect(product.sums(a)[64]).toBe(matmulReference(a.subarray(64 * k), bytes(k, 3), 1, k, 1)[0]);
});

test("the requantiser rounds halves up, shifts arithmetically and clamps", () => {
  const rule: Requantiser = { multiplier: 1, shift: 1, zero: 0 };
  expect([...requantiseReference(Int32Array.of(1, -1, 3, -3, 2, 1000, -1000), rule)]).toEqual([
    1, 0, 2, -1, 1, 127, -128,
  ]);
  for (const wrong of [{ multiplier: -1 }, { shift: 0 }, { shift: 63 }, { zero: 128 }, { multiplier: 2 ** 31 }])
    expect(() => requantiseReference(Int32Array.of(0), { ...rule, ...wrong })).toThrow();
});

test("kernel and reference requantise alike over the whole range", () => {
  const word = fc.integer({ min: -128, max: 127 });
  const rule = fc.record({
    multiplier: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    shift: fc.integer({ min: 1, max: 62 }),
    zero: word,
  });
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 6, maxLength: 6 }),
      fc.array(word, { minLength: 6, maxLength: 6 }),
      rule,
      (x, y, requantiser) => {
        const [a, b] = [Int8Array.from(x), Int8Array.from(y)];
        const expected = requantiseReference(matmulReference(a, b, 2, 3, 2), requantiser);
        expect(new IntegerProduct(b, 2, 3, 2).run(a, requantiser)).toEqual(expected);
      },
    ),
    { numRuns: 100 },
  );
});

test("sixteen and four sums at a time are requantised like one: large sums, every shift, both ends", () => {
  const k = 4096;
  const a = Int8Array.from({ length: 2 * k }, (_, i) => (i < k ? -128 : i % 2 === 0 ? -128 : 127));
  const b = bytes(k * 37, 5).map((value, i) => (i % 37 < 2 ? -128 : i % 37 === 2 ? 127 : value));
  const product = new IntegerProduct(b, 2, k, 37);
  const sums = matmulReference(a, b, 2, k, 37);
  expect(product.sums(a)).toEqual(sums);
  for (let shift = 1; shift <= 62; shift++)
    for (const multiplier of [0, 1, 3, 65_537, 2 ** 30, 2 ** 31 - 1]) {
      const rule = { multiplier, shift, zero: (shift % 5) - 2 };
      expect(product.run(a, rule), `${shift} ${multiplier}`).toEqual(requantiseReference(sums, rule));
    }
});

test("a real factor becomes the nearest multiplier", () => {
  for (const factor of [0.5, 0.001, 0.999_999_999_9, 1e-9, 0.3]) {
    const { multiplier, shift } = requantiserFor(factor);
    expect(Math.abs(multiplier / 2 ** shift - factor) / factor).toBeLessThan(2 ** -20);
  }
  expect(() => requantiserFor(1)).toThrow();
});
