import { useQuery } from "@tanstack/react-query";
import { api, type Dispute, type Finality, type Move } from "../reads.ts";
import { short, span, amount, wad, wadNumber, when } from "../format.ts";
import { href } from "../route.ts";
import { t } from "../strings.ts";
import { Empty, Glyph, Id, PageHead, Panel, Who } from "../ui/bits.tsx";
import { Loaded, useChainTime, useStatus } from "../ui/load.tsx";
import { Mark } from "../ui/mark.tsx";
import { type Column, Exports, Table } from "../ui/table.tsx";
import { Split } from "./decisions.tsx";
import { GameBoard, GameLists } from "./games.tsx";

const d = t.disputes;
const nameOf = (name: string | undefined, address: string) => name ?? short(address);
const marks: Record<Dispute["state"], Finality> = { open: "disputed", ruled: "final", expired: "overturned" };

const columns = (unit: string): readonly Column<Dispute>[] => [
  { head: d.id, value: (x) => x.id, cell: (x) => <Id id={x.id} label={d.id} to={href("disputes", x.id)} /> },
  { head: d.proposer, value: (x) => x.proposer, cell: (x) => <Who name={x.proposerName} address={x.proposer} /> },
  {
    head: d.challenger,
    value: (x) => x.challenger,
    cell: (x) => <Who name={x.challengerName} address={x.challenger} />,
  },
  {
    head: d.claimed,
    value: (x) => (x.claimed === undefined ? undefined : wad(x.claimed, 6)),
    cell: (x) => wad(x.claimed, 4),
    numeric: true,
  },
  {
    head: d.recomputed,
    value: (x) => (x.recomputed === undefined ? undefined : wad(x.recomputed, 6)),
    cell: (x) => wad(x.recomputed, 4),
    numeric: true,
  },
  { head: `${d.bond}, ${unit}`, value: (x) => amount(x.bond), numeric: true, minor: true },
  { head: d.winner, value: (x) => x.winner, cell: (x) => (x.winner ? d[x.winner] : "–"), minor: true },
  { head: d.state, value: (x) => x.state, cell: (x) => <Mark state={marks[x.state]} /> },
];

/** All disputes, or one as a board when the address names it. */
export function DisputesPage({ id }: { id: string | undefined }) {
  const unit = useStatus().data?.currency ?? t.currency;
  if (id === undefined) return <DisputeList unit={unit} />;
  // Numbers of games are hashes, those of the panel count up.
  return id.length > 20 ? <GameBoard id={id} unit={unit} /> : <Board id={id} unit={unit} />;
}

function DisputeList({ unit }: { unit: string }) {
  const query = useQuery({ queryKey: ["disputes"], queryFn: api.disputes });
  const games = useQuery({ queryKey: ["games"], queryFn: api.games });
  const cols = columns(unit);
  return (
    <>
      <PageHead title={d.title} lead={d.lead} />
      <Loaded query={query}>
        {(rows) =>
          rows.length === 0 ? (
            games.data?.length === 0 && <Empty title={d.empty} help={d.emptyHelp} />
          ) : (
            <Panel title={d.title} tools={<Exports name={d.title} rows={rows} columns={cols} />} className="bare">
              <Table name={d.title} rows={rows} columns={cols} rowKey={(x) => x.id} />
            </Panel>
          )
        }
      </Loaded>
      <GameLists />
    </>
  );
}

