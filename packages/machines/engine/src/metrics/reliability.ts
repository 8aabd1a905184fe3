/** A group of predictions with nearly the same probability. */
export interface ReliabilityBin {
  readonly rows: number;
  /** Mean probability that was said, and share of rows that turned out 1. */
  readonly said: number;
  readonly seen: number;
}

/** Calibration table in `bins` equal steps of probability (10 unless said; empty ones left out) and its mean |said - seen|, weighted by rows. */
export function reliability(
  probabilities: readonly number[],
  targets: readonly number[],
  bins = 10,
): { readonly table: readonly ReliabilityBin[]; readonly error: number } {
  const sums = Array.from({ length: bins }, () => ({ rows: 0, said: 0, seen: 0 }));
  probabilities.forEach((probability, index) => {
    const bin = sums[Math.min(bins - 1, Math.max(0, Math.floor(probability * bins)))] as (typeof sums)[0];
    bin.rows++;
    bin.said += probability;
    bin.seen += targets[index] as number;
  });
  const table = sums
    .filter(({ rows }) => rows > 0)
    .map(({ rows, said, seen }) => ({ rows, said: said / rows, seen: seen / rows }));
  const apart = table.reduce((sum, { rows, said, seen }) => sum + rows * Math.abs(said - seen), 0);
  return { table, error: probabilities.length === 0 ? 0 : apart / probabilities.length };
}
