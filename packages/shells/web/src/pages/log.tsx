import { useQuery } from "@tanstack/react-query";
import { logApi } from "../logReads.ts";
import type { LogHead, LogRecord } from "../model.ts";
import { count, short } from "../format.ts";
import { checkLogProof } from "../logProof.ts";
import { href } from "../route.ts";
import { t } from "../strings.ts";
import { Empty, Figure, Id, PageHead, Panel } from "../ui/bits.tsx";
import { Loaded } from "../ui/load.tsx";
import { type Column, Exports, Table } from "../ui/table.tsx";
import { CheckList } from "./verify.tsx";

const l = t.log;
const readable = (text: string) => text.replace(/0x[0-9a-f]{40,64}/gi, (id) => short(id));

const recordColumns: readonly Column<LogRecord>[] = [
  {
    head: l.number,
    value: (r) => r.index,
    cell: (r) => <a href={href("log", String(r.index))}>{r.index}</a>,
    numeric: true,
  },
  { head: l.kind, value: (r) => r.kind, cell: (r) => <strong>{r.what}</strong> },
  { head: l.about, value: (r) => r.about, cell: (r) => readable(r.about) || "–" },
  { head: l.leaf, value: (r) => r.leaf, cell: (r) => <Id id={r.leaf} label={l.leaf} />, minor: true },
];
const anchorColumns: readonly Column<LogHead["anchors"][number]>[] = [
  { head: l.size, value: (a) => a.size, numeric: true },
  { head: l.root, value: (a) => a.root, cell: (a) => <Id id={a.root} label={l.root} /> },
  { head: t.activity.block, value: (a) => a.block, numeric: true },
  { head: l.state, value: (a) => (a.settled ? l.settled : l.waiting) },
];

/** The log: its newest head, who vouches for it, its records, and each record's proof checked in this page. */
export default function LogPage({ id }: { id: string | undefined }) {
  const head = useQuery({ queryKey: ["log", "head"], queryFn: logApi.head });
  if (id !== undefined) return <RecordPage id={id} />;
  return (
    <>
      <PageHead title={l.title} lead={l.lead} />
      <Loaded query={head}>
        {(h) => (
          <>
            <dl className="figures strip">
              <Figure label={l.records} value={count(h.size)} />
              <Figure label={l.keys} value={h.keys.length} unit={l.keyKinds(h.keys.length)} />
              <Figure
                label={l.witnesses}
                value={l.signed(h.witnesses.filter((w) => w.signed).length, h.witnesses.length)}
              />
              <Figure
                label={l.anchors}
                value={count(h.anchorCount)}
                unit={h.anchors[0] ? l.upTo(h.anchors[0].size) : undefined}
              />
            </dl>
            <Panel title={l.head}>
              <dl className="facts">
                <div>
                  <dt>{l.originName}</dt>
                  <dd className="mono">{h.origin}</dd>
                </div>
                <div>
                  <dt>{l.root}</dt>
                  <dd>
                    <Id id={h.root} label={l.root} />
                  </dd>
                </div>
                {h.witnesses.map((w) => (
                  <Witness key={w.name} {...w} />
                ))}
              </dl>
              <p className="dim">{l.outsiders}</p>
            </Panel>
            <div className="columns">
              <Records />
              <Panel title={l.anchors} tools={<Exports name={l.anchors} rows={h.anchors} columns={anchorColumns} />}>
                {h.anchors.length ? (
                  <Table name={l.anchors} rows={h.anchors} columns={anchorColumns} rowKey={(a) => String(a.size)} />
                ) : (
                  <Empty title={l.anchorsNone} help={l.anchorsNoneHelp} />
                )}
              </Panel>
            </div>
          </>
        )}
      </Loaded>
    </>
  );
}

function Witness({ name, signed, problem }: LogHead["witnesses"][number]) {
  return (
    <div>
      <dt>{l.witness}</dt>
      <dd>
        {name} <span className="dim">{signed ? l.cosigned : (problem ?? l.waiting)}</span>
      </dd>
    </div>
  );
}

function Records() {
  const records = useQuery({ queryKey: ["log", "list"], queryFn: logApi.records });
  return (
    <Loaded query={records}>
      {(rows) => (
        <Panel title={l.newest} tools={<Exports name={l.newest} rows={rows} columns={recordColumns} />}>
          {rows.length ? (
            <Table name={l.newest} rows={rows} columns={recordColumns} rowKey={(r) => String(r.index)} />
          ) : (
            <Empty title={l.none} help={l.noneHelp} />
          )}
        </Panel>
      )}
    </Loaded>
  );
}

/** One record with its proof. */
function RecordPage({ id }: { id: string }) {
  const record = useQuery({ queryKey: ["log", "record", id], queryFn: () => logApi.record(id) });
  const proven = useQuery({
    queryKey: ["log", "proof", id],
    queryFn: async () => checkLogProof(await logApi.proof(id)),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <>
      <PageHead title={l.record(id)} back={{ page: "log", label: l.title }} />
      <div className="columns even">
        <Loaded query={record}>
          {(r) => (
            <Panel title={r.what}>
              <p>{readable(r.about)}</p>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable frame must be reachable by keyboard */}
              {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for form controls */}
              <div className="table-frame" role="group" tabIndex={0} aria-label={l.content}>
                <pre className="record-text mono">{JSON.stringify(r.value, null, 2)}</pre>
              </div>
            </Panel>
          )}
        </Loaded>
        <Loaded query={proven}>
          {({ checks, ms }) => (
            <Panel title={l.proof} className="log-proof">
              <p className="dim">{l.took(ms)}</p>
              <CheckList checks={checks} />
              <p className="dim">{l.offline(id)}</p>
            </Panel>
          )}
        </Loaded>
      </div>
    </>
  );
}
