import { useQueries, useQuery } from "@tanstack/react-query";
import { api, type Asset, type Decision, type Dispute, type Policy, type Step } from "../reads.ts";
import { CurveSpark, RainSpark } from "../charts/spark.tsx";
import { count, short, took, amount, wad, wadNumber } from "../format.ts";
import { href } from "../route.ts";
import { t } from "../strings.ts";
import { Empty, Figure, Id, PageHead, Panel } from "../ui/bits.tsx";
import { Loaded, useStatus } from "../ui/load.tsx";
import { Mark, StepMark } from "../ui/mark.tsx";
import { type Column, Exports } from "../ui/table.tsx";

const l = t.loop;
const sum = (values: readonly (string | undefined)[]) =>
  values.reduce((total, v) => total + BigInt(v ?? "0"), 0n).toString();

/** Home: the loop as a picture of what is on this node now, and its steps. */
export function LoopPage() {
  const story = useQuery({ queryKey: ["story"], queryFn: api.story });
  const assets = useQuery({ queryKey: ["assets"], queryFn: api.assets });
  const decisions = useQuery({ queryKey: ["decisions"], queryFn: api.decisions });
  const cover = useQuery({ queryKey: ["cover"], queryFn: api.cover });
  const disputes = useQuery({ queryKey: ["disputes"], queryFn: api.disputes });
  const sent = useQuery({ queryKey: ["transactions"], queryFn: api.transactions });
  const unit = useStatus().data?.currency ?? t.currency;
  const steps = story.data ?? [];
  const policies = cover.data?.policies ?? [];
  const burned = useBurned(disputes.data ?? []);
  const paid = policies.filter((p) => p.finality === "final").map((p) => p.payout);
  const nothing = story.data?.length === 0 && assets.data?.length === 0 && decisions.data?.length === 0;
  return (
    <>
      <PageHead title={l.title} lead={l.lead} />
      {nothing ? (
        <Empty title={l.empty} help={l.emptyHelp} />
      ) : (
        <Loaded query={assets}>
          {(known) => (
            <>
              <dl className="figures strip">
                <Figure label={l.insured} value={amount(sum(policies.map((p) => p.sumInsured)))} unit={unit} />
                <Figure label={l.paid} value={amount(sum(paid))} unit={unit} />
                <Figure label={l.burned} value={amount(burned)} unit={unit} />
                <Figure
                  label={l.totalGas}
                  value={count((sent.data ?? steps).reduce((total, x) => total + (x.gas ?? 0), 0))}
                />
              </dl>
              <Circuit
                assets={known}
                decisions={decisions.data ?? []}
                policies={policies}
                disputes={disputes.data ?? []}
                steps={steps}
                unit={unit}
              />
              {steps.length > 0 && <Story steps={steps} />}
            </>
          )}
        </Loaded>
      )}
    </>
  );
}

/** What was burned of losers' bonds, from the first dispute's flows. */
function useBurned(disputes: readonly Dispute[]): string | undefined {
  const first = disputes.find((d) => d.state === "ruled");
  const detail = useQuery({
    queryKey: ["dispute", first?.id],
    queryFn: () => api.dispute(first?.id ?? ""),
    enabled: first !== undefined,
  });
  if (!first) return "0";
  return detail.data?.flows
    ? sum(detail.data.flows.filter((f) => f.role === "burned").map((f) => f.amount))
    : undefined;
}

interface CircuitProps {
  readonly assets: readonly Asset[];
  readonly decisions: readonly Decision[];
  readonly policies: readonly Policy[];
  readonly disputes: readonly Dispute[];
  readonly steps: readonly Step[];
  readonly unit: string;
}

