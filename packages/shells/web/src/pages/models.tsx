import { useQuery } from "@tanstack/react-query";
import { Confusion } from "../charts/confusion.tsx";
import { Plot, type Point, type Series } from "../charts/plot.tsx";
import { when } from "../format.ts";
import { api, type Asset, type ModelCard, type ModelReport } from "../reads.ts";
import { href } from "../route.ts";
import { t } from "../strings.ts";
import { Empty, Figure, Id, PageHead, Panel } from "../ui/bits.tsx";
import { Loaded } from "../ui/load.tsx";
import { type Column, Exports, Table } from "../ui/table.tsx";
import { Reports } from "./reports.tsx";

const m = t.models;

const columns: readonly Column<Asset>[] = [
  { head: m.id, value: (a) => a.id, numeric: true, minor: true },
  { head: m.name, value: (a) => a.name, cell: (a) => <a href={href("models", a.id)}>{a.name}</a> },
  { head: m.by, value: (a) => a.ownerName ?? a.owner },
  { head: m.root, value: (a) => a.root, cell: (a) => <Id id={a.root} label={m.root} />, minor: true },
];

/** All models, or one with the plots of its training and its test. */
export default function ModelsPage({ id }: { id: string | undefined }) {
  return id === undefined ? <ModelList /> : <ModelDetail id={id} />;
}

function ModelList() {
  const query = useQuery({ queryKey: ["assets"], queryFn: api.assets });
  return (
    <>
      <PageHead title={m.title} lead={m.lead} />
      <Loaded query={query}>
        {(all) => {
          const rows = all.filter(({ kind }) => kind === "model");
          if (rows.length === 0) return <Empty title={m.empty} help={m.emptyHelp} />;
          return (
            <Panel title={m.title} className="bare" tools={<Exports name={m.title} rows={rows} columns={columns} />}>
              <Table name={m.title} rows={rows} columns={columns} rowKey={(a) => a.id} />
            </Panel>
          );
        }}
      </Loaded>
    </>
  );
}

function ModelDetail({ id }: { id: string }) {
  const query = useQuery({ queryKey: ["model", id], queryFn: () => api.model(id) });
  return (
    <Loaded query={query}>
      {(card) => (
        <>
          <PageHead title={card.name} back={{ page: "models", label: m.title }} />
          <p className="note">
            {m.predicts(card.target, card.task)} <a href={href("lineage", `asset:${id}`)}>{t.nav.lineage}</a>
          </p>
          <Scores card={card} />
          {card.metrics.report === undefined ? (
            <p className="note">{m.noReport}</p>
          ) : (
            <Plots report={card.metrics.report} />
          )}
          <Reports model={id} binary={card.task === "binary"} />
        </>
      )}
    </Loaded>
  );
}

const score = (value: number | null | undefined) =>
  value === null || value === undefined ? "–" : String(Number(value.toPrecision(4)));

function Scores({ card }: { card: ModelCard }) {
  const { metrics } = card;
  const { binary, report } = metrics;
  const folds = report?.crossValidation;
  const figures: [string, string][] = [
    ...(binary ? [[m.auc, score(binary.auc)] as [string, string]] : []),
    ...(report?.binary
      ? ([
          [m.f1, score(report.binary.f1)],
          [m.brier, score(report.binary.brier)],
          [m.calibrationError, score(report.binary.calibrationError)],
        ] as [string, string][])
      : []),
    ...(binary
      ? ([
          [m.logLoss, score(binary.logLoss)],
          [m.accuracy, score(binary.accuracy)],
        ] as [string, string][])
      : []),
    ...(report?.classes
      ? ([
          [m.accuracy, score(report.classes.accuracy)],
          [m.guess, score(report.classes.guess)],
          [m.macroF1, score(report.classes.macroF1)],
          [m.logLoss, score(report.classes.logLoss)],
        ] as [string, string][])
      : []),
    ...(report?.regression ? [[m.r2, score(report.regression.r2)] as [string, string]] : []),
    [m.rmse, score(metrics.rmse)],
    [m.mae, score(metrics.mae)],
    [m.rival, score(metrics.baselineRmse)],
    ...(folds ? [[m.folds(folds.metric), `${score(folds.mean)} ± ${score(folds.deviation)}`] as [string, string]] : []),
    [
      m.rows,
      [metrics.trainRows, report?.validRows, metrics.testRows].filter((n) => n !== undefined && n > 0).join(" / "),
    ],
  ];
  return (
    <>
      <dl className="figures">
        {figures.map(([label, value]) => (
          <Figure key={label} label={label} value={value} />
        ))}
      </dl>
      {card.createdAt !== undefined && <p className="note">{m.made(when(Date.parse(card.createdAt) / 1000))}</p>}
    </>
  );
}

