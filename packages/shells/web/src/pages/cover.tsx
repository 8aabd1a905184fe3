import { useQuery } from "@tanstack/react-query";
import { api, type CoverList, type Policy, type Pool, type SeasonDay } from "../reads.ts";
import { PayoutCurve } from "../charts/payout.tsx";
import { Season } from "../charts/season.tsx";
import { short, amount, wad, wadNumber } from "../format.ts";
import { href } from "../route.ts";
import { t } from "../strings.ts";
import { Empty, Figure, Id, PageHead, Panel, Who } from "../ui/bits.tsx";
import { Loaded, useStatus } from "../ui/load.tsx";
import { Mark } from "../ui/mark.tsx";
import { type Column, Exports, Table } from "../ui/table.tsx";

const c = t.cover;
const titleOf = (p: Policy) => p.name ?? `${c.policy} ${short(p.id)}`;

const columns = (unit: string): readonly Column<Policy>[] => [
  { head: c.policy, value: (p) => p.id, cell: (p) => <a href={href("cover", p.id)}>{titleOf(p)}</a> },
  {
    head: c.season,
    value: (p) => `${p.seasonFrom} ${p.seasonTo}`,
    cell: (p) => t.loop.season(p.seasonFrom, p.seasonTo),
    minor: true,
  },
  { head: c.holder, value: (p) => p.holder, cell: (p) => <Who name={p.holderName} address={p.holder} />, minor: true },
  {
    head: `${c.sumInsured}, ${unit}`,
    value: (p) => wad(p.sumInsured, 6),
    cell: (p) => amount(p.sumInsured),
    numeric: true,
  },
  {
    head: `${c.premium}, ${unit}`,
    value: (p) => wad(p.premium, 6),
    cell: (p) => amount(p.premium),
    numeric: true,
    minor: true,
  },
  {
    head: c.score,
    value: (p) => (p.score === undefined ? undefined : wad(p.score, 6)),
    cell: (p) => wad(p.score, 4),
    numeric: true,
  },
  {
    head: `${c.payout}, ${unit}`,
    value: (p) => (p.payout === undefined ? undefined : wad(p.payout, 6)),
    cell: (p) => <strong>{amount(p.payout)}</strong>,
    numeric: true,
  },
  { head: c.state, value: (p) => p.state, cell: (p) => <Mark state={p.finality} /> },
];

/** The pool with all policies, or one policy when the address names it. */
export function CoverPage({ id }: { id: string | undefined }) {
  const unit = useStatus().data?.currency ?? t.currency;
  return id === undefined ? <CoverHome unit={unit} /> : <PolicyDetail id={id} unit={unit} />;
}

function CoverHome({ unit }: { unit: string }) {
  const query = useQuery({ queryKey: ["cover"], queryFn: api.cover });
  return (
    <>
      <PageHead title={c.title} lead={c.lead} />
      <Loaded query={query}>{(cover) => <CoverBody cover={cover} unit={unit} />}</Loaded>
    </>
  );
}

function CoverBody({ cover, unit }: { cover: CoverList; unit: string }) {
  const cols = columns(unit);
  return (
    <>
      {cover.pool && <PoolPanel pool={cover.pool} unit={unit} />}
      {cover.policies.length === 0 ? (
        <Empty title={c.empty} help={c.emptyHelp} />
      ) : (
        <>
          <div className="policy-cards">
            {cover.policies.slice(0, 4).map((policy) => (
              <article key={policy.id} className="policy-card" aria-label={titleOf(policy)}>
                <header>
                  <h2>
                    <a href={href("cover", policy.id)}>{titleOf(policy)}</a>
                  </h2>
                  <Mark state={policy.finality} />
                </header>
                <p className="dim">{t.loop.season(policy.seasonFrom, policy.seasonTo)}</p>
                <PayoutCurve policy={policy} unit={unit} />
                <PayoutLine policy={policy} unit={unit} />
              </article>
            ))}
          </div>
          <Panel title={c.all} tools={<Exports name="policies" rows={cover.policies} columns={cols} />}>
            <Table
              name={c.all}
              rows={cover.policies}
              columns={cols}
              rowKey={(p) => p.id}
              rowClass={(p) => (p.finality === "final" ? "" : "row-open")}
            />
          </Panel>
        </>
      )}
    </>
  );
}

function PayoutLine({ policy, unit }: { policy: Policy; unit: string }) {
  if (policy.payout === undefined) return <p className="payout-line dim">{c.states[policy.state]}</p>;
  const share = wadNumber(policy.payout) / (wadNumber(policy.sumInsured) || 1);
  return (
    <p className="payout-line">
      <strong className={policy.finality === "final" ? "money" : "money money-open"}>
        {amount(policy.payout)} <span className="unit">{unit}</span>
      </strong>
      <span className="dim">{share === 0 ? c.noPay : c.ofInsured(`${(share * 100).toFixed(1)} %`)}</span>
    </p>
  );
}

