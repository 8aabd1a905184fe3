import { readFileSync } from "node:fs";
import { parseCsv, type Table } from "@machines/engine";
import { describe, expect, test } from "vitest";
// @ts-expect-error a plain script without types
import { middays, radiation } from "../test/makeRadiation.mjs";
import { radiationTable } from "./radiation.generated.ts";
import { LABEL, labelWeather, weatherDays } from "./weather.ts";
import {
  cropCoefficient,
  greenBeans,
  radiationAt,
  referenceEvapotranspiration,
  rollingWrsi,
  seasonDays,
  type WeatherDay,
  wrsi,
} from "./wrsi.ts";

const seattle = (): Table => parseCsv(readFileSync("node_modules/vega-datasets/data/seattle-weather.csv"));
const dry: WeatherDay = { month: 7, precipitation: 0, maximum: 30, minimum: 14 };
const at476 = radiationAt(47.6);

describe("radiation", () => {
  test("the table is equation 21 of FAO-56, and lies by the published Annex 2 for the equator", () => {
    for (const [latitude, ...months] of radiationTable)
      months.forEach((value, month) => {
        expect(Math.abs(value - radiation(latitude, middays[month]))).toBeLessThanOrEqual(0.0501);
      });
    const published = [36.2, 37.5, 37.9, 36.8, 34.8, 33.4, 33.9, 35.7, 37.2, 37.4, 36.3, 35.6];
    radiationAt(0).forEach((value, month) => {
      expect(Math.abs(value - (published[month] as number))).toBeLessThan(0.11);
    });
  });

  test("latitudes between two rows lie between them; others are refused", () => {
    const [low, high, mid] = [radiationAt(46), radiationAt(48), radiationAt(47.6)];
    mid.forEach((value, month) => {
      expect(value).toBeCloseTo((low[month] as number) * 0.2 + (high[month] as number) * 0.8, 9);
    });
    for (const latitude of [60.1, -61, Number.NaN]) expect(() => radiationAt(latitude)).toThrow(/-60 to 60/);
    expect(radiationAt(60)).toHaveLength(12);
  });
});

describe("evapotranspiration", () => {
  test("example 20 of FAO-56: Lyon in July, 45.72 degrees north, 26.6 and 14.8 degrees: 5.0 mm", () => {
    const lyon = { month: 7, precipitation: 0, maximum: 26.6, minimum: 14.8 };
    expect(referenceEvapotranspiration(lyon, radiationAt(45.72))).toBeCloseTo(5.0, 1);
  });

  test("frost gives none, a maximum below the minimum is refused", () => {
    expect(referenceEvapotranspiration({ ...dry, maximum: -20, minimum: -30 }, at476)).toBe(0);
    expect(() => referenceEvapotranspiration({ ...dry, maximum: 3, minimum: 4 }, at476)).toThrow(/below its minimum/);
  });

  test("the crop coefficient follows the four stages", () => {
    expect(seasonDays(greenBeans)).toBe(90);
    const curve = Array.from({ length: 90 }, (_, day) => cropCoefficient(day, greenBeans));
    expect(curve[0]).toBe(0.5);
    expect(curve[19]).toBe(0.5);
    expect(curve[49]).toBeCloseTo(1.05, 12);
    expect(curve[79]).toBe(1.05);
    expect(curve[89]).toBeCloseTo(0.9, 12);
    for (let day = 20; day < 50; day++) expect(curve[day]).toBeGreaterThan(curve[day - 1] as number);
  });
});

describe("water requirement satisfaction index", () => {
  test("is 1 where water never lacks, falls with drought, and stays in [0, 1]", () => {
    const wet = Array.from({ length: 90 }, () => ({ ...dry, precipitation: 20 }));
    expect(wrsi(wet, at476)).toBe(1);
    const none = wrsi(Array(90).fill(dry), at476);
    expect(none).toBeGreaterThan(0);
    // Half of the bucket is all there ever is.
    expect(none).toBeLessThan(0.2);
    expect(wrsi([], at476)).toBe(1);
  });

  test("more rain on any day never lowers it", () => {
    const season = Array.from({ length: 90 }, (_, day) => ({ ...dry, precipitation: day % 9 === 0 ? 6 : 0 }));
    const before = wrsi(season, at476);
    for (let day = 0; day < 90; day += 7) {
      const wetter = season.map((one, index) =>
        index === day ? { ...one, precipitation: one.precipitation + 5 } : one,
      );
      expect(wrsi(wetter, at476)).toBeGreaterThanOrEqual(before);
    }
  });

  test("keeps the water balance by a second bookkeeping", () => {
    const days = weatherDays(seattle()).slice(1186, 1276);
    let [water, taken, needed] = [50, 0, 0];
    days.forEach((day, index) => {
      const demand = cropCoefficient(index, greenBeans) * referenceEvapotranspiration(day, at476);
      water = Math.min(100, water + day.precipitation);
      const stress = Math.min(1, water / 55);
      const uptake = Math.min(water, demand * stress);
      [water, taken, needed] = [water - uptake, taken + uptake, needed + demand];
    });
    expect(wrsi(days, at476)).toBeCloseTo(taken / needed, 12);
  });

  test("Seattle's springs and summers, to the last bit", () => {
    const table = labelWeather(seattle(), at476);
    const dates = table.columns[0]?.values as string[];
    const label = table.columns.at(-1);
    expect(label?.name).toBe(LABEL);
    const on = (date: string) => label?.values[dates.indexOf(date)] as number;
    expect(label?.values).toHaveLength(1461);
    expect(on("2015-06-29")).toBe(0.39802006862961575);
    expect(on("2015-09-28")).toBe(0.47396707161097396);
    expect(on("2012-06-29")).toBeGreaterThan(0.8);
    expect(on("2014-01-31")).toBeGreaterThan(0.95);
    for (const value of (label?.values ?? []) as number[]) expect(value >= 0 && value <= 1).toBe(true);
    expect(rollingWrsi(weatherDays(seattle()).slice(0, 3), at476)).toHaveLength(3);
  });
});

describe("labelWeather", () => {
  const table = (csv: string) => parseCsv(new TextEncoder().encode(csv));
  const head = "date,precipitation,temp_max,temp_min\n";
  test.each([
    ["a gap", `${head}2015-01-01,0,5,1\n2015-01-03,0,5,1\n`, /row 2: the day does not follow/],
    ["negative rain", `${head}2015-01-01,-1,5,1\n`, /rain below 0/],
    ["swapped temperatures", `${head}2015-01-01,0,1,5\n`, /maximum below the minimum/],
    ["text where a number is wanted", `${head}2015-01-01,wet,5,1\n`, /row 1, column "precipitation"/],
    ["no dates", `${head}first,0,5,1\n`, /row 1, column "date"/],
    ["a missing column", "date,precipitation,temp_max\n2015-01-01,0,5\n", /no column "temp_min"/],
    ["a label already", `date,precipitation,temp_max,temp_min,wrsi\n2015-01-01,0,5,1,1\n`, /column "wrsi" already/],
  ])("names %s", (_what, csv, message) => {
    expect(() => labelWeather(table(csv), at476)).toThrow(message);
  });
});