function Circuit({ assets, decisions, policies, disputes, steps, unit }: CircuitProps) {
  const tables = assets.filter((a) => a.kind !== "model");
  const models = assets.filter((a) => a.kind === "model");
  const running = steps.some((s) => s.status === "running");
  return (
    <section className={`circuit ${running ? "circuit-running" : ""}`} aria-label={l.title}>
      <Station tone="data" title={l.data}>
        {tables.slice(0, 3).map((a) => (
          <AssetSlip key={a.id} asset={a} />
        ))}
        <Seasons policies={policies} />
      </Station>
      <Conduit lit={models.length > 0} />
      <Station tone="decision" title={l.decision}>
        {models.slice(0, 2).map((a) => (
          <AssetSlip key={a.id} asset={a} />
        ))}
        {[...decisions]
          .sort((a, b) => (a.requestedAt ?? 0) - (b.requestedAt ?? 0))
          .slice(-3)
          .map((d) => (
            <DecisionSlip key={d.id} decision={d} dispute={disputes.find((x) => x.decisionId === d.id)} />
          ))}
      </Station>
      <Conduit lit={decisions.some((d) => d.state === "final")} />
      <Station tone="execution" title={l.execution}>
        {policies.slice(0, 3).map((p) => (
          <PolicySlip key={p.id} policy={p} unit={unit} />
        ))}
      </Station>
      <Fees decisions={decisions} unit={unit} />
    </section>
  );
}

function Station({ tone, title, children }: { tone: string; title: string; children: React.ReactNode }) {
  return (
    <article className={`station station-${tone}`} aria-label={title}>
      <h2>{title}</h2>
      {children}
    </article>
  );
}

function Conduit({ lit }: { lit: boolean }) {
  return (
    <div className={`conduit ${lit ? "lit" : ""}`} aria-hidden="true">
      <span />
      <span />
      <span />
    </div>
  );
}

function AssetSlip({ asset }: { asset: Asset }) {
  return (
    <a className="slip" href={href("lineage", `asset:${asset.id}`)}>
      <span className="slip-head">
        <span>{t.lineage.kinds[asset.kind] ?? asset.kind}</span>
        <Mark state={asset.finality} bare />
      </span>
      <strong>{asset.name}</strong>
      <span className="slip-foot">
        {asset.rows !== undefined && (
          <span className="num">
            {count(asset.rows)} {l.rows}
          </span>
        )}
        {asset.rows === undefined && !!asset.parents?.length && <span>{l.parents(asset.parents.length)}</span>}
        <span className="mono">{short(asset.root, 8, 4)}</span>
      </span>
    </a>
  );
}

/** What the models read: the rain of the insured seasons. */
function Seasons({ policies }: { policies: readonly Policy[] }) {
  const found = useQueries({
    queries: policies.slice(0, 3).map((p) => ({ queryKey: ["policy", p.id], queryFn: () => api.policy(p.id) })),
  });
  const seasons = found.flatMap(({ data }) => (data?.season?.length ? [{ policy: data, days: data.season }] : []));
  return seasons.map(({ policy, days }) => (
    <a key={policy.id} className="slip" href={href("cover", policy.id)}>
      <span className="slip-head">
        <span>{policy.name ?? l.season(policy.seasonFrom, policy.seasonTo)}</span>
        <span className="num">
          {l.rain(days.reduce((total, d) => total + d.precipitation, 0).toFixed(0), days.length)}
        </span>
      </span>
      <RainSpark days={days} />
    </a>
  ));
}

function DecisionSlip({ decision, dispute }: { decision: Decision; dispute: Dispute | undefined }) {
  return (
    <a className={`slip slip-${decision.finality}`} href={href("decisions", decision.id)}>
      <span className="slip-head">
        <span>{decision.subject ?? t.lineage.kinds["decision"]}</span>
        <Mark state={decision.finality} bare />
      </span>
      <strong className="slip-value">
        {decision.output === undefined ? "–" : wad(decision.output, 4)} <span className="unit">{l.score}</span>
      </strong>
      <span className={`meter ${decision.finality === "final" ? "" : "meter-open"}`} aria-hidden="true">
        <span style={{ width: `${Math.min(1, Math.max(0, wadNumber(decision.output) || 0)) * 100}%` }} />
      </span>
      <span className="slip-foot">
        <span>{t.decisions.states[decision.state]}</span>
        {dispute ? (
          <span className="slip-alarm">
            {dispute.winner === "challenger" ? t.finality.overturned : t.finality.disputed}
            {dispute.claimed === undefined ? "" : `: ${wad(dispute.claimed, 3)}`}
          </span>
        ) : (
          <span className="mono">{short(decision.id, 8, 4)}</span>
        )}
      </span>
    </a>
  );
}

