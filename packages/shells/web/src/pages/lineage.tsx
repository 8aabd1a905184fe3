import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { api, type Trace, type TraceNode } from "../reads.ts";
import { download, short, when } from "../format.ts";
import { Graph } from "../lineage/graph.tsx";
import { collapse } from "../lineage/collapse.ts";
import { Filters, filterOf } from "../lineage/filters.tsx";
import { layout, type Places } from "../lineage/layout.ts";
import { toSvg } from "../lineage/svg.ts";
import { go, href } from "../route.ts";
import { t } from "../strings.ts";
import { Empty, Id, PageHead, Panel } from "../ui/bits.tsx";
import { Loaded } from "../ui/load.tsx";
import { Mark } from "../ui/mark.tsx";
import { type Column, Exports, Table } from "../ui/table.tsx";

const l = t.lineage;
const kindName = (kind: string) => l.kinds[kind] ?? kind;
const PAGE_OF: Record<string, string> = {
  model: "models",
  decision: "decisions",
  policy: "cover",
  dispute: "disputes",
};

/** The page that tells more of a thing, where there is one. */
const pageOf = (n: TraceNode) => (PAGE_OF[n.kind] ? href(PAGE_OF[n.kind] as string, n.ref ?? n.id) : undefined);

const narrow = matchMedia("(max-width: 700px)");
function useNarrow(): boolean {
  const [value, set] = useState(narrow.matches);
  useEffect(() => {
    const on = () => set(narrow.matches);
    narrow.addEventListener("change", on);
    return () => narrow.removeEventListener("change", on);
  }, []);
  return value;
}

/** What came from what: everything on the node, or what is connected to one thing. */
export default function LineagePage({ id, asked }: { id: string | undefined; asked: URLSearchParams }) {
  const subject = id === undefined || id.includes(":") ? id : `asset:${id}`;
  const filter = filterOf(asked);
  const query = useQuery({
    queryKey: ["trace", subject ?? "", filter],
    queryFn: () => api.trace(subject, filter),
    // While the next answer comes, the last one stays.
    placeholderData: (before: Trace | undefined) => (before?.root === subject ? before : undefined),
  });
  return (
    <>
      <PageHead title={l.title} lead={l.lead} />
      <Filters id={subject} query={asked} />
      <Loaded query={query}>
        {(trace) =>
          trace.nodes.length === 0 ? (
            <Empty title={l.empty} help={l.emptyHelp} />
          ) : (
            <Lineage key={subject ?? ""} trace={trace} id={subject} asked={asked} />
          )
        }
      </Loaded>
    </>
  );
}

function Lineage({ trace, id, asked }: { trace: Trace; id: string | undefined; asked: URLSearchParams }) {
  const table = asked.get("view") === "table";
  const words = asked.get("words") ?? "";
  const viewed = (view: "graph" | "table") => {
    const { view: _, ...rest } = Object.fromEntries(asked);
    return href("lineage", id, view === "table" ? { ...rest, view } : rest);
  };
  const down = useNarrow();
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [picked, setPicked] = useState<string | undefined>(trace.root);
  const [laid, setLaid] = useState<{ trace: Trace; places: Places; down: boolean }>();
  const shown = useMemo(() => collapse(trace, hidden, words), [trace, hidden, words]);
  useEffect(() => {
    let live = true;
    void layout(shown, down ? "DOWN" : "RIGHT").then((places) => live && setLaid({ trace: shown, places, down }));
    return () => {
      live = false;
    };
  }, [shown, down]);
  const kinds = [...new Set(trace.nodes.map((n) => n.kind))];
  const thing = shown.nodes.find((n) => n.id === picked);
  const toggle = (kind: string) => {
    const next = new Set(hidden);
    if (!next.delete(kind)) next.add(kind);
    setHidden(next);
  };
  const exportSvg = () => laid && download("assay-lineage.svg", "image/svg+xml", toSvg(laid.trace, laid.places));
  const columns = nodeColumns(trace);
  return (
    <>
      <div className="toolbar">
        <fieldset className="segments">
          <legend className="quiet">{l.view}</legend>
          <a className={table ? "" : "on"} href={viewed("graph")} aria-current={table ? undefined : "true"}>
            {l.graph}
          </a>
          <a className={table ? "on" : ""} href={viewed("table")} aria-current={table ? "true" : undefined}>
            {l.table}
          </a>
        </fieldset>
        <fieldset className="chips">
          <legend className="quiet">{l.collapse}</legend>
          {kinds.map((kind) => (
            <label key={kind} className={`chip kind-${kind}`}>
              <input type="checkbox" checked={!hidden.has(kind)} onChange={() => toggle(kind)} />
              {kindName(kind)}
            </label>
          ))}
        </fieldset>
        <div className="tools">
          <button
            type="button"
            className="button small"
            onClick={exportSvg}
            disabled={!laid}
            aria-label={t.exportAs(l.title, l.exportSvg)}
          >
            {l.exportSvg}
          </button>
          <Exports name={l.title} rows={shown.nodes} columns={columns} />
        </div>
      </div>
      <p className="note">
        {id === undefined ? l.everything : l.focused(short(id, 14, 4))}
        {id !== undefined && <a href={href("lineage")}>{l.showAll}</a>}
      </p>
      {shown.nodes.length === 0 ? (
        <Empty title={l.nothingLeft} help={l.nothingHelp} />
      ) : table ? (
        <Panel title={l.table} className="bare">
          <Table name={l.table} rows={shown.nodes} columns={columns} rowKey={(n) => n.id} />
        </Panel>
      ) : (
        <div className={`lineage ${thing ? "with-card" : ""}`}>
          {laid ? (
            <Graph trace={laid.trace} places={laid.places} down={laid.down} picked={picked} onPick={setPicked} />
          ) : (
            <div className="graph loading">{t.loading}</div>
          )}
          {thing && <Card thing={thing} trace={trace} onClose={() => setPicked(undefined)} />}
        </div>
      )}
    </>
  );
}

