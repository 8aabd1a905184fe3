import { InvalidInputError } from "@base/errors";
import { radiationTable } from "./radiation.generated.ts";

/** Weather of one day: precipitation in mm, temperatures in degrees Celsius, month 1 to 12. */
export interface WeatherDay {
  readonly month: number;
  readonly precipitation: number;
  readonly maximum: number;
  readonly minimum: number;
}

/** What the index is computed for. */
export interface Crop {
  /** Lengths in days of the stages: initial, development, mid-season, late. */
  readonly stages: readonly [number, number, number, number];
  /** Crop coefficients: initial, mid-season, end of late season. */
  readonly coefficients: readonly [number, number, number];
  /** Water in mm that the root zone holds between field capacity and wilting point. */
  readonly capacity: number;
  /** Share of `capacity` that the crop takes before it is short of water. */
  readonly depletion: number;
  /** Share of `capacity` that is in the ground when the season begins. */
  readonly initial: number;
}

/**
 * Green beans: FAO-56 table 11 (20, 30, 30, 10 days) and table 12 (0.5, 1.05, 0.9), depletion .45 from table 22; 100 mm
 * of soil water (loam, 0.6 m of roots) half full at sowing. The constants are part of the transform `cover/wrsi/1`.
 */
export const greenBeans: Crop = {
  stages: [20, 30, 30, 10],
  coefficients: [0.5, 1.05, 0.9],
  capacity: 100,
  depletion: 0.45,
  initial: 0.5,
};

/** Latent heat: mm of water that a MJ per m2 evaporates (FAO-56, equation 20). */
const MM_PER_MJ = 0.408;

/** Days of a season of `crop`. */
export function seasonDays(crop: Crop): number {
  return crop.stages[0] + crop.stages[1] + crop.stages[2] + crop.stages[3];
}

/**
 * Extraterrestrial radiation by month, MJ per m2 and day, for a latitude in [-60, 60] degrees: linear between the rows of
 * the table, which are two degrees apart. Throws InvalidInputError outside. FAO-56 Annex 2.
 */
export function radiationAt(latitude: number): readonly number[] {
  if (!(latitude >= -60 && latitude <= 60)) {
    throw new InvalidInputError(`latitude is a number of degrees from -60 to 60, not ${latitude}`, {
      data: { field: "latitude" },
    });
  }
  const below = radiationTable.findLast((row) => (row[0] as number) <= latitude) as readonly number[];
  const above = radiationTable.find((row) => (row[0] as number) >= latitude) as readonly number[];
  const span = (above[0] as number) - (below[0] as number);
  const part = span === 0 ? 0 : (latitude - (below[0] as number)) / span;
  return below.slice(1).map((value, month) => value + part * ((above[month + 1] as number) - value));
}

/**
 * Reference evapotranspiration in mm a day after Hargreaves (FAO-56, equation 52), never below 0.
 * Throws InvalidInputError when the maximum is below the minimum.
 */
export function referenceEvapotranspiration(day: WeatherDay, radiation: readonly number[]): number {
  const range = day.maximum - day.minimum;
  if (!(range >= 0)) {
    throw new InvalidInputError(`the day's maximum of ${day.maximum} is below its minimum of ${day.minimum}`);
  }
  const mean = (day.maximum + day.minimum) / 2;
  return Math.max(0, 0.0023 * (mean + 17.8) * Math.sqrt(range) * (radiation[day.month - 1] as number) * MM_PER_MJ);
}

/** Crop coefficient on day `index` (from 0) of the season: flat, rising, flat, falling (FAO-56, figure 34). */
export function cropCoefficient(index: number, crop: Crop): number {
  const [initial, development, middle, late] = crop.stages;
  const [start, peak, end] = crop.coefficients;
  if (index < initial) return start;
  if (index < initial + development) return start + ((peak - start) * (index + 1 - initial)) / development;
  if (index < initial + development + middle) return peak;
  const into = Math.min(index + 1 - initial - development - middle, late);
  return peak + ((end - peak) * into) / late;
}

/**
 * Water requirement satisfaction index in [0, 1] of a season whose days are `days`: what the crop could take up over what
 * it needed (Frere and Popov, FAO Plant Production and Protection Paper 17; FAO-56 equation 84 for the shortage). Fewer
 * days than a season are its first days. 1 when nothing was needed.
 *
 * Only + - * / and square root on doubles, in the order written here: the same bits on every machine.
 */
export function wrsi(days: readonly WeatherDay[], radiation: readonly number[], crop: Crop = greenBeans): number {
  let water = crop.initial * crop.capacity;
  let needed = 0;
  let taken = 0;
  const readily = (1 - crop.depletion) * crop.capacity;
  for (let index = 0; index < days.length; index++) {
    const day = days[index] as WeatherDay;
    const demand = cropCoefficient(index, crop) * referenceEvapotranspiration(day, radiation);
    water = Math.min(water + day.precipitation, crop.capacity);
    const uptake = Math.min(water >= readily ? demand : (demand * water) / readily, water);
    water = water - uptake;
    needed = needed + demand;
    taken = taken + uptake;
  }
  return needed === 0 ? 1 : taken / needed;
}

/**
 * The index at each day: over the season that ends there. The first days, before a whole season has passed, have the
 * index of the shorter span from the first day on.
 */
export function rollingWrsi(
  days: readonly WeatherDay[],
  radiation: readonly number[],
  crop: Crop = greenBeans,
): number[] {
  const length = seasonDays(crop);
  return days.map((_, end) => wrsi(days.slice(Math.max(0, end + 1 - length), end + 1), radiation, crop));
}
