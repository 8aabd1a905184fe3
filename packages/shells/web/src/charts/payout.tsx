import type { Policy } from "../reads.ts";
import { amount, wadNumber } from "../format.ts";
import { t } from "../strings.ts";
import { useWidth } from "../ui/load.tsx";

/** Share of the sum insured that a score pays: 0 from the trigger up, the most at the exit and below. */
export function payoutShare(score: number, trigger: number, exit: number, most: number): number {
  if (score >= trigger) return 0;
  if (score <= exit) return most;
  return (most * (trigger - score)) / (trigger - exit);
}

/** The policy's payout formula as a curve over the score, with this season's point on it. */
export function PayoutCurve({ policy, unit }: { policy: Policy; unit: string }) {
  const [frame, width] = useWidth<HTMLDivElement>(460);
  const [trigger, exit, most, score] = [policy.trigger, policy.exit, policy.maxShare, policy.score].map(wadNumber) as [
    number,
    number,
    number,
    number,
  ];
  const height = 250;
  const box = { left: 44, right: 14, top: 16, bottom: 40 };
  const x = (value: number) => box.left + value * (width - box.left - box.right);
  const y = (share: number) => height - box.bottom - share * (height - box.top - box.bottom);
  const known = Number.isFinite(score);
  const at = known ? payoutShare(score, trigger, exit, most) : 0;
  const line = `M${x(0)} ${y(most)}L${x(exit)} ${y(most)}L${x(trigger)} ${y(0)}L${x(1)} ${y(0)}`;
  const label = known ? t.cover.curveLabel(score.toFixed(4), `${amount(policy.payout)} ${unit}`) : t.cover.curveWaiting;
  const leftward = known && x(score) > width - 130;
  return (
    <div ref={frame} className="chart">
      <svg width={width} height={height} role="img" aria-label={label}>
        {[0, 0.5, 1].map((share) => (
          <g key={share}>
            <line className="grid" x1={x(0)} x2={x(1)} y1={y(share)} y2={y(share)} />
            <text className="tick" x={box.left - 8} y={y(share) + 4} textAnchor="end">
              {share * 100} %
            </text>
          </g>
        ))}
        <path className="curve-area" d={`${line}L${x(0)} ${y(0)}Z`} />
        {(
          [
            [exit, t.cover.exit],
            [trigger, t.cover.trigger],
          ] as const
        ).map(([value, name]) => (
          <g key={name}>
            <line
              className={`limit limit-${name === t.cover.exit ? "exit" : "trigger"}`}
              x1={x(value)}
              x2={x(value)}
              y1={box.top}
              y2={y(0)}
            />
            <text className="tick" x={x(value)} y={height - 22} textAnchor="middle">
              {value.toFixed(2)}
            </text>
            <text className="tick strong" x={x(value)} y={height - 7} textAnchor="middle">
              {name}
            </text>
          </g>
        ))}
        <text className="tick" x={x(0)} y={height - 22} textAnchor="middle">
          0
        </text>
        <text className="tick" x={x(1)} y={height - 22} textAnchor="middle">
          1
        </text>
        <path className="curve" d={line} />
        {known && (
          <g className={policy.finality === "final" ? "point" : "point point-open"}>
            <line x1={x(score)} x2={x(score)} y1={y(at)} y2={y(0)} />
            <line x1={x(0)} x2={x(score)} y1={y(at)} y2={y(at)} />
            <circle cx={x(score)} cy={y(at)} r="6" />
            <text x={x(score) + (leftward ? -12 : 12)} y={y(at) - 10} textAnchor={leftward ? "end" : "start"}>
              {score.toFixed(3)} → {(at * 100).toFixed(1)} %
            </text>
          </g>
        )}
      </svg>
    </div>
  );
}
