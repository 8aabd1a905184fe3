// A profile as a person reads it: a line a column with the shape of its values; `--json` has every figure.
import type { Json } from "@kernel/capability/wire.ts";
import type { ColumnProfile, Profile } from "@machines/formats";
import { type Colors, render } from "./render.ts";

/** Bars of the picture of a histogram. */
const BARS = 20;
const HEIGHTS = "▁▂▃▄▅▆▇█";
/** Characters that a line gives to the most frequent values. */
const VALUES = 40;

/** What `assay profile` prints. */
export function renderProfile(profile: Profile & { readonly onRecord: boolean }, colors: Colors): string {
  const { type: _, table, personal, ...rest } = profile;
  const parts = [render(rest as unknown as Json, colors)];
  if (table) {
    const columns = table.columns.map((column) => ({
      column: column.name.replace(/\s+/g, " "),
      type: column.type,
      missing: portion(column.missing, table.rows),
      ...(table.columns.some(({ unfit }) => unfit > 0) ? { unfit: portion(column.unfit, table.rows) } : {}),
      different: `${column.distinct.exact ? "" : "about "}${column.distinct.count}`,
      "min .. median .. max, or most frequent": values(column),
      shape: column.histogram ? bars(column.histogram.counts) : "",
    }));
    parts.push(render({ rows: table.rows, columns }, colors));
  }
  if (personal.length > 0) {
    const likely = personal.map(({ column, kind, confidence, reason }) => ({ column, kind, confidence, reason }));
    parts.push(render({ likelyPersonal: likely }, colors));
  }
  return parts.join("\n");
}

/** Least, middle and greatest value, or the most frequent ones, or lengths. */
function values({ type, numbers, top, length, withheld }: ColumnProfile): string {
  if (withheld) return "left out: likely personal";
  if (numbers) {
    const text = (value: number) =>
      type === "date" ? new Date(value * 86_400_000).toISOString().slice(0, 10) : String(Number(value.toPrecision(5)));
    return `${text(numbers.min)} .. ${text(numbers.percentiles[50] ?? numbers.mean)} .. ${text(numbers.max)}`;
  }
  if (top && top.length > 0) {
    const named = top.map(({ value, count }) => `${String(value).replace(/\s+/g, " ")} (${count})`).join(", ");
    return named.length > VALUES ? `${named.slice(0, VALUES - 1)}…` : named;
  }
  return length ? `${length.min} to ${length.max} characters` : "";
}

function portion(count: number, rows: number): string {
  return count === 0 || rows === 0 ? "0" : `${count} (${Number(((100 * count) / rows).toPrecision(2))} %)`;
}

/** Counts as bars of eight heights, neighbours added up to at most `BARS`; a bin that is not empty shows. */
export function bars(counts: readonly number[]): string {
  const wide = Math.max(1, Math.ceil(counts.length / BARS));
  const sums = Array.from({ length: Math.ceil(counts.length / wide) }, (_, at) =>
    counts.slice(at * wide, (at + 1) * wide).reduce((sum, count) => sum + count, 0),
  );
  const most = Math.max(...sums, 1);
  return sums.map((sum) => (sum === 0 ? " " : HEIGHTS[Math.ceil((8 * sum) / most) - 1])).join("");
}
