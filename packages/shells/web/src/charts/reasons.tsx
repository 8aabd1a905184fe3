import { useState } from "react";
import type { Reason } from "../reads.ts";
import { t } from "../strings.ts";

const FEW = 10;
const signed = (value: number) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(4)}`;

interface ReasonsProps {
  readonly reasons: readonly Reason[];
  readonly base: number;
  readonly output: number;
}

/**
 * The explanation as bars left (lowers) and right (raises) of a common line, largest first.
 * Terms too small to list are added up in one bar, so the picture always sums to the output.
 */
export function Reasons({ reasons, base, output }: ReasonsProps) {
  const [all, setAll] = useState(false);
  const sorted = [...reasons].sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const folded = !all && sorted.length > FEW + 2;
  const shown = folded ? sorted.slice(0, FEW) : sorted;
  const rest = folded ? sorted.slice(FEW) : [];
  const bars =
    rest.length === 0
      ? shown
      : [...shown, { name: t.decisions.others(rest.length), value: rest.reduce((sum, r) => sum + r.value, 0) }];
  const most = Math.max(...bars.map((b) => Math.abs(b.value)), 1e-9);
  return (
    <div className="reasons">
      <p className="note">{t.decisions.reasonsLead(base.toFixed(4))}</p>
      <ol>
        {bars.map((bar) => {
          const share = (Math.abs(bar.value) / most) * 50;
          return (
            <li key={bar.name} className={bar.value < 0 ? "down" : "up"}>
              <span className="reason-name">{bar.name.replace(/(\d)-(\d)/g, "$1–$2")}</span>
              <span className="reason-track" aria-hidden="true">
                <span
                  className="reason-bar"
                  style={{ width: `${share}%`, left: bar.value < 0 ? `${50 - share}%` : "50%" }}
                />
              </span>
              <span className="reason-value mono">
                <span className="quiet">{bar.value < 0 ? t.decisions.down : t.decisions.up} </span>
                {signed(bar.value)}
              </span>
            </li>
          );
        })}
      </ol>
      <p className="reason-sum mono">
        {base.toFixed(4)} {signed(reasons.reduce((sum, r) => sum + r.value, 0))} = <strong>{output.toFixed(4)}</strong>
      </p>
      {sorted.length > FEW + 2 && (
        <button type="button" className="button small" onClick={() => setAll(!all)} aria-expanded={all}>
          {all ? t.decisions.fewerReasons : t.decisions.allReasons(sorted.length)}
        </button>
      )}
    </div>
  );
}
