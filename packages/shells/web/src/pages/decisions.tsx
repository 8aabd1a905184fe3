import { useQuery } from "@tanstack/react-query";
import { api, type Decision } from "../reads.ts";
import { Reasons } from "../charts/reasons.tsx";
import { percent, short, span, amount, wad, wadNumber, when } from "../format.ts";
import { href } from "../route.ts";
import { t } from "../strings.ts";
import { Empty, Figure, Id, PageHead, Panel, Who } from "../ui/bits.tsx";
import { Loaded, useChainTime, useStatus } from "../ui/load.tsx";
import { Mark } from "../ui/mark.tsx";
import { type Column, Exports, Table } from "../ui/table.tsx";

const columns: readonly Column<Decision>[] = [
  {
    head: t.decisions.id,
    value: (d) => d.id,
    cell: (d) => <Id id={d.id} label={t.decisions.id} to={href("decisions", d.id)} />,
  },
  {
    head: t.decisions.subject,
    value: (d) => d.subject ?? d.consumerName ?? d.consumer,
    cell: (d) => d.subject ?? d.consumerName ?? short(d.consumer),
  },
  {
    head: t.decisions.output,
    value: (d) => (d.output === undefined ? undefined : wad(d.output, 6)),
    cell: (d) => <OutputBar decision={d} />,
    numeric: true,
  },
  {
    head: t.decisions.confidence,
    value: (d) => d.confidenceBps,
    cell: (d) => percent(d.confidenceBps),
    numeric: true,
    minor: true,
  },
  { head: t.decisions.state, value: (d) => d.state, cell: (d) => <Mark state={d.finality} /> },
  {
    head: t.decisions.model,
    value: (d) => d.modelName ?? d.modelId,
    cell: (d) => <a href={href("lineage", `asset:${d.modelId}`)}>{d.modelName ?? short(d.modelId)}</a>,
    minor: true,
  },
  { head: t.decisions.requested, value: (d) => when(d.requestedAt), minor: true },
];

function OutputBar({ decision }: { decision: Decision }) {
  if (decision.output === undefined) return <span className="dim">{t.decisions.pending}</span>;
  const value = wadNumber(decision.output);
  return (
    <span className="output-cell">
      <span className="mono">{wad(decision.output, 4)}</span>
      <span className={`meter ${decision.finality === "final" ? "" : "meter-open"}`} aria-hidden="true">
        <span style={{ width: `${Math.min(1, Math.max(0, value)) * 100}%` }} />
      </span>
    </span>
  );
}

/** All decisions, or one when the address names it. */
export function DecisionsPage({ id }: { id: string | undefined }) {
  return id === undefined ? <DecisionList /> : <DecisionDetail id={id} />;
}

function DecisionList() {
  const query = useQuery({ queryKey: ["decisions"], queryFn: api.decisions });
  return (
    <>
      <PageHead title={t.decisions.title} lead={t.decisions.lead} />
      <Loaded query={query}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title={t.decisions.empty} help={t.decisions.emptyHelp} />
          ) : (
            <Panel
              title={t.decisions.title}
              tools={<Exports name={t.decisions.title} rows={rows} columns={columns} />}
              className="bare"
            >
              <Table
                name={t.decisions.title}
                rows={rows}
                columns={columns}
                rowKey={(d) => d.id}
                rowClass={(d) => (d.finality === "final" ? "" : "row-open")}
              />
            </Panel>
          )
        }
      </Loaded>
    </>
  );
}

function DecisionDetail({ id }: { id: string }) {
  const query = useQuery({ queryKey: ["decision", id], queryFn: () => api.decision(id) });
  const unit = useStatus().data?.currency ?? t.currency;
  return (
    <Loaded query={query}>
      {(decision) => (
        <>
          <PageHead
            title={decision.subject ?? short(decision.id)}
            back={{ page: "decisions", label: t.decisions.title }}
          >
            <Mark state={decision.finality} />
          </PageHead>
          <Answer decision={decision} />
          <div className="columns">
            <div className="stack">
              <Panel title={t.decisions.reasons}>
                {decision.reasons?.length && decision.output !== undefined ? (
                  <Reasons reasons={decision.reasons} base={decision.base ?? 0} output={wadNumber(decision.output)} />
                ) : (
                  <p className="note">{t.decisions.reasonsNone}</p>
                )}
              </Panel>
              <Panel title={t.decisions.fee}>
                {decision.shares?.length ? (
                  <Split shares={decision.shares} unit={unit} />
                ) : (
                  <p className="note">{t.decisions.feeNone}</p>
                )}
              </Panel>
            </div>
            <div className="stack">
              <Panel title={t.decisions.life}>
                <Life decision={decision} />
              </Panel>
              <Panel title={t.decisions.signers}>
                <ul className="rows">
                  {(decision.signers ?? []).map((s) => (
                    <li key={s.address}>
                      <Who name={s.name} address={s.address} />
                      {s.bond && (
                        <span className="num">
                          {amount(s.bond)} <span className="unit">{`${unit} ${t.decisions.bond}`}</span>
                        </span>
                      )}
                    </li>
                  ))}
                  {!decision.signers?.length && <li className="dim">{t.decisions.pending}</li>}
                </ul>
              </Panel>
              <Panel title={t.decisions.commitments}>
                <dl className="facts">
                  <Fact label={t.decisions.id} id={decision.id} />
                  <Fact
                    label={t.decisions.model}
                    id={decision.modelId}
                    to={href("lineage", `asset:${decision.modelId}`)}
                  />
                  <Fact label={t.decisions.input} id={decision.inputHash} />
                  <Fact label={t.decisions.why} id={decision.whyHash} />
                  <Fact label={t.decisions.evidence} id={decision.evidenceRoot} />
                  <Fact label={t.activity.tx} id={decision.tx} />
                  {decision.policyId && (
                    <Fact label={t.decisions.policy} id={decision.policyId} to={href("cover", decision.policyId)} />
                  )}
                  {decision.disputeId && (
                    <Fact
                      label={t.decisions.dispute}
                      id={decision.disputeId}
                      to={href("disputes", decision.disputeId)}
                    />
                  )}
                </dl>
                <a className="button" href={href("lineage", `decision:${decision.id}`)}>
                  {t.loop.openLineage}
                </a>
              </Panel>
            </div>
          </div>
        </>
      )}
    </Loaded>
  );
}

