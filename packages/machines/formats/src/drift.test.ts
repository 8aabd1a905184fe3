import { describe, expect, test } from "vitest";
import { text } from "../test/samples.ts";
import { drift } from "./drift.ts";
import { profile } from "./profile.ts";
import { bytesSource } from "./source.ts";

const of = (name: string, cells: readonly (string | number)[]) =>
  profile(bytesSource(text(`${name},k\n${cells.map((cell) => `${cell},a`).join("\n")}\n`)), { format: "csv" });

/** Values of a uniform distribution at equal steps, moved by `by`. */
const uniform = (by: number, count = 2_000) => Array.from({ length: count }, (_, i) => i / count + by);

describe("drift", () => {
  test("the same distribution has not moved", async () => {
    const found = drift(await of("x", uniform(0)), await of("x", uniform(0, 3_000)));
    expect(found?.columns[0]).toMatchObject({ verdict: "same" });
    expect(found?.columns[0]?.psi).toBeLessThan(0.01);
    expect(found?.columns[0]?.ks).toBeLessThan(0.02);
    expect(found?.drifted).toEqual([]);
    expect(found?.rows).toEqual([2_000, 3_000]);
  });

  test("a shift by a fifth: the distances that mathematics gives", async () => {
    const column = drift(await of("x", uniform(0)), await of("x", uniform(0.2)))?.columns[0];
    // Two uniform distributions moved by 0.2 have a Kolmogorov-Smirnov distance of exactly 0.2.
    expect(column?.ks).toBeCloseTo(0.2, 2);
    // In deciles of the first: two are empty (floor 1e-4), the last holds 0.3.
    const expected = 2 * (1e-4 - 0.1) * Math.log(1e-4 / 0.1) + (0.3 - 0.1) * Math.log(3);
    expect(Math.abs((column?.psi ?? 0) - expected)).toBeLessThan(0.05);
    expect(column?.verdict).toBe("changed");
  });

  test("categories: shares against each other", async () => {
    const cells = (a: number) => Array.from({ length: 1_000 }, (_, i) => (i < a ? "u" : "v"));
    const column = drift(await of("c", cells(500)), await of("c", cells(700)))?.columns[0];
    expect(column?.psi).toBeCloseTo(0.2 * Math.log(0.7 / 0.5) - 0.2 * Math.log(0.3 / 0.5), 5);
    expect(column?.verdict).toBe("moved");
    expect(column?.ks).toBeUndefined();
  });

  test("added, removed, retyped, more missing", async () => {
    expect(
      drift(await of("x", uniform(0)), await of("y", uniform(0)))?.columns.map(({ name, verdict }) => [name, verdict]),
    ).toEqual([
      ["y", "added"],
      ["k", "same"],
      ["x", "removed"],
    ]);
    const words = Array.from({ length: 100 }, () => "w");
    expect(drift(await of("x", uniform(0)), await of("x", words))?.columns[0]?.verdict).toBe("retyped");
    const gaps = uniform(0).map((value, i) => (i % 3 ? value : ""));
    expect(drift(await of("x", uniform(0)), await of("x", gaps))?.columns[0]).toMatchObject({
      verdict: "changed",
      missing: [0, 0.3335],
    });
  });
});
