/** Most thresholds of one feature: bins fit into a byte. */
export const MAX_THRESHOLDS = 255;

/** Thresholds of every feature of `x` [rows, width], ascending: spec 1. */
export function thresholdsOf(x: Float32Array, rows: number, width: number): Float32Array[] {
  return Array.from({ length: width }, (_, feature) => {
    const column = Float32Array.from({ length: rows }, (_, row) => x[row * width + feature] as number).sort();
    const distinct = column.filter((value, index) => index === 0 || value !== column[index - 1]);
    if (distinct.length - 1 <= MAX_THRESHOLDS) return distinct.slice(0, -1);
    const ranks = Array.from(
      { length: MAX_THRESHOLDS },
      (_, r) => column[Math.floor(((r + 1) * rows) / 256)] as number,
    );
    const last = distinct.at(-1);
    return Float32Array.from(ranks.filter((value, index) => value !== ranks[index - 1] && value !== last));
  });
}

/** Number of thresholds below `value`. */
export function binOf(thresholds: Float32Array, value: number): number {
  let [low, high] = [0, thresholds.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((thresholds[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Bins by feature: one byte per row. */
export function binColumns(x: Float32Array, rows: number, thresholds: readonly Float32Array[]): Uint8Array[] {
  return thresholds.map((list, feature) =>
    Uint8Array.from({ length: rows }, (_, row) => binOf(list, x[row * thresholds.length + feature] as number)),
  );
}