function Fact({ label, id, to }: { label: string; id: string | undefined; to?: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{to ? <Id id={id} label={label} to={to} /> : <Id id={id} label={label} />}</dd>
    </div>
  );
}

/** The answer itself, on its scale, drawn solid only when final. */
function Answer({ decision }: { decision: Decision }) {
  const now = useChainTime() ?? decision.now;
  const value = wadNumber(decision.output);
  const known = Number.isFinite(value);
  const tier = t.decisions.tierNames[decision.tier];
  return (
    <section className={`answer answer-${decision.finality}`} aria-label={t.decisions.output}>
      <div className="answer-main">
        <p className="answer-value">
          {known ? wad(decision.output, 4) : "–"}
          <span className="unit">{known ? t.decisions.outputLabel : t.decisions.pending}</span>
        </p>
        <div className="scale" aria-hidden="true">
          {known && <span className="scale-fill" style={{ width: `${Math.min(1, Math.max(0, value)) * 100}%` }} />}
          {[0.25, 0.5, 0.75].map((at) => (
            <span key={at} className="scale-tick" style={{ left: `${at * 100}%` }} />
          ))}
        </div>
      </div>
      <dl className="figures">
        <Figure label={t.decisions.confidence} value={percent(decision.confidenceBps)} />
        <Figure label={t.decisions.tier} value={decision.tier} unit={tier} />
        <Figure label={t.decisions.state} value={t.decisions.states[decision.state]} />
        <Figure label={t.decisions.window} value={<Window decision={decision} now={now} />} />
      </dl>
    </section>
  );
}

function Window({ decision, now }: { decision: Decision; now: number | undefined }) {
  const { proposedAt, windowEndsAt } = decision;
  if (windowEndsAt === undefined || now === undefined) return "–";
  const left = windowEndsAt - now;
  if (left <= 0 || decision.state === "final") return t.decisions.windowOver;
  const whole = windowEndsAt - (proposedAt ?? windowEndsAt - left);
  return (
    <span className="countdown">
      {t.decisions.windowLeft(span(left))}
      <span className="meter meter-open" aria-hidden="true">
        <span style={{ width: `${Math.max(0, Math.min(1, 1 - left / Math.max(whole, 1))) * 100}%` }} />
      </span>
    </span>
  );
}

function Life({ decision }: { decision: Decision }) {
  const points = [
    { name: t.decisions.asked, at: decision.requestedAt, done: true },
    { name: t.decisions.answered, at: decision.proposedAt, done: decision.proposedAt !== undefined },
    ...(decision.disputeId
      ? [{ name: t.finality.disputed, at: undefined, done: true, link: href("disputes", decision.disputeId) }]
      : []),
    { name: t.decisions.final, at: decision.finalizedAt, done: decision.state === "final" },
    { name: t.decisions.delivered, at: undefined, done: decision.delivered === true },
  ];
  return (
    <ol className="life">
      {points.map((p) => (
        <li key={p.name} className={p.done ? "done" : ""}>
          {"link" in p && p.link ? <a href={p.link}>{p.name}</a> : <span>{p.name}</span>}
          <span className="dim num">
            {p.done ? (p.at === undefined ? t.status.done : when(p.at)) : t.status.waiting}
          </span>
        </li>
      ))}
    </ol>
  );
}

/** Shares of an amount as one divided bar and its list. */
export function Split({ shares, unit }: { shares: NonNullable<Decision["shares"]>; unit: string }) {
  const total = shares.reduce((sum, s) => sum + wadNumber(s.amount), 0) || 1;
  return (
    <div className="split">
      <div className="split-bar" aria-hidden="true">
        {shares.map((s, n) => (
          <span
            key={`${s.role}-${s.to}`}
            className={`tone-${n % 5}`}
            style={{ flexGrow: wadNumber(s.amount) / total }}
          />
        ))}
      </div>
      <ul className="rows">
        {shares.map((s, n) => (
          <li key={`${s.role}-${s.to}`}>
            <span className={`key tone-${n % 5}`} aria-hidden="true" />
            <span className="grow">
              {s.role}
              {s.name && s.name !== s.role && <span className="dim"> {s.name}</span>}
            </span>
            <span className="num">
              {amount(s.amount)} <span className="unit">{unit}</span>
            </span>
            <span className="num dim share">{((wadNumber(s.amount) / total) * 100).toFixed(0)} %</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
