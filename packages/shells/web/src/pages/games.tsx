import { useQuery } from "@tanstack/react-query";
import { amount, short, when } from "../format.ts";
import type { WireClaim, WireGame } from "../api.ts";
import { api } from "../reads.ts";
import { href } from "../route.ts";
import { t } from "../strings.ts";
import { Glyph, Id, PageHead, Panel, Who } from "../ui/bits.tsx";
import { Loaded } from "../ui/load.tsx";
import { Mark } from "../ui/mark.tsx";
import { type Column, Exports, Table } from "../ui/table.tsx";

const g = t.games;
const stateOf = ({ winner }: WireGame) =>
  winner === null ? "disputed" : winner === "defender" ? "final" : "overturned";
const place = ({ step, operator, element }: WireGame) =>
  [
    step === null ? undefined : g.step(String(step)),
    operator,
    element === null ? undefined : g.element(String(element)),
  ]
    .filter(Boolean)
    .join(" · ") || "–";

/** Whose colour a move has. */
const MOVER = { challenger: "challenger", defender: "proposer", chain: "court" } as const;

const gameColumns: readonly Column<WireGame>[] = [
  {
    head: g.game,
    value: (x) => String(x.game),
    cell: (x) => <Id id={String(x.game)} label={g.game} to={href("disputes", String(x.game))} />,
  },
  {
    head: g.defender,
    value: (x) => x.claimant,
    cell: (x) => <Who name={undefined} address={x.claimant} />,
    minor: true,
  },
  {
    head: g.challenger,
    value: (x) => x.challenger,
    cell: (x) => <Who name={undefined} address={x.challenger} />,
    minor: true,
  },
  { head: g.where, value: place },
  { head: g.state, value: (x) => stateOf(x), cell: (x) => <Mark state={stateOf(x)} /> },
];

const aboutOf = ({ about, aboutHolds }: WireClaim) =>
  about === null ? g.unlabelled : aboutHolds === false ? g.untrue(about) : about;

const claimColumns: readonly Column<WireClaim>[] = [
  {
    head: g.claim,
    value: (x) => `${x.claim}, ${aboutOf(x)}`,
    cell: (x) => (
      <>
        <Id id={x.claim} label={g.claim} />
        <p className="dim">{aboutOf(x)}</p>
      </>
    ),
  },
  { head: g.result, value: (x) => x.result, cell: (x) => <Id id={x.result} label={g.result} />, minor: true },
  { head: g.checked, value: (x) => (x.checked === null ? g.notYet : g[x.checked]) },
  { head: g.state, value: (x) => g.status[x.status] },
];

/** Games about runs, and the claims that stand. */
export function GameLists() {
  const games = useQuery({ queryKey: ["games"], queryFn: api.games });
  const claims = useQuery({ queryKey: ["claims"], queryFn: api.claims });
  return (
    <>
      <Loaded query={games}>
        {(rows) =>
          rows.length === 0 ? null : (
            <Panel
              title={g.title}
              tools={<Exports name={g.title} rows={rows} columns={gameColumns} />}
              className="bare titled"
            >
              <Table name={g.title} rows={rows} columns={gameColumns} rowKey={(x) => String(x.game)} />
            </Panel>
          )
        }
      </Loaded>
      <Loaded query={claims}>
        {(rows) =>
          rows.length === 0 ? null : (
            <Panel
              title={g.claims}
              tools={<Exports name={g.claims} rows={rows} columns={claimColumns} />}
              className="bare titled"
            >
              <Table name={g.claims} rows={rows} columns={claimColumns} rowKey={(x) => x.tx} />
            </Panel>
          )
        }
      </Loaded>
    </>
  );
}

/** One game as a board: both sides with the value each has, and every move. */
export function GameBoard({ id, unit }: { id: string; unit: string }) {
  const query = useQuery({ queryKey: ["game", id], queryFn: () => api.game(id), refetchInterval: 2_000 });
  return (
    <Loaded query={query}>
      {(game) => (
        <>
          <PageHead
            title={`${short(game.challenger)} ${t.disputes.versus} ${short(game.claimant)}`}
            back={{ page: "disputes", label: t.disputes.title }}
          >
            <Mark state={stateOf(game)} />
          </PageHead>
          <section className="board" aria-label={g.game}>
            <Side game={game} party="defender" />
            <div className="board-middle">
              <p className="ruling">
                {game.winner === null ? g.waits(game.turn === null ? "" : g[game.turn]) : g.right[game.winner]}
              </p>
              <p className="dim">{place(game)}</p>
            </div>
            <Side game={game} party="challenger" />
          </section>
          <div className="columns">
            <Panel title={t.disputes.moves}>
              <ol className="moves">
                {game.moves.map((move, n) => (
                  <li key={move.tx} className={`move move-${MOVER[move.by]}`}>
                    <span className="move-n num" aria-hidden="true">
                      {n + 1}
                    </span>
                    <div className="move-body">
                      <p className="move-title">
                        <strong>{g[move.by]}</strong>
                      </p>
                      <p>{move.text}</p>
                      <p className="move-facts">
                        <span>{when(Number(move.at))}</span>
                        <Id id={move.tx} label={t.activity.tx} />
                      </p>
                    </div>
                  </li>
                ))}
              </ol>
            </Panel>
            <Panel title={t.lineage.details}>
              <dl className="facts">
                <Fact name={g.claim}>
                  <Id id={game.claim} label={g.claim} />
                </Fact>
                {game.about !== null && <Fact name={g.about}>{game.about}</Fact>}
                <Fact name={g.job}>
                  <Id id={game.job} label={g.job} />
                </Fact>
                <Fact name={g.where}>{place(game)}</Fact>
                {game.reward !== null && (
                  <Fact name={g.reward}>
                    <span className="num">{amount(String(game.reward))}</span> <span className="unit">{unit}</span>
                  </Fact>
                )}
                {game.burned !== null && (
                  <Fact name={g.burned}>
                    <span className="num">{amount(String(game.burned))}</span> <span className="unit">{unit}</span>
                  </Fact>
                )}
              </dl>
            </Panel>
          </div>
        </>
      )}
    </Loaded>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Side({ game, party }: { game: WireGame; party: "defender" | "challenger" }) {
  const address = party === "defender" ? game.claimant : game.challenger;
  const value = party === "defender" ? game.claimed : game.truth;
  const outcome = game.winner === null ? "" : game.winner === party ? "won" : "lost";
  return (
    <div className={`side side-${party === "defender" ? "proposer" : "challenger"} ${outcome}`}>
      <p className="side-role">{g[party]}</p>
      <p className="side-name">
        <Glyph seed={address} />
        {short(address)}
      </p>
      <p className="side-value side-bits">{value === null ? <span className="dim">?</span> : value.split(" ")[0]}</p>
      <p className="dim num">{value === null ? g.unknown : (value.split(" ")[1] ?? "")}</p>
      <p className="dim">{value === null ? "" : party === "defender" ? g.said : g.computed}</p>
    </div>
  );
}
