import type { ColumnProfile } from "@machines/formats/column.ts";
import { type ColumnDrift, drift } from "@machines/formats/drift.ts";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Gap, Spread, show } from "../charts/histogram.tsx";
import { api, type Asset, type DataProfile } from "../reads.ts";
import { href } from "../route.ts";
import { t } from "../strings.ts";
import { Empty, Figure, Id, PageHead, Panel } from "../ui/bits.tsx";
import { Loaded } from "../ui/load.tsx";
import { type Column, Exports, Table } from "../ui/table.tsx";

const d = t.data;
const isData = ({ kind }: Asset) => kind === "data" || kind === "derived";

const columns: readonly Column<Asset>[] = [
  { head: d.id, value: (a) => a.id, numeric: true, minor: true },
  { head: d.name, value: (a) => a.name, cell: (a) => <a href={href("data", a.id)}>{a.name}</a> },
  { head: d.by, value: (a) => a.ownerName ?? a.owner },
  { head: d.root, value: (a) => a.root, cell: (a) => <Id id={a.root} label={d.root} />, minor: true },
];

/** All data assets, or what one of them holds. */
export default function DataPage({ id }: { id: string | undefined }) {
  const query = useQuery({ queryKey: ["assets"], queryFn: api.assets });
  if (id !== undefined) return <DataDetail id={id} others={(query.data ?? []).filter(isData)} />;
  return (
    <>
      <PageHead title={d.title} lead={d.lead} />
      <Loaded query={query}>
        {(all) => {
          const rows = all.filter(isData);
          if (rows.length === 0) return <Empty title={d.empty} help={d.emptyHelp} />;
          return (
            <Panel title={d.title} className="bare" tools={<Exports name={d.title} rows={rows} columns={columns} />}>
              <Table name={d.title} rows={rows} columns={columns} rowKey={(a) => a.id} />
            </Panel>
          );
        }}
      </Loaded>
    </>
  );
}

function DataDetail({ id, others }: { id: string; others: readonly Asset[] }) {
  const query = useQuery({ queryKey: ["profile", id], queryFn: () => api.profile(id) });
  const name = others.find((asset) => asset.id === id)?.name ?? d.asset(id);
  return (
    <>
      <PageHead title={name} back={{ page: "data", label: d.title }} />
      <Loaded query={query}>
        {(profile) => (
          <>
            <p className="note">
              {profile.onRecord ? d.onRecord : d.madeHere} <a href={href("lineage", `asset:${id}`)}>{t.nav.lineage}</a>
            </p>
            <Figures profile={profile} />
            <Personal profile={profile} />
            {profile.table && <Columns profile={profile} others={others.filter((asset) => asset.id !== id)} />}
          </>
        )}
      </Loaded>
    </>
  );
}

function Figures({ profile }: { profile: DataProfile }) {
  const { table, image, tensors, model } = profile;
  return (
    <dl className="figures">
      <Figure label={d.format} value={profile.format} />
      <Figure label={d.size} value={profile.size.toLocaleString("en")} unit="B" />
      {table && <Figure label={d.rows} value={table.rows.toLocaleString("en")} />}
      {table && <Figure label={d.columns} value={String(table.columns.length)} />}
      {image && <Figure label={d.image} value={`${image.width} × ${image.height}`} unit={image.mode} />}
      {tensors && <Figure label={d.tensors} value={String(tensors.length)} />}
      {model && <Figure label={d.parameters} value={model.parameters.toLocaleString("en")} />}
    </dl>
  );
}

function Personal({ profile }: { profile: DataProfile }) {
  if (profile.personal.length === 0) return <p className="note">{d.noPersonal}</p>;
  return (
    <Panel title={d.personal}>
      <ul className="personal">
        {profile.personal.map(({ column, kind, confidence, reason }) => (
          <li key={column}>
            <strong>{column}</strong>: {d.likely(kind, Math.round(confidence * 100), reason)}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Columns({ profile, others }: { profile: DataProfile; others: readonly Asset[] }) {
  const [other, setOther] = useState("");
  const compared = useQuery({ queryKey: ["profile", other], queryFn: () => api.profile(other), enabled: other !== "" });
  const moved = other !== "" && compared.data ? drift(compared.data, profile) : undefined;
  const verdicts = new Map(moved?.columns.map((column) => [column.name, column]));
  const removed = moved?.columns.filter(({ verdict }) => verdict === "removed") ?? [];
  const picker = (
    <label className="compare">
      {d.compare}
      <select value={other} onChange={(event) => setOther(event.target.value)}>
        <option value="">{d.nothing}</option>
        {others.map(({ id, name }) => (
          <option key={id} value={id}>{`${id}: ${name}`}</option>
        ))}
      </select>
    </label>
  );
  return (
    <Panel title={d.columns} tools={picker}>
      {other !== "" && (
        <p className="note" role="status">
          {compared.isPending ? d.comparing : moved ? d.drifted(moved.drifted.length) : d.noTable}
        </p>
      )}
      <ul className="profile">
        {(profile.table?.columns ?? []).map((column) => (
          <ColumnCard
            key={column.name}
            column={column}
            rows={profile.table?.rows ?? 0}
            moved={verdicts.get(column.name)}
          />
        ))}
        {removed.map(({ name }) => (
          <li key={name} className="profile-column">
            <h3>{name}</h3>
            <p className="verdict verdict-changed">{d.verdicts["removed"]}</p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function ColumnCard({ column, rows, moved }: { column: ColumnProfile; rows: number; moved: ColumnDrift | undefined }) {
  const { name, type, missing, distinct, numbers, withheld, length } = column;
  const figures: [string, string][] = [];
  if (numbers && type === "number")
    figures.push(
      [d.range, `${show(numbers.min)} – ${show(numbers.max)}`],
      [d.mean, show(numbers.mean)],
      [d.std, show(numbers.std)],
    );
  if (numbers && type === "date") figures.push([d.range, `${day(numbers.min)} – ${day(numbers.max)}`]);
  if (length) figures.push([d.length, `${show(length.min)} – ${show(length.max)}`]);
  figures.push([d.distinct, `${distinct.exact ? "" : "≈ "}${distinct.count.toLocaleString("en")}`]);
  return (
    <li className="profile-column">
      <h3>
        {name} <span className="type">{type}</span>
      </h3>
      {moved && <Verdict moved={moved} />}
      {withheld ? <p className="withheld">{d.withheld}</p> : <Spread column={column} label={d.spread(name, type)} />}
      <dl>
        <div>
          <dt>{d.missing}</dt>
          <dd>
            <Gap missing={missing} rows={rows} />
          </dd>
        </div>
        {figures.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </li>
  );
}

function Verdict({ moved }: { moved: ColumnDrift }) {
  const distances = [
    ["PSI", moved.psi],
    ["KS", moved.ks],
    ["JS", moved.js],
  ] as const;
  const told = distances.flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value.toFixed(2)}`]));
  const loud = moved.verdict === "same" || moved.verdict === "unknown" ? "same" : "changed";
  return (
    <p className={`verdict verdict-${loud}`}>
      {d.verdicts[moved.verdict]} {told.length > 0 && <span className="distances">{told.join(" · ")}</span>}
    </p>
  );
}

const day = (value: number) => new Date(value * 86_400_000).toISOString().slice(0, 10);