function PoolPanel({ pool, unit }: { pool: Pool; unit: string }) {
  const [assets, locked, shares, premiums, payouts] = [
    pool.assets,
    pool.locked,
    pool.shares,
    pool.premiums,
    pool.payouts,
  ].map(wadNumber) as [number, number, number, number, number];
  const share = assets > 0 ? Math.min(1, locked / assets) : 0;
  const free = (BigInt(pool.assets) - BigInt(pool.locked)).toString();
  return (
    <Panel title={c.pool} tools={<Id id={pool.address} label={c.pool} />}>
      <div
        className="capital"
        role="img"
        aria-label={`${amount(pool.locked)} ${unit} ${c.locked}, ${amount(free)} ${unit} ${c.free}`}
      >
        <span className="capital-locked" style={{ width: `${share * 100}%` }} />
      </div>
      <dl className="figures wide">
        <Figure label={c.assets} value={amount(pool.assets)} unit={unit} />
        <Figure label={c.locked} value={amount(pool.locked)} unit={unit} />
        <Figure label={c.free} value={amount(free)} unit={unit} />
        <Figure label={c.premiums} value={amount(pool.premiums)} unit={unit} />
        <Figure label={c.payouts} value={amount(pool.payouts)} unit={unit} />
        <Figure label={c.lossRatio} value={premiums > 0 ? (payouts / premiums).toFixed(2) : "–"} />
        {shares > 0 && <Figure label={c.sharePrice} value={(assets / shares).toFixed(4)} unit={unit} />}
      </dl>
    </Panel>
  );
}

const dayColumns: readonly Column<SeasonDay>[] = [
  { head: c.date, value: (d) => d.date },
  { head: c.rain, value: (d) => d.precipitation, numeric: true },
  { head: c.index, value: (d) => d.score?.toFixed(4), numeric: true },
];

function PolicyDetail({ id, unit }: { id: string; unit: string }) {
  const query = useQuery({ queryKey: ["policy", id], queryFn: () => api.policy(id) });
  return (
    <Loaded query={query}>
      {(policy) => (
        <>
          <PageHead
            title={titleOf(policy)}
            lead={[policy.region, t.loop.season(policy.seasonFrom, policy.seasonTo)].filter(Boolean).join(", ")}
            back={{ page: "cover", label: c.title }}
          >
            <Mark state={policy.finality} />
          </PageHead>
          <section className={`answer answer-${policy.finality}`} aria-label={c.payout}>
            <div className="answer-main">
              <p className="answer-value">
                {amount(policy.payout)}
                <span className="unit">
                  {policy.payout === undefined ? c.states[policy.state] : `${unit} ${t.loop.paid}`}
                </span>
              </p>
            </div>
            <dl className="figures">
              <Figure label={c.sumInsured} value={amount(policy.sumInsured)} unit={unit} />
              <Figure label={c.premium} value={amount(policy.premium)} unit={unit} />
              <Figure label={c.score} value={wad(policy.score, 4)} />
              <Figure label={c.trigger} value={amount(policy.trigger)} />
              <Figure label={c.exit} value={amount(policy.exit)} />
              <Figure label={c.maxShare} value={`${(wadNumber(policy.maxShare) * 100).toFixed(0)} %`} />
            </dl>
          </section>
          <Panel
            title={c.days}
            tools={
              policy.season?.length ? (
                <Exports name={`season ${policy.seasonFrom}`} rows={policy.season} columns={dayColumns} />
              ) : undefined
            }
          >
            {policy.season?.length ? (
              <Season policy={policy} days={policy.season} />
            ) : (
              <p className="note">{c.daysNone}</p>
            )}
          </Panel>
          <div className="columns">
            <Panel title={c.curve}>
              <PayoutCurve policy={policy} unit={unit} />
            </Panel>
            <Panel title={t.lineage.details}>
              <dl className="facts">
                <div>
                  <dt>{c.holder}</dt>
                  <dd>
                    <Who name={policy.holderName} address={policy.holder} />
                  </dd>
                </div>
                <div>
                  <dt>{c.policy}</dt>
                  <dd>
                    <Id id={policy.id} label={c.policy} />
                  </dd>
                </div>
                {policy.decisionId && (
                  <div>
                    <dt>{c.decision}</dt>
                    <dd>
                      <Id id={policy.decisionId} label={c.decision} to={href("decisions", policy.decisionId)} />
                    </dd>
                  </div>
                )}
                <div>
                  <dt>{t.activity.tx}</dt>
                  <dd>
                    <Id id={policy.tx} label={t.activity.tx} />
                  </dd>
                </div>
              </dl>
              <a className="button" href={href("lineage", `policy:${policy.id}`)}>
                {t.loop.openLineage}
              </a>
            </Panel>
          </div>
        </>
      )}
    </Loaded>
  );
}
