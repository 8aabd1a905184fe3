import { useQuery } from "@tanstack/react-query";
import { Impact, percent } from "../charts/impact.tsx";
import { Plot, type Point } from "../charts/plot.tsx";
import { short, when } from "../format.ts";
import { api, type FairnessReport, type InfluenceTrace, type TracedRow } from "../reads.ts";
import { href } from "../route.ts";
import { t } from "../strings.ts";
import { Figure, Id, Panel } from "../ui/bits.tsx";
import { type Column, Exports, Table } from "../ui/table.tsx";

const m = t.reports;
/** Traces that are shown; all are in the lineage. */
const TRACES = 3;

const figure = (value: number | null) => (value === null ? "–" : String(Number(value.toPrecision(3))));

/** What is on record about a model's groups, and about the rows that its answers come from. */
export function Reports({ model, binary }: { model: string; binary: boolean }) {
  const query = useQuery({ queryKey: ["reports", model], queryFn: () => api.reports(model) });
  if (query.data === undefined) return null;
  const { fairness, influence } = query.data;
  return (
    <>
      {fairness.length === 0 && binary && <p className="note">{m.noFairness(model)}</p>}
      {newest(fairness).map((report) => (
        <Fairness key={report.statement} report={report} />
      ))}
      {influence.length === 0 && <p className="note">{m.noTrace(model)}</p>}
      {influence.slice(0, TRACES).map((trace) => (
        <Trace key={trace.statement} trace={trace} />
      ))}
    </>
  );
}

/** The newest report of each column and table; they come newest first. */
function newest(reports: readonly FairnessReport[]): FairnessReport[] {
  const seen = new Set<string>();
  return reports.filter(({ group, data, part }) => {
    const key = JSON.stringify([group, data.asset, part]);
    return !seen.has(key) && seen.add(key);
  });
}

const columns: readonly Column<FairnessReport["groups"][number]>[] = [
  { head: m.group, value: (g) => g.group },
  { head: m.rows, value: (g) => g.rows, numeric: true },
  { head: m.selected, value: (g) => g.selectionRate, cell: (g) => percent(g.selectionRate), numeric: true },
  rate(m.truePositives, (g) => g.truePositiveRate),
  rate(m.falsePositives, (g) => g.falsePositiveRate),
  rate(m.precision, (g) => g.precision),
  rate(m.accuracy, (g) => g.accuracy),
  rate(m.said, (g) => g.said),
  rate(m.seen, (g) => g.seen),
];

type Group = FairnessReport["groups"][number];
function rate(head: string, of: (group: Group) => number | null): Column<Group> {
  return { head, value: (g) => of(g) ?? undefined, cell: (g) => percent(of(g)), numeric: true };
}

/** Titles name panels: two reports must not share one. */
const subject = ({ group, data, part }: FairnessReport) =>
  `${group} (${t.nav.data.toLowerCase()} ${data.asset}${part === "all" ? "" : `, ${part}`})`;

function Fairness({ report }: { report: FairnessReport }) {
  const { groups, calibration } = report;
  const group = subject(report);
  const figures: [string, string][] = [
    [m.disparateImpact, figure(report.disparateImpact)],
    [m.parity, figure(report.demographicParityDifference)],
    [m.opportunity, figure(report.truePositiveDifference)],
    [m.odds, figure(report.equalisedOddsDifference)],
    [m.calibrationError, figure(Math.max(...calibration.map(({ expectedError }) => expectedError)))],
  ];
  const verdict =
    report.fourFifths === null ? m.fourFifthsUnknown : report.fourFifths ? m.fourFifthsHolds : m.fourFifthsBroken;
  return (
    <div className="report">
      <h2>{m.fairness(group)}</h2>
      <p className="note">
        {m.measured(report.rows, report.left, report.threshold)} {m.trained(report.trained)} {verdict}
      </p>
      <dl className="figures">
        {figures.map(([label, value]) => (
          <Figure key={label} label={label} value={value} />
        ))}
      </dl>
      <div className="columns even plots">
        <Panel title={m.selectionBy(group)}>
          <Impact groups={groups} />
        </Panel>
        <Curves report={report} />
      </div>
      <Panel
        title={m.ratesBy(group)}
        className="bare"
        tools={<Exports name={m.ratesBy(group)} rows={groups} columns={columns} />}
      >
        <Table name={m.ratesBy(group)} rows={groups} columns={columns} rowKey={(g) => g.group} />
      </Panel>
      <Proof kind="fairness" report={report} />
    </div>
  );
}

