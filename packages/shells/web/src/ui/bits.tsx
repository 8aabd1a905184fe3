import { useState } from "react";
import { short } from "../format.ts";
import { href } from "../route.ts";
import { t } from "../strings.ts";

/** A hash, address or id, shortened, with the whole in its title and a copy button. */
export function Id({
  id,
  label,
  to,
  whole = false,
}: {
  id: string | undefined;
  label: string;
  to?: string;
  whole?: boolean;
}) {
  const [copied, setCopied] = useState(false);
  if (!id) return <span className="dim">–</span>;
  const text = whole ? id : short(id);
  const copy = () => {
    void navigator.clipboard?.writeText(id).then(
      () => {
        setCopied(true);
        setTimeout(() => setCopied(false), 1200);
      },
      () => undefined,
    );
  };
  return (
    <span className="id">
      {to ? (
        <a className="mono" href={to} title={id}>
          {text}
        </a>
      ) : (
        <span className="mono" title={id}>
          {text}
        </span>
      )}
      <button type="button" className="copy" onClick={copy} aria-label={copied ? t.copied : t.copy(`${label} ${text}`)}>
        <svg viewBox="0 0 16 16" width="13" height="13" aria-hidden="true">
          {copied ? <path d="m3 8.5 3.2 3.2L13 4.6" /> : <path d="M5.5 5.5V2.6h7.9v7.9h-2.9M2.6 5.5h7.9v7.9H2.6z" />}
        </svg>
      </button>
    </span>
  );
}

/** Someone by name, with the address behind it. */
export function Who({ name, address }: { name?: string | undefined; address: string }) {
  if (!name) return <Id id={address} label={t.activity.address} />;
  return (
    <span className="who" title={address}>
      <Glyph seed={address} />
      {name}
    </span>
  );
}

/** A small mirrored picture made from an address, so that parties are told apart at a glance. */
export function Glyph({ seed }: { seed: string }) {
  const bits = Number.parseInt(seed.replace(/^0x/, "").slice(0, 8) || "0", 16) || 0;
  const cells: React.ReactNode[] = [];
  for (let n = 0; n < 15; n++) {
    if (((bits >> n) & 1) === 0) continue;
    const [column, row] = [n % 3, Math.floor(n / 3)];
    for (const x of column === 2 ? [2] : [column, 4 - column]) {
      cells.push(<rect key={`${x}-${row}`} x={x * 3} y={row * 3} width="3.05" height="3.05" />);
    }
  }
  return (
    <svg
      className="glyph"
      viewBox="0 0 15 15"
      width="16"
      height="16"
      aria-hidden="true"
      style={{ color: `oklch(var(--glyph-l) 0.12 ${(bits >>> 16) % 360})` }}
    >
      {cells}
    </svg>
  );
}

/** A figure with its unit and what it is. */
export function Figure({
  label,
  value,
  unit,
  children,
}: {
  label: string;
  value: React.ReactNode;
  unit?: string | undefined;
  children?: React.ReactNode;
}) {
  return (
    <div className="figure">
      <dt>{label}</dt>
      <dd>
        <span className="num">{value}</span>
        {unit && <span className="unit">{unit}</span>}
        {children}
      </dd>
    </div>
  );
}

/** Nothing to show yet, and what to do about it. */
export function Empty({ title, help }: { title: string; help: string }) {
  return (
    <div className="empty">
      <svg viewBox="0 0 48 48" width="48" height="48" aria-hidden="true">
        <path d="M16 4h16l12 12v16L32 44H16L4 32V16z" />
        <path d="M15 33 24 14l9 19" />
      </svg>
      <p className="empty-title">{title}</p>
      <p>{help}</p>
    </div>
  );
}

/** A titled block of a page. */
export function Panel({
  title,
  tools,
  children,
  className = "",
}: {
  title: string;
  tools?: React.ReactNode;
  children: React.ReactNode;
  className?: string;
}) {
  const id = `p-${title.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  return (
    <section className={`panel ${className}`} aria-labelledby={id}>
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        {tools && <div className="tools">{tools}</div>}
      </header>
      {children}
    </section>
  );
}

/** The head of a page: its name, what it is for, and a way back on detail pages. */
export function PageHead({
  title,
  lead,
  back,
  children,
}: {
  title: React.ReactNode;
  lead?: string;
  back?: { page: string; label: string };
  children?: React.ReactNode;
}) {
  return (
    <header className="page-head">
      {back && (
        <a className="back" href={href(back.page)}>
          <span aria-hidden="true">← </span>
          {back.label}
        </a>
      )}
      <div className="page-title">
        <h1 tabIndex={-1}>{title}</h1>
        {children}
      </div>
      {lead && <p className="lead">{lead}</p>}
    </header>
  );
}
