import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, type JobRow, type LiveEvent, type NodeStatus, type Transaction } from "../reads.ts";
import { bytes, clock, count, amount, when } from "../format.ts";
import { useEvents } from "../live.ts";
import { t } from "../strings.ts";
import { Empty, Figure, Glyph, Id, PageHead, Panel, Who } from "../ui/bits.tsx";
import { Loaded, useStatus } from "../ui/load.tsx";
import { type Column, Exports, Table } from "../ui/table.tsx";

const a = t.activity;

const plain = (value: unknown): string =>
  typeof value === "string" ? value : typeof value === "object" ? JSON.stringify(value) : String(value);
const gist = (event: LiveEvent) =>
  Object.entries(event.data ?? {})
    .filter(([key]) => !["id", "type", "name", "at", "block", "tx", "contract"].includes(key))
    .slice(0, 4)
    .map(([key, value]) => {
      const text = plain(value);
      return `${key} ${text.length > 26 ? `${text.slice(0, 24)}…` : text}`;
    })
    .join(" · ");

const eventColumns: readonly Column<LiveEvent>[] = [
  { head: a.at, value: (e) => e.at, cell: (e) => <span className="num">{clock(e.at)}</span> },
  { head: a.event, value: (e) => e.type, cell: (e) => <strong>{e.type}</strong> },
  {
    head: t.lineage.details,
    value: (e) => JSON.stringify(e.data ?? {}),
    cell: (e) => <span className="dim">{gist(e)}</span>,
  },
  { head: a.block, value: (e) => e.block, numeric: true },
];
const jobColumns: readonly Column<JobRow>[] = [
  { head: a.kind, value: (j) => j.kind },
  { head: a.key, value: (j) => j.key, cell: (j) => <Id id={j.key} label={a.key} />, minor: true },
  { head: a.state, value: (j) => j.state, cell: (j) => <span className={`job job-${j.state}`}>{a.job[j.state]}</span> },
  { head: a.attempts, value: (j) => j.attempts, numeric: true },
];
const contractColumns: readonly Column<NodeStatus["contracts"][number]>[] = [
  { head: a.name, value: (x) => x.name },
  { head: a.address, value: (x) => x.address, cell: (x) => <Id id={x.address} label={a.address} /> },
  { head: a.block, value: (x) => x.block, numeric: true },
];
const identityColumns: readonly Column<NodeStatus["identities"][number]>[] = [
  {
    head: a.name,
    value: (x) => x.name,
    cell: (x) => (
      <span className="who">
        <Glyph seed={x.address} />
        {x.name}
      </span>
    ),
  },
  { head: a.role, value: (x) => x.role },
  { head: a.balance, value: (x) => x.balance, cell: (x) => amount(x.balance), numeric: true },
  { head: a.address, value: (x) => x.address, cell: (x) => <Id id={x.address} label={a.address} /> },
];

/** The node at work: its figures, the live stream, jobs and gas. */
export function ActivityPage() {
  const status = useStatus();
  const jobs = useQuery({ queryKey: ["jobs"], queryFn: api.jobs });
  const sent = useQuery({ queryKey: ["transactions"], queryFn: api.transactions });
  return (
    <>
      <PageHead title={a.title} lead={a.lead} />
      <Loaded query={status}>{(s) => <Figures status={s} />}</Loaded>
      <div className="columns">
        <div className="stack">
          <Stream />
          <Transactions rows={sent.data ?? []} />
        </div>
        <div className="stack">
          <Jobs rows={jobs.data ?? []} />
          <Gas rows={sent.data ?? []} />
        </div>
      </div>
      {status.data && (
        <div className="columns even">
          <Panel
            title={a.contracts}
            tools={<Exports name={a.contracts} rows={status.data.contracts} columns={contractColumns} />}
          >
            <Table name={a.contracts} rows={status.data.contracts} columns={contractColumns} rowKey={(x) => x.name} />
          </Panel>
          <Panel
            title={a.identities}
            tools={<Exports name={a.identities} rows={status.data.identities} columns={identityColumns} />}
          >
            <Table name={a.identities} rows={status.data.identities} columns={identityColumns} rowKey={(x) => x.name} />
          </Panel>
        </div>
      )}
    </>
  );
}

