import type { ColumnProfile } from "./column.ts";
import type { Profile } from "./profile.ts";

/** How one column moved from one version to the next. */
export interface ColumnDrift {
  readonly name: string;
  /** `same`, `moved` (0.1 <= psi < 0.25), `changed` (above), `added`, `removed`, `retyped`, or `unknown` where values are withheld. */
  readonly verdict: "same" | "moved" | "changed" | "added" | "removed" | "retyped" | "unknown";
  /** Population stability index over ten bins of equal weight in the first version (or over categories). */
  readonly psi?: number;
  /** Kolmogorov-Smirnov distance: largest gap between the two cumulative shares; of numbers and dates. */
  readonly ks?: number;
  /** Jensen-Shannon distance: square root of the divergence in bits, 0 to 1. */
  readonly js?: number;
  /** Share of missing cells before and after. */
  readonly missing?: readonly [before: number, after: number];
  readonly mean?: readonly [before: number, after: number];
}

/** How one version of a table differs from another, from their profiles alone. */
export interface Drift {
  readonly rows: readonly [before: number, after: number];
  readonly columns: readonly ColumnDrift[];
  /** Names of columns with a verdict other than `same` and `unknown`. */
  readonly drifted: readonly string[];
}

const MOVED = 0.1;
const CHANGED = 0.25;
/** A share of nothing would make an index infinite: the usual floor. */
const FLOOR = 1e-4;

/** Compares two profiles of tables; columns are matched by name. Undefined where one of the files holds no table. */
export function drift(before: Profile, after: Profile): Drift | undefined {
  if (!before.table || !after.table) return undefined;
  const old = new Map(before.table.columns.map((column) => [column.name, column]));
  const columns: ColumnDrift[] = after.table.columns.map((column) => {
    const was = old.get(column.name);
    return was ? compare(was, column) : { name: column.name, verdict: "added" };
  });
  const now = new Set(after.table.columns.map(({ name }) => name));
  for (const name of old.keys()) if (!now.has(name)) columns.push({ name, verdict: "removed" });
  const drifted = columns.filter(({ verdict }) => verdict !== "same" && verdict !== "unknown").map(({ name }) => name);
  return { rows: [before.table.rows, after.table.rows], columns, drifted };
}

function compare(before: ColumnProfile, after: ColumnProfile): ColumnDrift {
  const { name } = after;
  const missing = [missingShare(before), missingShare(after)] as const;
  if (before.type !== after.type) return { name, verdict: "retyped", missing };
  const base = { name, missing };
  const gap = Math.abs(missing[0] - missing[1]);
  const counted = countedShares(before, after);
  if (counted) {
    const distances = { psi: psi(counted), js: js(counted), ...(before.numbers ? { ks: steps(counted) } : {}) };
    return { ...base, verdict: verdictOf(distances.psi, gap), ...distances, ...means(before, after) };
  }
  if (!before.numbers || !after.numbers) {
    return { ...base, verdict: gap >= MOVED ? "moved" : "unknown" };
  }
  const [a, b] = [before.numbers.percentiles, after.numbers.percentiles];
  const edges = [...new Set(Array.from({ length: 9 }, (_, i) => a[(i + 1) * 10] as number))];
  const shares = binned(a, b, edges);
  const index = psi(shares);
  return { ...base, verdict: verdictOf(index, gap), psi: index, ks: ks(a, b), js: js(shares), ...means(before, after) };
}

type Shares = readonly (readonly [before: number, after: number])[];

const missingShare = ({ count, missing, unfit }: ColumnProfile) => missing / Math.max(1, count + missing + unfit);

const means = (before: ColumnProfile, after: ColumnProfile) =>
  before.numbers && after.numbers ? { mean: [before.numbers.mean, after.numbers.mean] as const } : {};

function verdictOf(index: number, missingGap: number): ColumnDrift["verdict"] {
  if (index >= CHANGED || missingGap >= CHANGED) return "changed";
  return index >= MOVED || missingGap >= MOVED ? "moved" : "same";
}

/** Shares by value where both profiles name nearly all of their values; in ascending order for numbers. */
function countedShares(before: ColumnProfile, after: ColumnProfile): Shares | undefined {
  if (!before.top || !after.top) return undefined;
  const named = (column: ColumnProfile) =>
    (column.top ?? []).reduce((sum, { count }) => sum + count, 0) / Math.max(1, column.count);
  if (named(before) < 0.95 || named(after) < 0.95) return undefined;
  const values = [...new Set([...before.top, ...after.top].map(({ value }) => value))];
  if (before.numbers) values.sort((x, y) => Number(x) - Number(y));
  const share = (column: ColumnProfile, value: unknown) =>
    (column.top?.find((entry) => entry.value === value)?.count ?? 0) / Math.max(1, column.count);
  const rest = [1 - named(before), 1 - named(after)] as const;
  return [...values.map((value) => [share(before, value), share(after, value)] as const), rest];
}

/** Share of values up to `x`, from percentiles: linear between two of them, a jump where they are equal. */
function shareUpTo(percentiles: readonly number[], x: number): number {
  const last = percentiles.length - 1;
  if (x < (percentiles[0] as number)) return 0;
  if (x >= (percentiles[last] as number)) return 1;
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((percentiles[middle] as number) <= x) low = middle;
    else high = middle;
  }
  const [from, to] = [percentiles[low] as number, percentiles[high] as number];
  return (low + (x - from) / (to - from)) / last;
}

function binned(a: readonly number[], b: readonly number[], edges: readonly number[]): Shares {
  const cumulative = (of: readonly number[]) => [0, ...edges.map((edge) => shareUpTo(of, edge)), 1];
  const [x, y] = [cumulative(a), cumulative(b)];
  return x.slice(1).map((share, i) => [share - (x[i] as number), (y[i + 1] as number) - (y[i] as number)] as const);
}

/** Sum of (after - before) * ln(after / before), shares below 0.01 % taken as 0.01 %. */
function psi(shares: Shares): number {
  return round(
    shares.reduce((sum, [before, after]) => {
      const [p, q] = [Math.max(before, FLOOR), Math.max(after, FLOOR)];
      return sum + (q - p) * Math.log(q / p);
    }, 0),
  );
}

function js(shares: Shares): number {
  const part = (p: number, m: number) => (p > 0 ? p * Math.log2(p / m) : 0);
  const divergence = shares.reduce((sum, [p, q]) => sum + (part(p, (p + q) / 2) + part(q, (p + q) / 2)) / 2, 0);
  return round(Math.sqrt(Math.max(0, divergence)));
}

function ks(a: readonly number[], b: readonly number[]): number {
  return round(Math.max(...[...a, ...b].map((x) => Math.abs(shareUpTo(a, x) - shareUpTo(b, x)))));
}

/** Kolmogorov-Smirnov distance over shares in order of their values. */
function steps(shares: Shares): number {
  let gap = 0;
  let most = 0;
  for (const [before, after] of shares) {
    gap += before - after;
    most = Math.max(most, Math.abs(gap));
  }
  return round(most);
}

const round = (value: number) => Math.round(value * 1e6) / 1e6;
