/** Most bins of present values of one feature; one more byte value is left for missing ones. */
export const MAX_BINS = 255;

/** Features as bytes, one column after the other, and where each begins in a histogram. */
export interface Binned {
  readonly rows: number;
  readonly thresholds: readonly Float32Array[];
  readonly bins: readonly Uint8Array[];
  /** Per feature: bins of present values. */
  readonly present: readonly number[];
  /** Per feature: whether a training row lacks it; such rows have the bin after the last. */
  readonly missing: readonly boolean[];
  /** Per feature: index of its first bin; the count of all bins at the end. */
  readonly offsets: readonly number[];
}

/** A number between two neighbours: their mean in binary32, or the lower when the mean rounds up to the upper. */
function between(low: number, high: number): number {
  const middle = Math.fround(low / 2 + high / 2);
  return middle >= low && middle < high ? middle : low;
}

/** Thresholds of one feature, ascending: spec 1. Missing values (NaN) are left out. */
export function thresholdsOf(column: Float32Array): Float32Array {
  const sorted = column.filter((value) => !Number.isNaN(value)).sort();
  const distinct: number[] = [];
  const counts: number[] = [];
  for (const value of sorted) {
    if (distinct.length > 0 && value === distinct.at(-1)) counts[counts.length - 1] = (counts.at(-1) as number) + 1;
    else {
      distinct.push(value);
      counts.push(1);
    }
  }
  const thresholds: number[] = [];
  let [left, held] = [sorted.length, 0]; // rows from here on, rows in the open bin
  for (let i = 0; i + 1 < distinct.length; i++) {
    held += counts[i] as number;
    const binsLeft = MAX_BINS - thresholds.length;
    if (distinct.length > MAX_BINS && held * binsLeft < left) continue;
    if (binsLeft === 1) break;
    thresholds.push(between(distinct[i] as number, distinct[i + 1] as number));
    left -= held;
    held = 0;
  }
  return Float32Array.from(thresholds, (value) => (value === 0 ? 0 : value));
}

/** Number of thresholds below `value`. */
export function binOf(thresholds: Float32Array, value: number): number {
  let low = 0;
  let high = thresholds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((thresholds[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Bins row-major features [rows, width]. */
export function binRows(x: Float32Array, rows: number, width: number): Binned {
  const [thresholds, bins, present, missing, offsets]: [Float32Array[], Uint8Array[], number[], boolean[], number[]] = [
    [],
    [],
    [],
    [],
    [0],
  ];
  for (let feature = 0; feature < width; feature++) {
    const column = new Float32Array(rows);
    for (let row = 0; row < rows; row++) column[row] = x[row * width + feature] as number;
    const list = thresholdsOf(column);
    const count = list.length + 1;
    let lacks = false;
    const bytes = new Uint8Array(rows);
    for (let row = 0; row < rows; row++) {
      const value = column[row] as number;
      if (Number.isNaN(value)) lacks = true;
      bytes[row] = Number.isNaN(value) ? count : binOf(list, value);
    }
    thresholds.push(list);
    bins.push(bytes);
    present.push(count);
    missing.push(lacks);
    offsets.push((offsets.at(-1) as number) + count + (lacks ? 1 : 0));
  }
  return { rows, thresholds, bins, present, missing, offsets };
}