function Board({ id, unit }: { id: string; unit: string }) {
  const query = useQuery({ queryKey: ["dispute", id], queryFn: () => api.dispute(id) });
  const now = useChainTime();
  return (
    <Loaded query={query}>
      {(dispute) => (
        <>
          <PageHead
            title={`${nameOf(dispute.challengerName, dispute.challenger)} ${d.versus} ${nameOf(dispute.proposerName, dispute.proposer)}`}
            back={{ page: "disputes", label: d.title }}
          >
            <Mark state={marks[dispute.state]} />
          </PageHead>
          <section className="board" aria-label={d.ruling}>
            <Side party="proposer" dispute={dispute} />
            <div className="board-middle">
              {dispute.winner ? (
                <p className="ruling">{d.rulingFor[dispute.winner]}</p>
              ) : (
                <p className="ruling">
                  {d.open}
                  {dispute.deadline !== undefined && now !== undefined && (
                    <span className="dim">{d.deadline(span(dispute.deadline - now))}</span>
                  )}
                </p>
              )}
              {dispute.votesFor !== undefined && (
                <p className="dim">{d.votes(dispute.votesFor, dispute.votesAgainst ?? 0)}</p>
              )}
              {dispute.recomputed !== undefined && dispute.claimed !== undefined && (
                <p className="dim num">
                  {d.apart(Math.abs(wadNumber(dispute.claimed) - wadNumber(dispute.recomputed)).toFixed(4))}
                </p>
              )}
            </div>
            <Side party="challenger" dispute={dispute} />
          </section>
          <div className="columns">
            <Panel
              title={d.moves}
              tools={<Exports name={`dispute ${short(id)}`} rows={dispute.moves ?? []} columns={moveColumns(unit)} />}
            >
              <ol className="moves">
                {(dispute.moves ?? []).map((move, n) => (
                  <MoveRow key={`${move.kind}-${move.tx ?? n}`} move={move} n={n + 1} unit={unit} />
                ))}
              </ol>
            </Panel>
            <div className="stack">
              <Panel title={d.flows}>
                {dispute.flows?.length ? (
                  <Split shares={dispute.flows} unit={unit} />
                ) : (
                  <p className="note">{d.flowsNone}</p>
                )}
              </Panel>
              <Panel title={t.lineage.details}>
                <dl className="facts">
                  <div>
                    <dt>{d.id}</dt>
                    <dd>
                      <Id id={dispute.id} label={d.id} />
                    </dd>
                  </div>
                  <div>
                    <dt>{d.decision}</dt>
                    <dd>
                      <Id id={dispute.decisionId} label={d.decision} to={href("decisions", dispute.decisionId)} />
                    </dd>
                  </div>
                  <div>
                    <dt>{d.bond}</dt>
                    <dd>
                      <span className="num">{amount(dispute.bond)}</span> <span className="unit">{unit}</span>
                    </dd>
                  </div>
                  <div>
                    <dt>{t.activity.tx}</dt>
                    <dd>
                      <Id id={dispute.tx} label={t.activity.tx} />
                    </dd>
                  </div>
                </dl>
              </Panel>
            </div>
          </div>
        </>
      )}
    </Loaded>
  );
}

function Side({ party, dispute }: { party: "proposer" | "challenger"; dispute: Dispute }) {
  const address = dispute[party];
  const name = party === "proposer" ? dispute.proposerName : dispute.challengerName;
  const value = party === "proposer" ? dispute.claimed : dispute.recomputed;
  const outcome = dispute.winner === undefined ? "" : dispute.winner === party ? "won" : "lost";
  return (
    <div className={`side side-${party} ${outcome}`}>
      <p className="side-role">{d[party]}</p>
      <p className="side-name">
        <Glyph seed={address} />
        {nameOf(name, address)}
      </p>
      <p className="side-value">{value === undefined ? <span className="dim">?</span> : wad(value, 4)}</p>
      <p className="dim">{value === undefined ? d.unknown : party === "proposer" ? d.claimed : d.recomputed}</p>
    </div>
  );
}

const moveColumns = (unit: string): readonly Column<Move>[] => [
  { head: d.move, value: (m) => d.kinds[m.kind] },
  { head: d.who, value: (m) => m.whoName ?? m.who },
  { head: d.at, value: (m) => when(m.at) },
  { head: d.value, value: (m) => (m.value === undefined ? undefined : wad(m.value, 6)) },
  { head: `${d.bond}, ${unit}`, value: (m) => (m.bond === undefined ? undefined : amount(m.bond)) },
  { head: d.detail, value: (m) => m.detail },
  { head: t.activity.tx, value: (m) => m.tx },
];

function MoveRow({ move, n, unit }: { move: Move; n: number; unit: string }) {
  return (
    <li className={`move move-${move.side}`}>
      <span className="move-n num" aria-hidden="true">
        {n}
      </span>
      <div className="move-body">
        <p className="move-title">
          <strong>{d.kinds[move.kind]}</strong>
          <Who name={move.whoName} address={move.who} />
        </p>
        {move.detail && <p>{(d.details as Record<string, string>)[move.detail] ?? move.detail}</p>}
        <p className="move-facts">
          {move.at !== undefined && <span>{when(move.at)}</span>}
          {move.value !== undefined && (
            <span>
              {d.value} <b className="num">{wad(move.value, 4)}</b>
            </span>
          )}
          {move.bond !== undefined && (
            <span>
              {d.bond} <b className="num">{amount(move.bond)}</b> {unit}
            </span>
          )}
          {move.tx && <Id id={move.tx} label={t.activity.tx} />}
        </p>
      </div>
    </li>
  );
}
