import type { Binned } from "./bins.ts";

/** Sums of gradient, curvature and rows: three integers a bin, feature after feature. */
export type Histogram = Float64Array;

/** Adds rows `from` to `to` of `order` into histograms; sums are integers below 2^53, hence exact in any order. */
export class HistogramBuilder {
  readonly #binned: Binned;
  readonly #g: Float64Array;
  readonly #h: Float64Array;
  readonly #features: readonly number[];
  readonly #pool: Histogram[];
  readonly #pairs: Float64Array;

  constructor(
    binned: Binned,
    g: Float64Array,
    h: Float64Array,
    features: readonly number[],
    scratch: { pool: Histogram[]; pairs: Float64Array },
  ) {
    this.#binned = binned;
    this.#g = g;
    this.#h = h;
    this.#features = features;
    this.#pool = scratch.pool;
    this.#pairs = scratch.pairs;
  }

  /** The histogram of some rows; give it back with `release`. */
  build(order: Uint32Array, from: number, to: number): Histogram {
    const { offsets, bins } = this.#binned;
    const sums = this.#pool.pop()?.fill(0) ?? new Float64Array((offsets.at(-1) as number) * 3);
    const pairs = this.#pairs;
    const rows = order.subarray(from, to);
    const count = rows.length;
    const [slopes, curvatures] = [this.#g, this.#h];
    for (let i = 0; i < count; i++) {
      const row = rows[i] as number;
      pairs[i * 2] = slopes[row] as number;
      pairs[i * 2 + 1] = curvatures[row] as number;
    }
    for (const feature of this.#features) {
      const last = (offsets[feature + 1] as number) * 3;
      const base = (offsets[feature] as number) * 3;
      if (last - base > 3) addColumn(sums.subarray(base, last), bins[feature] as Uint8Array, rows, pairs, count);
    }
    return sums;
  }

  /** Makes `whole` the histogram of the rows that are not in `part`. */
  subtract(whole: Histogram, part: Histogram): void {
    for (let at = 0; at < whole.length; at++) whole[at] = (whole[at] as number) - (part[at] as number);
  }

  release(histogram: Histogram): void {
    this.#pool.push(histogram);
  }
}

function addColumn(
  sums: Float64Array,
  column: Uint8Array,
  rows: Uint32Array,
  pairs: Float64Array,
  count: number,
): void {
  let i = 0;
  for (; i + 1 < count; i += 2) {
    const at = (column[rows[i] as number] as number) * 3;
    const to = (column[rows[i + 1] as number] as number) * 3;
    if (at === to) {
      sums[at] = (sums[at] as number) + ((pairs[i * 2] as number) + (pairs[i * 2 + 2] as number));
      sums[at + 1] = (sums[at + 1] as number) + ((pairs[i * 2 + 1] as number) + (pairs[i * 2 + 3] as number));
      sums[at + 2] = (sums[at + 2] as number) + 2;
      continue;
    }
    sums[at] = (sums[at] as number) + (pairs[i * 2] as number);
    sums[at + 1] = (sums[at + 1] as number) + (pairs[i * 2 + 1] as number);
    sums[at + 2] = (sums[at + 2] as number) + 1;
    sums[to] = (sums[to] as number) + (pairs[i * 2 + 2] as number);
    sums[to + 1] = (sums[to + 1] as number) + (pairs[i * 2 + 3] as number);
    sums[to + 2] = (sums[to + 2] as number) + 1;
  }
  if (i < count) {
    const at = (column[rows[i] as number] as number) * 3;
    sums[at] = (sums[at] as number) + (pairs[i * 2] as number);
    sums[at + 1] = (sums[at + 1] as number) + (pairs[i * 2 + 1] as number);
    sums[at + 2] = (sums[at + 2] as number) + 1;
  }
}