function Plots({ report }: { report: ModelReport }) {
  const { binary, classes, regression } = report;
  const tables = binary
    ? { labels: ["0", "1"], counts: binary.confusion }
    : classes && { labels: classes.labels, counts: classes.confusion };
  return (
    <div className="columns even plots">
      <Learning report={report} />
      {binary?.roc && (
        <Panel title={m.roc}>
          <Plot
            label={m.rocLabel(binary.roc.length)}
            series={[{ name: m.roc, tone: 1, points: binary.roc }]}
            x={[0, 1]}
            y={[0, 1]}
            xName={m.falseAlarms}
            yName={m.hits}
            diagonal
          />
        </Panel>
      )}
      {binary?.precisionRecall && (
        <Panel title={m.precisionRecall}>
          <Plot
            label={m.precisionRecallLabel(score(binary.averagePrecision))}
            series={[{ name: m.precisionRecall, tone: 1, points: binary.precisionRecall }]}
            x={[0, 1]}
            y={[0, 1]}
            xName={m.recall}
            yName={m.precision}
          />
        </Panel>
      )}
      {(binary ?? classes) && <Calibration bins={(binary ?? classes)?.calibration ?? []} />}
      {tables && (
        <Panel title={m.confusion}>
          <Confusion {...tables} />
        </Panel>
      )}
      {regression && <Pairs pairs={regression.pairs} />}
    </div>
  );
}

function Learning({ report: { learning } }: { report: ModelReport }) {
  const { curve, best, epochs } = learning;
  if (curve.length < 2) return null;
  const train = curve.map(({ epoch, train }): Point => [epoch, train]);
  const valid = curve.flatMap(({ epoch, valid }): Point[] => (valid === undefined ? [] : [[epoch, valid]]));
  const series: Series[] = [{ name: m.training, tone: 1, points: train }];
  if (valid.length > 0) series.push({ name: m.validation, tone: 2, points: valid });
  const all = [...train, ...valid].map(([, loss]) => loss);
  const last = (points: readonly Point[]) => score(points.at(-1)?.[1]);
  return (
    <Panel title={m.learning}>
      <Plot
        label={m.learningLabel(epochs, last(train), valid.length > 0 ? last(valid) : undefined)}
        series={series}
        x={[train[0]?.[0] ?? 1, train.at(-1)?.[0] ?? 2]}
        y={[Math.min(0, ...all), Math.max(...all) || 1]}
        xName={m.epoch}
        yName={m.loss}
        {...(best < epochs ? { mark: { at: best, name: m.best } } : {})}
      />
    </Panel>
  );
}

function Calibration({ bins }: { bins: readonly { said: number; seen: number; rows: number }[] }) {
  const points = bins.map(({ said, seen }): Point => [said, seen]);
  return (
    <Panel title={m.calibration}>
      <Plot
        label={m.calibrationLabel(bins.length)}
        series={[{ name: m.calibration, tone: 1, points }]}
        x={[0, 1]}
        y={[0, 1]}
        xName={m.said}
        yName={m.seen}
        diagonal
      />
    </Panel>
  );
}

function Pairs({ pairs }: { pairs: readonly Point[] }) {
  const all = pairs.flat();
  const range = [Math.min(...all), Math.max(...all)] as const;
  return (
    <Panel title={m.pairs}>
      <Plot
        label={m.pairsLabel(pairs.length)}
        series={[{ name: m.pairs, tone: 1, points: pairs, dots: true }]}
        x={range}
        y={range}
        xName={m.predicted}
        yName={m.actual}
        diagonal
      />
    </Panel>
  );
}
