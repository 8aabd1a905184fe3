import type { Policy, SeasonDay } from "../reads.ts";
import { wadNumber } from "../format.ts";
import { payoutShare } from "./payout.tsx";

/** A season's daily rain as a strip of bars; a picture only, the numbers stand beside it. */
export function RainSpark({ days }: { days: readonly SeasonDay[] }) {
  const wettest = Math.max(8, ...days.map((d) => d.precipitation));
  return (
    <svg className="spark" viewBox={`0 0 ${days.length * 3} 34`} preserveAspectRatio="none" aria-hidden="true">
      {days.map((day, n) => {
        const tall = (Math.sqrt(day.precipitation) / Math.sqrt(wettest)) * 33;
        return <rect key={day.date} className="rain" x={n * 3} y={34 - tall} width="2.2" height={tall} />;
      })}
    </svg>
  );
}

/** The payout curve in small, with this season's point when there is one. */
export function CurveSpark({ policy }: { policy: Policy }) {
  const [trigger, exit, most, score] = [policy.trigger, policy.exit, policy.maxShare, policy.score].map(wadNumber) as [
    number,
    number,
    number,
    number,
  ];
  const x = (value: number) => 4 + value * 272;
  const y = (share: number) => 37 - share * 34;
  const line = `M${x(0)} ${y(most)}L${x(exit)} ${y(most)}L${x(trigger)} ${y(0)}L${x(1)} ${y(0)}`;
  const known = Number.isFinite(score);
  return (
    <svg className="spark" viewBox="0 0 280 40" aria-hidden="true">
      <path className="curve-area" d={`${line}L${x(0)} ${y(0)}Z`} />
      <path className="curve" d={line} />
      {known && <path className="spark-drop" d={`M${x(score)} 40V${y(payoutShare(score, trigger, exit, most))}`} />}
      {known && (
        <circle className="spark-point" cx={x(score)} cy={y(payoutShare(score, trigger, exit, most))} r="3.6" />
      )}
    </svg>
  );
}
