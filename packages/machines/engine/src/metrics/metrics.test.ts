import { expect, test } from "vitest";
import { binaryScores, classScores } from "./classes.ts";
import { averagePrecision } from "./ranking.ts";
import { reliability } from "./reliability.ts";

test("binary scores by hand", () => {
  const scores = binaryScores([0.9, 0.6, 0.4, 0.2], [1, 0, 1, 0]);
  expect(scores).toMatchObject({ rows: 4, auc: 0.75, precision: 0.5, recall: 0.5, f1: 0.5, accuracy: 0.5 });
  expect(scores.averagePrecision).toBeCloseTo((1 + 2 / 3) / 2, 12);
  expect(scores.logLoss).toBeCloseTo(-(Math.log(0.9) + Math.log(0.4) + Math.log(0.4) + Math.log(0.8)) / 4, 6);
  expect(scores.brier).toBeCloseTo((0.01 + 0.36 + 0.36 + 0.04) / 4, 12);
  expect(binaryScores([0.9, 0.6, 0.4, 0.2], [1, 0, 1, 0], 0.95)).toMatchObject({ f1: 0, precision: 0, recall: 0 });
});

test("ties, absent classes and certainty are defined", () => {
  expect(binaryScores([0.5, 0.5], [1, 0]).auc).toBe(0.5);
  expect(averagePrecision([0.5, 0.5], [1, 0])).toBe(0.5);
  expect(binaryScores([0.5, 0.5], [0, 0])).toMatchObject({ auc: null, averagePrecision: null });
  expect(binaryScores([0], [1]).logLoss).toBeCloseTo(24 * Math.log(2), 5);
  expect(() => binaryScores([0.5], [])).toThrow(/as many/);
});

test("scores of several classes by hand", () => {
  const scores = classScores([Float32Array.of(0.5, 0.25, 0.25), [0.1, 0.2, 0.7], [0.6, 0.2, 0.2]], [0, 2, 1]);
  expect(scores.accuracy).toBeCloseTo(2 / 3, 12);
  expect(scores.macroF1).toBeCloseTo((2 / 3 + 0 + 1) / 3, 12);
  expect(scores.logLoss).toBeCloseTo(-(Math.log(0.5) + Math.log(0.7) + Math.log(0.2)) / 3, 6);
  expect(scores.brier).toBeCloseTo((0.25 + 0.125 + 0.14 + 0.36 + 0.64 + 0.04) / 3, 6);
});

test("reliability groups by probability", () => {
  const { table, error } = reliability([0.05, 0.07, 0.95, 1], [0, 1, 1, 1]);
  expect(table).toHaveLength(2);
  expect(table[0]).toMatchObject({ rows: 2, seen: 0.5 });
  expect(error).toBeCloseTo((2 * 0.44 + 2 * 0.025) / 4, 12);
});
