import { expect, test } from "vitest";
import { groupMetrics, type Outcome } from "./groupMetrics.ts";

const rows = (group: string, said: readonly number[], targets: readonly number[]): Outcome[] =>
  said.map((probability, at) => ({ group, probability, target: targets[at] as 0 | 1 }));

test("rates, four-fifths rule and odds by hand (SPEC T13)", () => {
  // Group a: 4 of 5 selected, 3 of 3 right ones found, 1 of 2 others. Group b: 2 of 5, 1 of 2 and 1 of 3.
  const found = groupMetrics(
    [
      ...rows("b", [0.9, 0.9, 0.1, 0.1, 0.1], [1, 0, 1, 0, 0]),
      ...rows("a", [0.9, 0.9, 0.9, 0.5, 0.1], [1, 1, 1, 0, 0]),
    ],
    0.5,
  );
  expect(found.groups.map(({ group, selected, selectionRate }) => [group, selected, selectionRate])).toEqual([
    ["a", 4, 0.8],
    ["b", 2, 0.4],
  ]);
  expect(found.groups[0]).toMatchObject({ truePositiveRate: 1, falsePositiveRate: 0.5, accuracy: 0.8, seen: 0.6 });
  expect(found.groups[1]).toMatchObject({ truePositiveRate: 0.5, falsePositiveRate: 1 / 3, accuracy: 0.6, seen: 0.4 });
  expect(found.disparateImpact).toBe(0.5);
  expect(found.fourFifths).toBe(false);
  expect(found.demographicParityDifference).toBeCloseTo(0.4, 12);
  expect(found.equalisedOddsDifference).toBe(0.5);
  expect(found.calibrationGap).toBeCloseTo(0.06, 12);
});

test("says what it cannot say", () => {
  const nobody = groupMetrics([...rows("a", [0.1], [1]), ...rows("b", [0.2], [0])], 0.5);
  expect(nobody).toMatchObject({ disparateImpact: null, fourFifths: null, equalisedOddsDifference: null });
  expect(() => groupMetrics([], 0.5)).toThrow(/no row/);
});

test("calibration by tenths and group, by hand (SPEC T14)", () => {
  const { calibration, groups, truePositiveDifference, falsePositiveDifference } = groupMetrics(
    [...rows("a", [0.1, 0.15, 1, 0.95], [0, 1, 1, 1]), ...rows("b", [0.5], [0])],
    0.5,
  );
  const [a, b] = calibration;
  expect(a?.bins).toEqual([
    { from: 0.1, rows: 2, said: 0.125, seen: 0.5 },
    { from: 0.9, rows: 2, said: 0.975, seen: 1 },
  ]);
  expect(a?.expectedError).toBeCloseTo((2 * 0.375 + 2 * 0.025) / 4, 12);
  expect(a?.largestError).toBeCloseTo(0.375, 12);
  expect(b).toEqual({
    group: "b",
    bins: [{ from: 0.5, rows: 1, said: 0.5, seen: 0 }],
    expectedError: 0.5,
    largestError: 0.5,
  });
  expect(groups.map(({ precision }) => precision)).toEqual([1, 0]);
  expect([truePositiveDifference, falsePositiveDifference]).toEqual([null, 1]);
});
