import { t } from "../strings.ts";
import { useWidth } from "../ui/load.tsx";

const m = t.reports;
const ROW = 46;
const BOX = { left: 2, right: 64, top: 22, bottom: 4 };
/** The four-fifths rule (29 CFR 1607.4 D). */
const FIFTHS = 0.8;

/** Share of each group that is selected, against four fifths of the highest share. */
export function Impact({ groups }: { groups: readonly { readonly group: string; readonly selectionRate: number }[] }) {
  const [frame, width] = useWidth<HTMLDivElement>(460);
  const most = Math.max(...groups.map(({ selectionRate }) => selectionRate));
  const limit = FIFTHS * most;
  const height = BOX.top + groups.length * ROW + BOX.bottom;
  const x = (share: number) => BOX.left + (most === 0 ? 0 : share / most) * (width - BOX.left - BOX.right);
  const below = groups.filter(({ selectionRate }) => selectionRate < limit).map(({ group }) => group);
  return (
    <div ref={frame} className="chart">
      <svg width={width} height={height} role="img" aria-label={m.impactLabel(groups.length, below)}>
        {groups.map(({ group, selectionRate }, index) => {
          const top = BOX.top + index * ROW;
          const short = selectionRate < limit;
          return (
            <g key={group} className={short ? "impact impact-below" : "impact"}>
              <text className="strong" x={BOX.left} y={top + 13}>
                {group.length > 40 ? `${group.slice(0, 39)}…` : group}
                {short ? ` (${m.below})` : ""}
              </text>
              <rect x={BOX.left} y={top + 19} width={Math.max(1, x(selectionRate) - BOX.left)} height={14} />
              <text className="tick" x={x(selectionRate) + 7} y={top + 31}>
                {percent(selectionRate)}
              </text>
            </g>
          );
        })}
        <line className="impact-limit" x1={x(limit)} x2={x(limit)} y1={BOX.top - 6} y2={height - BOX.bottom} />
        <text className="tick" x={x(limit)} y={BOX.top - 10} textAnchor="end">
          {m.fourFifthsOf(percent(limit))}
        </text>
      </svg>
    </div>
  );
}

/** A share as per cent, one decimal. */
export function percent(share: number | null): string {
  return share === null ? "–" : `${(100 * share).toFixed(1)} %`;
}
