import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { f32Differences, f32Pairs, f32Reference, f32Twin, operations } from "../test/f32Twin.ts";

let twin: Awaited<ReturnType<typeof f32Twin>>;
beforeAll(async () => {
  twin = await f32Twin();
});
afterAll(() => twin?.close());

describe("F32.sol and Math.fround", () => {
  test.each(operations)("%s: the same bits on 4,000 seeded pairs", async (operation) => {
    const pairs = f32Pairs(4000, 0x5eed + operations.indexOf(operation));
    expect(f32Differences(operation, pairs, await twin.run(operation, pairs))).toEqual([]);
  });

  test("the comparison can fail", async () => {
    const pairs = f32Pairs(64, 7);
    const answers = await twin.run("add", pairs);
    answers[13] = (answers[13] as number) ^ 1;
    expect(f32Differences("add", pairs, answers)).toHaveLength(1);
  });

  const bits = fc.nat(0xffffffff);
  test("any pair of patterns, shrunk when it fails", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(bits, bits), { minLength: 20, maxLength: 40 }), async (rows) => {
        const pairs = Uint32Array.from(rows.flat());
        for (const operation of ["add", "mul", "div"] as const)
          expect(f32Differences(operation, pairs, await twin.run(operation, pairs))).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });
});

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);
const bitsOf = (value: number): number => {
  float[0] = value;
  return word[0] as number;
};

describe("integers", () => {
  const samples = [
    0,
    1,
    -1,
    16777215,
    16777216,
    16777217,
    16777219,
    -16777217,
    33554434,
    33554438,
    2 ** 31,
    2 ** 52 - 1,
  ];
  test("fromInt rounds to nearest, ties to even", async () => {
    for (const value of samples) expect(await twin.call("fromInt", [BigInt(value)])).toBe(BigInt(bitsOf(value)));
    await fc.assert(
      fc.asyncProperty(fc.maxSafeInteger(), async (value) => {
        expect(await twin.call("fromInt", [BigInt(value)])).toBe(BigInt(bitsOf(value)));
      }),
      { numRuns: 60 },
    );
  });

  test("fromInt overflows to an infinity from 2^128 - 2^103 on", async () => {
    const limit = 2n ** 128n - 2n ** 103n;
    const bounds = [limit - 1n, limit, -(2n ** 255n), 2n ** 255n - 1n];
    const answers = await Promise.all(bounds.map((value) => twin.call("fromInt", [value])));
    expect(answers).toEqual([0x7f7fffffn, 0x7f800000n, 0xff800000n, 0x7f800000n]);
  });

  test("toInt cuts towards zero and refuses what is not finite", async () => {
    for (const value of [0, -0, 0.99, -0.99, 1.5, -1.5, 8388609.5, 16777216, -2147483648, 3e38, 1e-45])
      expect(await twin.call("toInt", [BigInt(bitsOf(value))])).toBe(BigInt(Math.trunc(Math.fround(value))));
    for (const refused of [0x7f800000n, 0xff800000n, 0x7fc00000n, 0xffffffffn])
      await expect(twin.call("toInt", [refused])).rejects.toThrow();
  });

  test("pack rounds once, at any exponent", async () => {
    const cases = [
      [1n, -149n, 1],
      [1n, -150n, 0],
      [3n, -151n, 1],
      [3n, -150n, 2],
      [1n, -1000n, 0],
      [0xffffffn, 104n, 0x7f7fffff],
      [0x1ffffffn, 103n, 0x7f800000],
      [1n, 128n, 0x7f800000],
      [2n ** 255n, -255n, 0x3f800000],
    ] as const;
    for (const [m, e, expected] of cases) expect(await twin.call("pack", [m, e])).toBe(BigInt(expected));
  });

  test("higher bits of an operand do not matter", async () => {
    expect(f32Reference("add", 0x3f800000, 0x33800001)).toBe(0x3f800001);
    expect(await twin.call("toInt", [2n ** 200n + 0xc0400000n])).toBe(-3n);
  });
});