/** Calibration by group: one plot with a line a group, or a plot a group where the lines would be too many to tell apart. */
function Curves({ report }: { report: FairnessReport }) {
  const { calibration } = report;
  const group = subject(report);
  const lines = calibration.map(({ group: name, bins }) => ({
    name,
    points: bins.map(({ said, seen }): Point => [said, seen]),
  }));
  const plot = (label: string, some: typeof lines) => (
    <Plot
      label={label}
      series={some.map((line, index) => ({ ...line, tone: (index + 1) as 1 | 2 | 3 }))}
      x={[0, 1]}
      y={[0, 1]}
      xName={t.models.said}
      yName={t.models.seen}
      diagonal
    />
  );
  if (lines.length <= 3)
    return (
      <Panel title={m.calibrationBy(group)}>{plot(m.calibrationLabel(lines.map(({ name }) => name)), lines)}</Panel>
    );
  return lines.map((line) => (
    <Panel key={line.name} title={m.calibrationOf(group, line.name)}>
      {plot(m.calibrationLabel([line.name]), [line])}
    </Panel>
  ));
}

interface Named extends TracedRow {
  readonly side: string;
}
const traced: readonly Column<Named>[] = [
  { head: m.moved, value: (r) => r.side },
  { head: m.row, value: (r) => r.at, numeric: true },
  { head: m.asset, value: (r) => r.asset, cell: (r) => <a href={href("data", r.asset)}>{r.asset}</a>, numeric: true },
  { head: m.value, value: (r) => r.value, cell: (r) => `${r.value > 0 ? "+" : ""}${figure(r.value)}`, numeric: true },
  { head: m.share, value: (r) => r.share, cell: (r) => <Weight share={r.share} />, numeric: true },
  {
    head: m.hash,
    value: (r) => r.hash ?? undefined,
    cell: (r) => <Id id={r.hash ?? undefined} label={m.hash} />,
    minor: true,
  },
];

function Weight({ share }: { share: number }) {
  return (
    <span className="weight">
      <span className="weight-bar" style={{ inlineSize: `${Math.min(60, 240 * share)}px` }} aria-hidden="true" />
      {percent(share)}
    </span>
  );
}

function Trace({ trace }: { trace: InfluenceTrace }) {
  const rows = (["for", "against"] as const).flatMap((side) =>
    trace[side].map((row): Named => ({ ...row, side: side === "for" ? m.for : m.against })),
  );
  const title = m.rowsBehind(short(trace.id));
  return (
    <div className="report">
      <h2>{m.trace(trace.answer, when(Date.parse(trace.createdAt) / 1000))}</h2>
      <p className="note">
        {m.traced(trace.samples, trace.unit, m.methods[trace.method] ?? trace.method)} {m.traceLimits}
      </p>
      <Panel title={title} className="bare" tools={<Exports name={title} rows={rows} columns={traced} />}>
        <Table name={title} rows={rows} columns={traced} rowKey={(r) => `${r.side} ${r.row}`} />
      </Panel>
      <Proof kind="influence" report={trace} />
    </div>
  );
}

function Proof({
  kind,
  report,
}: {
  kind: string;
  report: { readonly id: string; readonly statement: string; readonly signer: string };
}) {
  return (
    <p className="note report-proof">
      {m.signedBy} <Id id={report.signer} label={m.signer} />
      <a href={href("lineage", `${kind}:${report.id}`)}>{t.nav.lineage}</a>
      <code className="command">assay report verify {report.statement}</code>
    </p>
  );
}