function PolicySlip({ policy, unit }: { policy: Policy; unit: string }) {
  return (
    <a className={`slip slip-${policy.finality}`} href={href("cover", policy.id)}>
      <span className="slip-head">
        <span>{policy.name ?? l.season(policy.seasonFrom, policy.seasonTo)}</span>
        <Mark state={policy.finality} bare />
      </span>
      <strong className={`slip-value ${policy.finality === "final" ? "money" : "money-open"}`}>
        {policy.payout === undefined ? "–" : amount(policy.payout)} <span className="unit">{unit}</span>
      </strong>
      <CurveSpark policy={policy} />
      <span className="slip-foot">
        <span className="num">
          {wad(policy.sumInsured, 0)} {unit} {l.insured}
        </span>
        <span>{t.cover.states[policy.state]}</span>
      </span>
    </a>
  );
}

/** The way back: the fee of a final decision, split along the lineage. */
function Fees({ decisions, unit }: { decisions: readonly Decision[]; unit: string }) {
  const first = decisions.find((d) => d.state === "final");
  const detail = useQuery({
    queryKey: ["decision", first?.id],
    queryFn: () => api.decision(first?.id ?? ""),
    enabled: first !== undefined,
  });
  const shares = detail.data?.shares ?? [];
  return (
    <div className={`return ${shares.length > 0 ? "lit" : ""}`}>
      <p>
        {l.feesBack}
        {shares.map((s) => (
          <span key={`${s.role}-${s.to}`} className="return-share">
            {s.role}{" "}
            <b className="num">
              {amount(s.amount)} {unit}
            </b>
          </span>
        ))}
      </p>
    </div>
  );
}

const LINK: Record<string, (id: string) => string> = {
  decision: (id) => href("decisions", id),
  request: (id) => href("decisions", id),
  policy: (id) => href("cover", id),
  dispute: (id) => href("disputes", id),
  asset: (id) => href("lineage", `asset:${id}`),
  data: (id) => href("lineage", `asset:${id}`),
  derived: (id) => href("lineage", `asset:${id}`),
  model: (id) => href("lineage", `asset:${id}`),
  run: (id) => href("lineage", `run:${id}`),
  payout: (id) => href("lineage", `payout:${id}`),
};

const columns: readonly Column<Step>[] = [
  { head: l.step, value: (s) => s.title },
  { head: t.lineage.details, value: (s) => s.detail },
  { head: l.statusHead, value: (s) => s.status },
  { head: `${l.time}, ms`, value: (s) => s.ms },
  { head: l.gas, value: (s) => s.gas },
  {
    head: l.ids,
    value: (s) =>
      Object.entries(s.ids ?? {})
        .map(([k, v]) => `${k} ${v}`)
        .join(" "),
  },
];

function Story({ steps }: { steps: readonly Step[] }) {
  const slowest = Math.max(1, ...steps.map((s) => s.ms ?? 0));
  const done = steps.filter((s) => s.status === "done").length;
  return (
    <Panel
      title={l.steps}
      tools={
        <>
          <span className="dim">{l.progress(done, steps.length)}</span>
          <Exports name={l.steps} rows={steps} columns={columns} />
        </>
      }
    >
      <ol className="story">
        {steps.map((s) => (
          <li key={s.id} className={`story-${s.status}`}>
            <StepMark status={s.status} bare />
            <div className="story-body">
              <strong>{s.title}</strong>
              {s.detail && <p>{s.detail}</p>}
              {s.ids && (
                <p className="story-ids">
                  {Object.entries(s.ids).map(([key, id]) => {
                    const link = LINK[key]?.(id);
                    return (
                      <span key={key}>
                        <span className="dim">{key}</span>{" "}
                        {link ? <Id id={id} label={key} to={link} /> : <Id id={id} label={key} />}
                      </span>
                    );
                  })}
                </p>
              )}
            </div>
            <div className="story-cost">
              <span className="num">{took(s.ms)}</span>
              <span className="meter" aria-hidden="true">
                <span style={{ width: `${((s.ms ?? 0) / slowest) * 100}%` }} />
              </span>
              {s.gas !== undefined && s.gas > 0 && (
                <span className="num dim">
                  {count(s.gas)} {l.gas.toLowerCase()}
                </span>
              )}
            </div>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
