import type { Binned } from "./bins.ts";
import type { GrowSettings } from "./settings.ts";

/** Integer sums over the rows of a leaf. */
export interface Sums {
  readonly g: number;
  readonly h: number;
  readonly count: number;
}

/** A way to cut a leaf in two: rows with a bin up to `bin` go left, and missing ones where `missingLeft` says. */
export interface Split {
  readonly gain: number;
  readonly feature: number;
  readonly bin: number;
  readonly missingLeft: boolean;
  readonly left: Sums;
}

interface Best {
  gain: number;
  feature: number;
  bin: number;
  missingLeft: boolean;
  g: number;
  h: number;
  count: number;
}

/** The best split of a leaf, or undefined when none is allowed or none gains: spec 4. */
export function bestSplit(
  histogram: Float64Array,
  binned: Binned,
  features: readonly number[],
  whole: Sums,
  settings: GrowSettings,
): Split | undefined {
  if (whole.count < 2 * settings.minRows) return undefined;
  const best: Best = { gain: 0, feature: -1, bin: -1, missingLeft: false, g: 0, h: 0, count: 0 };
  for (const feature of features) {
    const start = (binned.offsets[feature] as number) * 3;
    const bins = binned.present[feature] as number;
    const after = start + bins * 3;
    const lacking = binned.missing[feature] ? (histogram[after + 2] as number) : 0;
    scan(best, histogram, feature, start, lacking > 0 ? after : after - 3, undefined, whole, settings);
    if (lacking > 0) scan(best, histogram, feature, start, after - 3, after, whole, settings);
  }
  if (best.feature < 0) return undefined;
  const { gain, feature, bin, missingLeft, g, h, count } = best;
  return { gain, feature, bin, missingLeft, left: { g, h, count } };
}

/** Tries the bins of one feature from `start` up to `end`; sums at `missing`, when given, begin on the left. */
function scan(
  best: Best,
  histogram: Float64Array,
  feature: number,
  start: number,
  end: number,
  missing: number | undefined,
  { g, h, count }: Sums,
  { lambda, minRows, minWeight }: GrowSettings,
): void {
  const all = (g * g) / (h + lambda);
  let [leftG, leftH, leftCount] = [0, 0, 0];
  if (missing !== undefined) {
    leftG = histogram[missing] as number;
    leftH = histogram[missing + 1] as number;
    leftCount = histogram[missing + 2] as number;
  }
  for (let at = start; at < end; at += 3) {
    const inBin = histogram[at + 2] as number;
    if (inBin === 0) continue;
    leftG += histogram[at] as number;
    leftH += histogram[at + 1] as number;
    leftCount += inBin;
    if (leftCount < minRows || leftH < minWeight) continue;
    const rightH = h - leftH;
    if (count - leftCount < minRows || rightH < minWeight) break;
    const rightG = g - leftG;
    const gain = (leftG * leftG) / (leftH + lambda) + (rightG * rightG) / (rightH + lambda) - all;
    if (gain <= best.gain) continue;
    best.gain = gain;
    best.feature = feature;
    best.bin = (at - start) / 3;
    best.missingLeft = missing !== undefined;
    best.g = leftG;
    best.h = leftH;
    best.count = leftCount;
  }
}
