import type { ColumnProfile } from "@machines/formats/column.ts";

const [W, H] = [220, 56];

/** How a column's values are spread: bars of its histogram, or of its most frequent values. Said in words for those who do not see it. */
export function Spread({ column, label }: { column: ColumnProfile; label: string }) {
  const bars = barsOf(column);
  if (bars.length === 0) return null;
  const most = Math.max(...bars.map(({ count }) => count));
  const step = W / bars.length;
  return (
    <svg className="spread" viewBox={`0 0 ${W} ${H}`} preserveAspectRatio="none" role="img" aria-label={label}>
      {bars.map(({ key, count, title }, i) => {
        const tall = count === 0 ? 0 : Math.max(1.5, (count / most) * (H - 2));
        return (
          <rect key={key} x={i * step} y={H - tall} width={Math.max(0.8, step - Math.min(1.5, step / 4))} height={tall}>
            <title>{title}</title>
          </rect>
        );
      })}
    </svg>
  );
}

interface Bar {
  readonly key: string;
  readonly count: number;
  readonly title: string;
}

function barsOf({ histogram, top, type }: ColumnProfile): Bar[] {
  if (histogram) {
    const { start, width, counts } = histogram;
    const say = (value: number) =>
      type === "date" ? new Date(value * 86_400_000).toISOString().slice(0, 10) : show(value);
    return counts.map((count, i) => {
      const from = say(start + i * width);
      return {
        key: from,
        count,
        title: width === 0 ? `${from}: ${count}` : `${from} – ${say(start + (i + 1) * width)}: ${count}`,
      };
    });
  }
  return (top ?? []).map(({ value, count }) => ({ key: String(value), count, title: `${value}: ${count}` }));
}

/** A number short enough for a cell. */
export function show(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e9 ? String(value) : String(Number(value.toPrecision(4)));
}

/** The share of cells that are missing, as a bar with its figure. */
export function Gap({ missing, rows }: { missing: number; rows: number }) {
  const share = rows > 0 ? missing / rows : 0;
  return (
    <span className="gap">
      <span className="gap-bar" aria-hidden="true">
        <span style={{ inlineSize: `${share > 0 ? Math.max(3, share * 100) : 0}%` }} />
      </span>
      {share === 0 ? "0" : share < 0.001 ? "<0.1 %" : `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`}
    </span>
  );
}