const nodeColumns = (trace: Trace): readonly Column<TraceNode>[] => {
  const label = new Map(trace.nodes.map((n) => [n.id, n.label]));
  const parents = (n: TraceNode) => trace.edges.filter((e) => e.to === n.id);
  return [
    {
      head: l.kind,
      value: (n) => n.kind,
      cell: (n) => <span className={`kind kind-${n.kind}`}>{kindName(n.kind)}</span>,
    },
    { head: l.name, value: (n) => n.label, cell: (n) => <a href={pageOf(n) ?? href("lineage", n.id)}>{n.label}</a> },
    {
      head: l.from,
      value: (n) =>
        parents(n)
          .map((e) => e.from)
          .join(" "),
      cell: (n) =>
        parents(n)
          .map((e) => label.get(e.from) ?? e.from)
          .join(", ") || "–",
      minor: true,
    },
    { head: l.proof, value: (n) => n.finality, cell: (n) => <Mark state={n.finality} /> },
    { head: l.hash, value: (n) => n.hash, cell: (n) => <Id id={n.hash} label={l.hash} /> },
    { head: l.block, value: (n) => n.block, numeric: true, minor: true },
  ];
};

function Card({ thing, trace, onClose }: { thing: TraceNode; trace: Trace; onClose: () => void }) {
  const page = pageOf(thing);
  const label = new Map(trace.nodes.map((n) => [n.id, n.label]));
  const parents = trace.edges.filter((e) => e.to === thing.id);
  return (
    <aside className={`thing-card kind-${thing.kind}`} aria-label={l.details}>
      <header>
        <span className="thing-kind">{kindName(thing.kind)}</span>
        <button type="button" className="icon-button" onClick={onClose} aria-label={l.close}>
          <svg viewBox="0 0 20 20" width="16" height="16" aria-hidden="true">
            <path d="m5 5 10 10M15 5 5 15" />
          </svg>
        </button>
      </header>
      <h2>{thing.label}</h2>
      <Mark state={thing.finality} />
      <dl className="facts">
        {thing.hash && (
          <div>
            <dt>{l.hash}</dt>
            <dd>
              <Id id={thing.hash} label={l.hash} />
            </dd>
          </div>
        )}
        {thing.block !== undefined && (
          <div>
            <dt>{l.block}</dt>
            <dd className="num">{thing.block}</dd>
          </div>
        )}
        {thing.tx && (
          <div>
            <dt>{t.activity.tx}</dt>
            <dd>
              <Id id={thing.tx} label={t.activity.tx} />
            </dd>
          </div>
        )}
        {thing.at !== undefined && (
          <div>
            <dt>{t.activity.at}</dt>
            <dd>{when(thing.at)}</dd>
          </div>
        )}
        {parents.map((e) => (
          <div key={e.from}>
            <dt>{e.label ?? l.from}</dt>
            <dd>
              <a href={href("lineage", e.from)}>{label.get(e.from) ?? short(e.from)}</a>
            </dd>
          </div>
        ))}
      </dl>
      <div className="tools">
        {page && (
          <a className="button" href={page}>
            {l.open}
          </a>
        )}
        <button type="button" className="button" onClick={() => go(href("lineage", thing.id))}>
          {l.focus}
        </button>
      </div>
    </aside>
  );
}
