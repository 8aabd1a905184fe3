import type { Policy, SeasonDay } from "../reads.ts";
import { dayMonth, wadNumber } from "../format.ts";
import { t } from "../strings.ts";
import { useWidth } from "../ui/load.tsx";

/** The season's rain day by day as bars, with the running score against trigger and exit above them. */
export function Season({ policy, days }: { policy: Policy; days: readonly SeasonDay[] }) {
  const [frame, width] = useWidth<HTMLDivElement>(720);
  const height = 290;
  const box = { left: 54, right: 44, top: 14, bottom: 28 };
  const inner = width - box.left - box.right;
  const step = inner / Math.max(days.length, 1);
  const wettest = Math.max(10, ...days.map((d) => d.precipitation));
  const total = days.reduce((sum, d) => sum + d.precipitation, 0);
  const [trigger, exit] = [wadNumber(policy.trigger), wadNumber(policy.exit)];
  const x = (index: number) => box.left + (index + 0.5) * step;
  const yScore = (value: number) => height - box.bottom - value * (height - box.top - box.bottom);
  const yRain = (mm: number) => (mm / wettest) * (height - box.top - box.bottom) * 0.55;
  const scored = days
    .map((day, index) => ({ index, score: day.score }))
    .filter((d): d is { index: number; score: number } => d.score !== undefined);
  const path = scored
    .map((d, n) => `${n === 0 ? "M" : "L"}${x(d.index).toFixed(1)} ${yScore(d.score).toFixed(1)}`)
    .join("");
  const wet = days.map((day, index) => ({ day, index })).filter(({ day }) => day.precipitation > 0);
  const end = scored.at(-1);
  return (
    <div ref={frame} className="chart">
      <svg width={width} height={height} role="img" aria-label={t.cover.daysLabel(days.length, total.toFixed(0))}>
        <rect
          className="zone zone-trigger"
          x={box.left}
          width={inner}
          y={yScore(trigger)}
          height={yScore(exit) - yScore(trigger)}
        />
        <rect
          className="zone zone-exit"
          x={box.left}
          width={inner}
          y={yScore(exit)}
          height={yScore(0) - yScore(exit)}
        />
        <line className="grid" x1={box.left} x2={box.left + inner} y1={yScore(0)} y2={yScore(0)} />
        {(
          [
            [trigger, t.cover.trigger, "trigger"],
            [exit, t.cover.exit, "exit"],
          ] as const
        ).map(([value, name, tone]) => (
          <g key={name}>
            <line
              className={`limit limit-${tone}`}
              x1={box.left}
              x2={box.left + inner}
              y1={yScore(value)}
              y2={yScore(value)}
            />
            <text className="tick strong" x={box.left + 6} y={yScore(value) - 6}>
              {name} {value.toFixed(2)}
            </text>
          </g>
        ))}
        {wet.map(({ day, index }) => (
          <rect
            key={day.date}
            className="rain"
            x={x(index) - step * 0.38}
            width={Math.max(1, step * 0.76)}
            y={height - box.bottom - yRain(day.precipitation)}
            height={yRain(day.precipitation)}
          >
            <title>{`${day.date}: ${day.precipitation} mm`}</title>
          </rect>
        ))}
        {path && <path className="score-line" d={path} />}
        {end && <circle className="score-end" cx={x(end.index)} cy={yScore(end.score)} r="5" />}
        {[0, wettest].map((mm) => (
          <text key={mm} className="tick" x={box.left - 7} y={height - box.bottom - yRain(mm) + 4} textAnchor="end">
            {mm === 0 ? "0" : `${mm.toFixed(0)} mm`}
          </text>
        ))}
        {[0, 0.5, 1].map((value) => (
          <text key={value} className="tick" x={box.left + inner + 7} y={yScore(value) + 4}>
            {value.toFixed(1)}
          </text>
        ))}
        {days.map((day, index) =>
          index === 0 || day.date.endsWith("-01") ? (
            <text key={day.date} className="tick" x={Math.min(x(index), box.left + inner - 20)} y={height - 8}>
              {dayMonth(day.date)}
            </text>
          ) : null,
        )}
      </svg>
      <ul className="legend">
        <li>
          <span className="key key-rain" aria-hidden="true" />
          {t.cover.rain}
        </li>
        {path && (
          <li>
            <span className="key key-score" aria-hidden="true" />
            {t.cover.index}
          </li>
        )}
        <li>
          {t.cover.rainTotal}: <strong>{total.toFixed(0)} mm</strong>
        </li>
      </ul>
    </div>
  );
}
