import { useWidth } from "../ui/load.tsx";

/** A point in data units. */
export type Point = readonly [x: number, y: number];

/** One line (or cloud of dots) of a plot. */
export interface Series {
  readonly name: string;
  /** Which of the plot's three colours; also the dash, so that colour is never alone in telling lines apart. */
  readonly tone: 1 | 2 | 3;
  readonly points: readonly Point[];
  readonly dots?: boolean;
}

interface PlotProps {
  /** What the picture says, in a sentence, for those who do not see it. */
  readonly label: string;
  readonly series: readonly Series[];
  readonly x: readonly [from: number, to: number];
  readonly y: readonly [from: number, to: number];
  readonly xName: string;
  readonly yName: string;
  /** A line from corner to corner: what chance, or perfect calibration, would be. */
  readonly diagonal?: boolean;
  /** A vertical mark, e.g. the best epoch. */
  readonly mark?: { readonly at: number; readonly name: string };
}

const HEIGHT = 250;
const BOX = { left: 52, right: 14, top: 14, bottom: 42 };

/** Lines over two axes with their names; follows the width of its place. */
export function Plot({ label, series, x: xs, y: ys, xName, yName, diagonal = false, mark }: PlotProps) {
  const [frame, width] = useWidth<HTMLDivElement>(460);
  const x = (value: number) => BOX.left + ((value - xs[0]) / (xs[1] - xs[0] || 1)) * (width - BOX.left - BOX.right);
  const y = (value: number) =>
    HEIGHT - BOX.bottom - ((value - ys[0]) / (ys[1] - ys[0] || 1)) * (HEIGHT - BOX.top - BOX.bottom);
  const path = (points: readonly Point[]) =>
    points.map(([a, b], n) => `${n === 0 ? "M" : "L"}${x(a)} ${y(b)}`).join("");
  const middle = (BOX.top + HEIGHT - BOX.bottom) / 2;
  return (
    <div ref={frame} className="chart">
      <svg width={width} height={HEIGHT} role="img" aria-label={label}>
        {ticks(ys).map((value) => (
          <g key={`y${value}`}>
            <line className="grid" x1={x(xs[0])} x2={x(xs[1])} y1={y(value)} y2={y(value)} />
            <text className="tick" x={BOX.left - 7} y={y(value) + 4} textAnchor="end">
              {number(value)}
            </text>
          </g>
        ))}
        {ticks(xs).map((value) => (
          <text key={`x${value}`} className="tick" x={x(value)} y={HEIGHT - 24} textAnchor="middle">
            {number(value)}
          </text>
        ))}
        <text className="tick strong" x={(x(xs[0]) + x(xs[1])) / 2} y={HEIGHT - 6} textAnchor="middle">
          {xName}
        </text>
        <text className="tick strong" transform={`translate(12 ${middle}) rotate(-90)`} textAnchor="middle">
          {yName}
        </text>
        {diagonal && <line className="plot-chance" x1={x(xs[0])} y1={y(ys[0])} x2={x(xs[1])} y2={y(ys[1])} />}
        {mark && (
          <g>
            <line className="plot-mark" x1={x(mark.at)} x2={x(mark.at)} y1={BOX.top} y2={HEIGHT - BOX.bottom} />
            <text
              className="tick"
              x={x(mark.at) + (x(mark.at) > width - 110 ? -6 : 6)}
              y={BOX.top + 11}
              textAnchor={x(mark.at) > width - 110 ? "end" : "start"}
            >
              {mark.name}
            </text>
          </g>
        )}
        {series.map(({ name, tone, points, dots }) => (
          <g key={name} className={`plot-series line-${tone}`}>
            {dots !== true && <path d={path(points)} />}
            {(dots === true || points.length < 13) &&
              points.map(([a, b]) => <circle key={`${a} ${b}`} cx={x(a)} cy={y(b)} r={dots === true ? 2.6 : 3.2} />)}
          </g>
        ))}
      </svg>
      {series.length > 1 && (
        <ul className="plot-legend">
          {series.map(({ name, tone }) => (
            <li key={name} className={`plot-series line-${tone}`}>
              <svg viewBox="0 0 26 8" width="26" height="8" aria-hidden="true">
                <path d="M1 4h24" />
              </svg>
              {name}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Four to six round numbers inside a range. */
function ticks([from, to]: readonly [number, number]): number[] {
  const span = to - from;
  if (!(span > 0)) return [from];
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => span / size <= 5) ?? span;
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, n) => (first + n) * step);
}

const number = (value: number) => String(Number(value.toPrecision(3)));
