import { InvalidInputError } from "@base/errors";
import { mulDivDown, WAD } from "@base/units/wad.ts";
import { type PayoutTerms, payoutShare } from "./payout.ts";

/** One season of one area: the yield in any unit, the same for all years of the area. */
export interface YieldRecord {
  readonly area: string;
  readonly year: number;
  readonly yield: number;
}

/** How history is read and split. Years are inclusive. */
export interface PricingOptions {
  readonly terms: PayoutTerms;
  /** Years of the trailing mean that a yield is compared with. */
  readonly trailing: number;
  /** Least of these years that must be known. */
  readonly known: number;
  readonly train: readonly [from: number, to: number];
  readonly test: readonly [from: number, to: number];
  /** Seasons at which an area's own history counts as much as that of all areas. */
  readonly credibility: number;
}

/** Ten trailing years of which eight are known, priced on 1930 to 1989 and tested on 1990 to 2011. */
export const defaultOptions: Omit<PricingOptions, "terms"> = {
  trailing: 10,
  known: 8,
  train: [1930, 1989],
  test: [1990, 2011],
  credibility: 30,
};

/** A season as the formula sees it: share of the sum insured that it would have paid. */
export interface Season {
  readonly area: string;
  readonly year: number;
  /** Yield over its trailing mean. */
  readonly ratio: number;
  /** In [0, 1]. */
  readonly share: number;
}

/** What a product would have cost and brought; rates and shares are of the sum insured, which is 1 per area and season. */
export interface PricingReport {
  readonly areas: number;
  readonly trainSeasons: number;
  readonly testSeasons: number;
  /** Mean share paid in the training years: the pure premium. */
  readonly burnTrain: number;
  readonly burnTest: number;
  /** Payouts over premiums in the test years, premiums without loading. */
  readonly lossRatio: number;
  /** The test year with the most payouts over premiums. */
  readonly worstYear: { readonly year: number; readonly lossRatio: number };
  /**
   * Capital per unit of yearly premium with which the payouts of 99 % of the years of the whole history were covered by
   * premium and capital together; by nearest rank, so with fewer than 100 years it is the worst year's.
   */
  readonly capital99: number;
  readonly premiums: { readonly area: string; readonly seasons: number; readonly rate: number }[];
}

/** Ratios and payouts of every season whose trailing years are known. A season never sees its own or a later year. */
export function seasonsOf(records: readonly YieldRecord[], options: PricingOptions): Season[] {
  const areas = new Map<string, Map<number, number>>();
  for (const record of records) {
    const years = areas.get(record.area) ?? new Map<number, number>();
    if (years.has(record.year)) {
      throw new InvalidInputError(`${record.area} has two yields for ${record.year}`, {
        data: { area: record.area, year: record.year },
      });
    }
    areas.set(record.area, years.set(record.year, record.yield));
  }
  const seasons: Season[] = [];
  for (const [area, years] of areas) {
    for (const [year, value] of years) {
      const before = Array.from({ length: options.trailing }, (_, back) => years.get(year - 1 - back)).filter(
        (known) => known !== undefined,
      );
      const mean = before.reduce((sum, known) => sum + known, 0) / before.length;
      if (before.length < options.known || !(mean > 0)) continue;
      const ratio = value / mean;
      seasons.push({ area, year, ratio, share: shareOf(ratio, options.terms) });
    }
  }
  return seasons;
}

/** Prices a product on the training years and tells how it would have fared in the test years. */
export function priceHistory(records: readonly YieldRecord[], options: PricingOptions): PricingReport {
  const seasons = seasonsOf(records, options);
  const within = ([from, to]: readonly [number, number]) => seasons.filter(({ year }) => year >= from && year <= to);
  const [train, test] = [within(options.train), within(options.test)];
  if (train.length === 0 || test.length === 0) {
    throw new InvalidInputError(
      "there are no seasons with enough years before them in the training or the test years",
      {
        hints: [`Each needs ${options.known} of the ${options.trailing} years before it.`],
        data: { trainSeasons: train.length, testSeasons: test.length },
      },
    );
  }
  const burnTrain = meanShare(train);
  const byArea = Map.groupBy(train, ({ area }) => area);
  const premiumOf = (area: string) => credibilityPremium(byArea.get(area) ?? [], burnTrain, options.credibility);
  const testYears = years(test, premiumOf);
  const worst = testYears.reduce((most, year) => (year.paid / year.premium > most.paid / most.premium ? year : most));
  const paid = testYears.reduce((sum, year) => sum + year.paid, 0);
  const premium = testYears.reduce((sum, year) => sum + year.premium, 0);
  return {
    areas: new Set(seasons.map(({ area }) => area)).size,
    trainSeasons: train.length,
    testSeasons: test.length,
    burnTrain,
    burnTest: meanShare(test),
    lossRatio: paid / premium,
    worstYear: { year: worst.year, lossRatio: worst.paid / worst.premium },
    capital99: quantile(
      years([...train, ...test], premiumOf).map((year) => Math.max(0, year.paid / year.premium - 1)),
      0.99,
    ),
    premiums: [...new Set(test.map(({ area }) => area))].sort().map((area) => ({
      area,
      seasons: byArea.get(area)?.length ?? 0,
      rate: premiumOf(area),
    })),
  };
}

/** Z x own mean + (1 - Z) x mean of all, Z = n / (n + k): the less own history, the more the others' counts (Buehlmann). */
export function credibilityPremium(own: readonly Season[], burnOfAll: number, k: number): number {
  if (own.length === 0) return burnOfAll;
  const weight = own.length / (own.length + k);
  return weight * meanShare(own) + (1 - weight) * burnOfAll;
}

/** Smallest value that at least `part` of the values do not exceed (nearest rank). */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] as number;
}

/** The contract's formula on a ratio given as a double, so that history is priced as it would be paid. */
function shareOf(ratio: number, terms: PayoutTerms): number {
  const wad = BigInt(Math.floor(Math.min(ratio, 2) * 1e9)) * 10n ** 9n;
  return Number(mulDivDown(payoutShare(wad, terms), 10n ** 12n, WAD)) / 1e12;
}

function meanShare(seasons: readonly Season[]): number {
  return seasons.reduce((sum, season) => sum + season.share, 0) / seasons.length;
}

function years(seasons: readonly Season[], premiumOf: (area: string) => number) {
  return [...Map.groupBy(seasons, ({ year }) => year)].map(([year, all]) => ({
    year,
    paid: all.reduce((sum, season) => sum + season.share, 0),
    premium: all.reduce((sum, season) => sum + premiumOf(season.area), 0),
  }));
}
