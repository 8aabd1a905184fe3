import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api } from "./reads.ts";
import { short } from "./format.ts";
import { go, href } from "./route.ts";
import { t } from "./strings.ts";

interface Hit {
  readonly kind: string;
  readonly label: string;
  readonly link: string;
  readonly keys: readonly (string | undefined)[];
}

/** Everything that can be found, gathered from the same lists that the pages show. */
async function gather(): Promise<readonly Hit[]> {
  const [assets, decisions, cover, disputes, status] = await Promise.allSettled([
    api.assets(),
    api.decisions(),
    api.cover(),
    api.disputes(),
    api.status(),
  ]);
  const hits: Hit[] = [];
  if (assets.status === "fulfilled")
    for (const a of assets.value)
      hits.push({
        kind: "asset",
        label: a.name,
        link: href("lineage", a.id),
        keys: [a.id, a.name, a.root, a.owner, a.tx, a.kind],
      });
  if (decisions.status === "fulfilled")
    for (const d of decisions.value)
      hits.push({
        kind: "decision",
        label: d.subject ?? short(d.id),
        link: href("decisions", d.id),
        keys: [d.id, d.subject, d.inputHash, d.whyHash, d.evidenceRoot, d.tx, d.consumer, d.modelName],
      });
  if (cover.status === "fulfilled")
    for (const p of cover.value.policies)
      hits.push({
        kind: "policy",
        label: p.name ?? short(p.id),
        link: href("cover", p.id),
        keys: [p.id, p.name, p.holder, p.holderName, p.tx, p.decisionId],
      });
  if (disputes.status === "fulfilled")
    for (const d of disputes.value)
      hits.push({
        kind: "dispute",
        label: `${d.challengerName ?? short(d.challenger)} ${t.disputes.versus} ${d.proposerName ?? short(d.proposer)}`,
        link: href("disputes", d.id),
        keys: [d.id, d.decisionId, d.proposer, d.challenger, d.tx, d.proposerName, d.challengerName],
      });
  if (status.status === "fulfilled") {
    for (const i of status.value.identities)
      hits.push({ kind: "identity", label: i.name, link: href("activity"), keys: [i.name, i.address, i.role] });
    for (const c of status.value.contracts)
      hits.push({ kind: "contract", label: c.name, link: href("activity"), keys: [c.name, c.address] });
  }
  return hits;
}

function match(hits: readonly Hit[], text: string): readonly Hit[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [];
  const exact: Hit[] = [];
  const partial: Hit[] = [];
  for (const hit of hits) {
    const keys = hit.keys.filter((k): k is string => k !== undefined).map((k) => k.toLowerCase());
    if (keys.includes(wanted)) exact.push(hit);
    else if (keys.some((k) => k.includes(wanted))) partial.push(hit);
  }
  return [...exact, ...partial].slice(0, 8);
}

/** One box for every id, hash, address and name; `/` moves to it from anywhere. */
export function Search() {
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const known = useQuery({ queryKey: ["search"], queryFn: gather, enabled: open });
  const found = match(known.data ?? [], text);
  const shown = open && text.trim() !== "" && known.data !== undefined;

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.key !== "/" || event.ctrlKey || event.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
        return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  const choose = (hit: Hit | undefined) => {
    if (!hit) return;
    setText("");
    setOpen(false);
    input.current?.blur();
    go(hit.link);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt((n) => Math.min(n + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt((n) => Math.max(n - 1, 0));
    else if (event.key === "Enter") choose(found[at]);
    else if (event.key === "Escape") setOpen(false);
    else return;
    event.preventDefault();
  };
  return (
    <search className="search">
      <svg viewBox="0 0 20 20" width="16" height="16" aria-hidden="true">
        <circle cx="8.5" cy="8.5" r="5.5" />
        <path d="m12.6 12.6 4.6 4.6" />
      </svg>
      <input
        ref={input}
        type="search"
        role="combobox"
        aria-expanded={shown}
        aria-controls="search-hits"
        aria-autocomplete="list"
        aria-activedescendant={shown && found.length > 0 ? `hit-${at}` : undefined}
        aria-label={t.search.label}
        placeholder={t.search.placeholder}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setTimeout(() => setOpen(false), 120)}
        onKeyDown={onKeyDown}
      />
      {text === "" && <kbd>/</kbd>}
      <div id="search-hits" className="hits" role="listbox" aria-label={t.search.label} hidden={!shown}>
        {found.map((hit, n) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input holds the focus and handles the keys
          <div
            key={`${hit.kind}-${hit.link}-${hit.label}`}
            id={`hit-${n}`}
            className="hit"
            role="option"
            tabIndex={-1}
            aria-selected={n === at}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => choose(hit)}
          >
            <span>{hit.label}</span>
            <span className="hit-kind">{t.search.kinds[hit.kind]}</span>
          </div>
        ))}
        {found.length === 0 && (
          <div className="hit none" role="option" tabIndex={-1} aria-selected={false} aria-disabled="true">
            {t.search.none}
          </div>
        )}
      </div>
    </search>
  );
}
