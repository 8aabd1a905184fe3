import { WAD } from "@base/units/wad.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import vectors from "../test/payout.vectors.json" with { type: "json" };
import { capitalOf, checkPayoutTerms, clampRatio, payoutOf, payoutShare, premiumOf } from "./payout.ts";

describe("payout", () => {
  test("agrees with the contract's vectors", () => {
    expect(vectors.length).toBeGreaterThan(100);
    for (const vector of vectors) {
      const [output, trigger, exit, tsi, sumInsured] = [
        vector.output,
        vector.trigger,
        vector.exit,
        vector.tsi,
        vector.sumInsured,
      ].map(BigInt) as [bigint, bigint, bigint, bigint, bigint];
      const terms = { trigger, exit, tsi };
      expect(payoutShare(clampRatio(output), terms)).toBe(BigInt(vector.share));
      expect(payoutOf(sumInsured, output, terms)).toBe(BigInt(vector.payout));
      expect(capitalOf(sumInsured, tsi)).toBe(BigInt(vector.capital));
    }
  });

  const terms = fc
    .tuple(fc.bigInt(1n, WAD), fc.bigInt(0n, WAD - 1n), fc.bigInt(1n, WAD))
    .filter(([trigger, exit, tsi]) => trigger > exit && tsi + exit <= WAD)
    .map(([trigger, exit, tsi]) => ({ trigger, exit, tsi }));

  test("never pays more than the capital behind it, and a worse season never less", () => {
    fc.assert(
      fc.property(
        terms,
        fc.bigInt(0n, 10n ** 30n),
        fc.bigInt(-WAD, 2n * WAD),
        fc.bigInt(0n, WAD),
        (t, sum, output, better) => {
          checkPayoutTerms(t);
          const paid = payoutOf(sum, output, t);
          expect(paid).toBeLessThanOrEqual(capitalOf(sum, t.tsi));
          expect(payoutOf(sum, output + better, t)).toBeLessThanOrEqual(paid);
        },
      ),
      { seed: 7, numRuns: 300 },
    );
  });

  test("payouts of parts never exceed that of the whole; premiums of parts never fall below it", () => {
    fc.assert(
      fc.property(
        terms,
        fc.array(fc.bigInt(1n, 10n ** 24n), { maxLength: 8 }),
        fc.bigInt(0n, WAD),
        (t, parts, output) => {
          const whole = parts.reduce((sum, part) => sum + part, 0n);
          const sum = (of: (part: bigint) => bigint) => parts.reduce((total, part) => total + of(part), 0n);
          expect(sum((part) => payoutOf(part, output, t))).toBeLessThanOrEqual(payoutOf(whole, output, t));
          expect(sum((part) => premiumOf(part, t.tsi))).toBeGreaterThanOrEqual(premiumOf(whole, t.tsi));
        },
      ),
      { seed: 8, numRuns: 200 },
    );
  });

  test("refuses terms that the contract refuses", () => {
    const half = WAD / 2n;
    for (const [trigger, exit, tsi] of [
      [half, half, 1n],
      [WAD + 1n, 0n, 1n],
      [half, 0n, 0n],
      [half, 1n, WAD],
      [half, -1n, half],
    ] as const)
      expect(() => checkPayoutTerms({ trigger, exit, tsi })).toThrow(/trigger must be above/);
  });
});