function Figures({ status }: { status: NodeStatus }) {
  return (
    <dl className="figures strip">
      <Figure label={a.head} value={count(status.chain.head)} unit={when(status.chain.timestamp)} />
      <Figure label={a.settled} value={count(status.chain.settled)} />
      <Figure label={a.indexed} value={count(status.chain.indexed)} />
      <Figure label={a.chain} value={status.chain.kind} unit={`id ${status.chain.chainId}`} />
      <Figure label={a.queued} value={count(status.jobs.queued + status.jobs.running)} />
      <Figure label={a.done} value={count(status.jobs.done)} />
      <Figure label={a.failed} value={count(status.jobs.failed)} />
      {status.disk && (
        <Figure
          label={a.disk}
          value={bytes(status.disk.bytes)}
          unit={status.disk.blobs === undefined ? undefined : a.blobs(count(status.disk.blobs))}
        />
      )}
    </dl>
  );
}

function Stream() {
  const events = useEvents();
  const [filter, setFilter] = useState("");
  const wanted = filter.trim().toLowerCase();
  const shown =
    wanted === "" ? events : events.filter((e) => `${e.type} ${e.tx ?? ""} ${gist(e)}`.toLowerCase().includes(wanted));
  return (
    <Panel
      title={a.stream}
      tools={
        <>
          <input
            className="field"
            type="search"
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
            aria-label={a.filter}
            placeholder={a.filter}
          />
          <Exports name="events" rows={shown} columns={eventColumns} />
        </>
      }
    >
      {shown.length === 0 ? (
        <Empty title={a.streamEmpty} help={a.streamEmptyHelp} />
      ) : (
        <Table name={a.stream} rows={shown} columns={eventColumns} rowKey={(e) => e.id} rowClass={() => "arrives"} />
      )}
    </Panel>
  );
}

const transactionColumns: readonly Column<Transaction>[] = [
  { head: a.action, value: (x) => x.action, cell: (x) => <strong>{x.action}</strong> },
  { head: a.gasUsed, value: (x) => x.gas, cell: (x) => count(x.gas), numeric: true },
  {
    head: a.sender,
    value: (x) => x.senderName ?? x.sender,
    cell: (x) => <Who name={x.senderName} address={x.sender} />,
    minor: true,
  },
  { head: a.block, value: (x) => x.block, numeric: true },
  { head: a.tx, value: (x) => x.tx, cell: (x) => <Id id={x.tx} label={a.tx} />, minor: true },
];

const FEW = 12;

function Transactions({ rows }: { rows: readonly Transaction[] }) {
  const [all, setAll] = useState(false);
  return (
    <Panel title={a.transactions} tools={<Exports name={a.transactions} rows={rows} columns={transactionColumns} />}>
      {rows.length === 0 ? (
        <Empty title={a.transactionsNone} help={a.transactionsNoneHelp} />
      ) : (
        <>
          <Table
            name={a.transactions}
            rows={all ? rows : rows.slice(0, FEW)}
            columns={transactionColumns}
            rowKey={(x) => x.tx}
          />
          {rows.length > FEW && (
            <button type="button" className="button small more" onClick={() => setAll(!all)} aria-expanded={all}>
              {all ? a.fewer : a.all(rows.length)}
            </button>
          )}
        </>
      )}
    </Panel>
  );
}

function Jobs({ rows }: { rows: readonly JobRow[] }) {
  return (
    <Panel title={a.jobs} tools={<Exports name={a.jobs} rows={rows} columns={jobColumns} />}>
      {rows.length === 0 ? (
        <Empty title={a.jobsNone} help={a.jobsNoneHelp} />
      ) : (
        <Table name={a.jobs} rows={rows} columns={jobColumns} rowKey={(j) => `${j.kind}-${j.key}`} />
      )}
    </Panel>
  );
}

/** What each kind of call has cost so far, the dearest first. */
function Gas({ rows }: { rows: readonly Transaction[] }) {
  const calls = new Map<string, { gas: number; times: number }>();
  for (const { action, gas } of rows) {
    const known = calls.get(action) ?? { gas: 0, times: 0 };
    calls.set(action, { gas: known.gas + gas, times: known.times + 1 });
  }
  const sorted = [...calls].sort((x, y) => y[1].gas - x[1].gas).slice(0, 12);
  const most = Math.max(1, ...sorted.map(([, { gas }]) => gas));
  return (
    <Panel title={a.gas}>
      {sorted.length === 0 ? (
        <p className="note">{a.gasNone}</p>
      ) : (
        <ul className="bars">
          {sorted.map(([action, { gas, times }]) => (
            <li key={action}>
              <span>
                {action} <span className="dim">{a.times(times)}</span>
              </span>
              <span className="num">{count(gas)}</span>
              <span className="meter" aria-hidden="true">
                <span style={{ width: `${(gas / most) * 100}%` }} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
