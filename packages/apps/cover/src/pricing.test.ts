import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WAD } from "@base/units/wad.ts";
import { afterAll, describe, expect, test } from "vitest";
import { credibilityPremium, defaultOptions, priceHistory, quantile, seasonsOf } from "./pricing.ts";
import { readYields, report } from "./report.ts";
import { reportInput } from "./shapes.ts";

const terms = { trigger: (WAD * 3n) / 4n, exit: WAD / 10n, tsi: (WAD * 9n) / 10n };
const options = { ...defaultOptions, terms };
const dir = mkdtempSync(join(tmpdir(), "cover-pricing-"));
afterAll(() => rmSync(dir, { recursive: true }));

/** Yields of 100 in every year but those named. */
function history(area: string, bad: Record<number, number> = {}, from = 1920, to = 2011) {
  return Array.from({ length: to - from + 1 }, (_, i) => ({ area, year: from + i, yield: bad[from + i] ?? 100 }));
}

describe("pricing", () => {
  test("a season is measured by its trailing years only", () => {
    const seasons = seasonsOf(history("a", { 1950: 10 }), options);
    const of = (year: number) => seasons.find((season) => season.year === year);
    expect(of(1950)).toMatchObject({ ratio: 0.1, share: 0.9 });
    expect(of(1951)?.ratio).toBeCloseTo(100 / 91, 12);
    expect(of(1949)).toMatchObject({ ratio: 1, share: 0 });
    // 1928 is the first with eight known years before it.
    expect(Math.min(...seasons.map(({ year }) => year))).toBe(1928);
  });

  test("burn, credibility and loss ratio by hand", () => {
    const records = [...history("a", { 1950: 10, 2000: 0 }), ...history("b")];
    const priced = priceHistory(records, options);
    expect(priced.trainSeasons).toBe(120);
    expect(priced.burnTrain).toBeCloseTo(0.9 / 120, 12);
    const weight = 60 / 90;
    const premiumA = weight * (0.9 / 60) + (1 - weight) * (0.9 / 120);
    const premiumB = (1 - weight) * (0.9 / 120);
    expect(priced.premiums.map(({ rate }) => rate)).toEqual([
      expect.closeTo(premiumA, 12),
      expect.closeTo(premiumB, 12),
    ]);
    expect(priced.lossRatio).toBeCloseTo(0.9 / (22 * (premiumA + premiumB)), 9);
    expect(priced.worstYear).toEqual({ year: 2000, lossRatio: expect.closeTo(0.9 / (premiumA + premiumB), 9) });
    expect(priced.capital99).toBeCloseTo(0.9 / (premiumA + premiumB) - 1, 9);
  });

  test("an area without history pays the burn of all", () => {
    expect(credibilityPremium([], 0.01, 30)).toBe(0.01);
  });

  test("quantiles are by nearest rank", () => {
    const values = Array.from({ length: 200 }, (_, i) => 200 - i);
    expect(quantile(values, 0.99)).toBe(198);
    expect(quantile([5], 0.99)).toBe(5);
  });

  test("two yields for one year and too short a history are named", () => {
    expect(() => seasonsOf([...history("a"), ...history("a")], options)).toThrow(/a has two yields for 1920/);
    expect(() => priceHistory(history("a", {}, 2000, 2011), options)).toThrow(/no seasons with enough years/);
  });
});

describe("report", () => {
  const write = (name: string, text: string) => {
    const path = join(dir, name);
    writeFileSync(path, text);
    return path;
  };

  test("reads tabs or commas, leaves NA out", async () => {
    const tabs = write("tabs.txt", 'year\tstate\tacres\tyield\r\n1900\t"Iowa"\t2e+05\t9.5\r\n1901\t"Iowa"\t1\tNA\r\n');
    expect(await readYields(tabs)).toEqual([{ area: "Iowa", year: 1900, yield: 9.5 }]);
    expect(await readYields(write("commas.csv", "year,area,yield\n1900,x,1\n"))).toEqual([
      { area: "x", year: 1900, yield: 1 },
    ]);
  });

  test("gives the whole report, and errors that name file and row", async () => {
    const rows = history("a", { 1950: 10, 2000: 0 }).map(({ area, year, yield: value }) => `${year},${area},${value}`);
    const data = write("ok.csv", `year,state,yield\n${rows.join("\n")}\n`);
    const context = { progress: () => {} };
    expect(await report(context, reportInput.parse({ data }))).toMatchObject({ areas: 1, testSeasons: 22 });
    const bad = write("bad.csv", "year,state,yield\n1900,x,-3\n");
    await expect(report(context, reportInput.parse({ data: bad }))).rejects.toThrow(/bad\.csv: row 1/);
    await expect(report(context, reportInput.parse({ data: join(dir, "none") }))).rejects.toThrow(/no file/);
    await expect(report(context, reportInput.parse({ data, train: "1989-1930" }))).rejects.toThrow(
      /first year comes after/,
    );
    await expect(report(context, reportInput.parse({ data, exit: "0.8" }))).rejects.toThrow(/trigger must be above/);
    await expect(report(context, reportInput.parse({ data: write("x.csv", "a,b\n1,2\n") }))).rejects.toThrow(/x\.csv/);
  });
});
