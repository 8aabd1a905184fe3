import { expect, test } from "vitest";
import { bitsOf, fromBits } from "../src/bits.ts";
import { exp32 } from "../src/ops/exp/reference.ts";
import { log32 } from "../src/ops/log/reference.ts";
import { sigmoid32 } from "../src/ops/sigmoid/reference.ts";
import { softplus32 } from "../src/ops/softplus/reference.ts";
import { tanh32 } from "../src/ops/tanh/reference.ts";

/** Distance to the binary64 value in units of the last place of its binary32 neighbourhood. */
function ulps(got: number, exact: number): number {
  const rounded = Math.fround(exact);
  if (!Number.isFinite(rounded) || !Number.isFinite(got)) return Object.is(got, rounded) ? 0 : 1;
  const size = Math.abs(rounded);
  const ulp = fromBits(bitsOf(size) + 1) - size;
  return Math.abs(got - exact) / ulp;
}

/** The stated sample: every 4099th bit pattern of both signs in [low, high] by size, about 10^6 values in all. */
function worst(
  compute: (x: number) => number,
  exact: (x: number) => number,
  high: number,
  signs: readonly number[],
): number {
  let worstSeen = 0;
  for (let bits = 1; bits <= bitsOf(high); bits += 4099)
    for (const sign of signs) {
      const x = sign * fromBits(bits);
      worstSeen = Math.max(worstSeen, ulps(compute(x), exact(x)));
    }
  return worstSeen;
}

const stableSigmoid = (x: number) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));
const stableSoftplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

test.each([
  ["exp", exp32, Math.exp, 110, [1, -1], 1.5],
  ["log", log32, Math.log, 3.4e38, [1], 1.5],
  ["sigmoid", sigmoid32, stableSigmoid, 110, [1, -1], 2.5],
  ["tanh", tanh32, Math.tanh, 20, [1, -1], 2.5],
  ["softplus", softplus32, stableSoftplus, 110, [1, -1], 3],
] as const)("%s stays within the error its specification states", (name, compute, exact, high, signs, bound) => {
  const found = worst(compute, exact, high, signs);
  if (process.env.ASSAY_PRINT) console.log(`${name}: ${found.toFixed(3)} ulp`);
  expect(found).toBeLessThanOrEqual(bound);
  expect(found).toBeGreaterThan(0.4); // a correctly rounded sample reaches almost one half: the yardstick works
});

test("special values", () => {
  expect(exp32(Number.NEGATIVE_INFINITY)).toBe(0);
  expect(exp32(0)).toBe(1);
  expect(exp32(88.72284)).toBe(Number.POSITIVE_INFINITY);
  expect(exp32(-103.97)).toBe(2 ** -149);
  expect(log32(1)).toBe(0);
  expect(log32(-0)).toBe(Number.NEGATIVE_INFINITY);
  expect(log32(-1)).toBeNaN();
  expect(Object.is(tanh32(-0), -0)).toBe(true);
  expect(tanh32(Number.NEGATIVE_INFINITY)).toBe(-1);
  expect(sigmoid32(Number.NEGATIVE_INFINITY)).toBe(0);
  expect(softplus32(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
});
