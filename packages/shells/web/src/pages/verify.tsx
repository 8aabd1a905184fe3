import { useRef, useState } from "react";
import { ApiError, api, type Check } from "../reads.ts";
import { short } from "../format.ts";
import { checkReceipt, isReceipt } from "../receipt.ts";
import { t } from "../strings.ts";
import { PageHead, Panel } from "../ui/bits.tsx";
import { Mark } from "../ui/mark.tsx";
import { Exports } from "../ui/table.tsx";

const v = t.verify;
const MAX_BYTES = 16 * 1024 * 1024;

interface Result {
  readonly file: string;
  readonly here: readonly Check[];
  readonly node: readonly Check[] | undefined;
  readonly trouble?: string;
}

const columns = [
  { head: v.check, value: (c: Check) => c.name },
  { head: v.result, value: (c: Check) => WORDS[stateOf(c)] },
  { head: v.detail, value: (c: Check) => c.detail },
];

/** Checks a receipt file: hashes in this browser, the rest by the node. */
export function VerifyPage() {
  const [over, setOver] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const [result, setResult] = useState<Result>();
  const input = useRef<HTMLInputElement>(null);

  const take = async (file: File | undefined) => {
    if (!file) return;
    setResult(undefined);
    setError(undefined);
    if (file.size > MAX_BYTES) return setError(v.tooBig);
    setBusy(true);
    try {
      const read = parse(await file.text());
      if ("problem" in read) return setError(read.problem);
      const here = await checkReceipt(read.receipt);
      setResult({ file: file.name, here, node: undefined });
      const answer = await askNode(read.receipt);
      setResult({ file: file.name, here, ...answer });
    } catch (cause) {
      setError(cause instanceof Error ? cause.message : String(cause));
    } finally {
      setBusy(false);
      if (input.current) input.current.value = "";
    }
  };
  const skipped = result?.node?.filter((c) => c.skipped).length ?? 0;
  const bad = result ? [...result.here, ...(result.node ?? [])].filter((c) => !c.ok).length : 0;
  return (
    <>
      <PageHead title={v.title} lead={v.lead} />
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is a shortcut; the file button does the same */}
      <div
        className={`drop ${over ? "over" : ""}`}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          void take(event.dataTransfer.files[0]);
        }}
      >
        <svg viewBox="0 0 48 48" width="56" height="56" aria-hidden="true">
          <path d="M12 4h17l9 9v31H12z" />
          <path d="M29 4v9h9M19 24h12M19 31h12" />
        </svg>
        <p className="drop-title">{v.drop}</p>
        <label className="button primary file">
          {v.choose}
          <input
            ref={input}
            type="file"
            accept="application/json,.json"
            aria-label={v.input}
            onChange={(event) => void take(event.target.files?.[0])}
          />
        </label>
        <p className="dim">{v.hint}</p>
        <a href="./verify.html" download="assay-verify.html">
          {v.alone}
        </a>
      </div>
      <div role="status" aria-live="polite">
        {busy && <p className="note">{v.working}</p>}
        {result && !busy && (
          <p className={`verdict ${bad === 0 && !result.trouble ? "good" : "bad"}`}>
            <Mark state={bad === 0 && !result.trouble ? "final" : "failed"} bare />
            {bad > 0 ? v.someBad(bad) : (result.trouble ?? (skipped > 0 ? v.someSkipped(skipped) : v.allGood))}{" "}
            <span className="dim">{result.file}</span>
          </p>
        )}
      </div>
      {error && (
        <div className="trouble" role="alert">
          <p>{error}</p>
        </div>
      )}
      {result && (
        <div className="columns receipt-checks">
          <Checks title={v.here} checks={result.here} />
          {result.node && <Checks title={v.node} checks={result.node} />}
        </div>
      )}
    </>
  );
}

function parse(text: string): { receipt: Parameters<typeof checkReceipt>[0] } | { problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: v.notJson };
  }
  return isReceipt(value) ? { receipt: value } : { problem: v.notReceipt };
}

async function askNode(receipt: unknown): Promise<Pick<Result, "node" | "trouble">> {
  try {
    return { node: await api.verify(receipt) };
  } catch (cause) {
    return { node: undefined, trouble: cause instanceof ApiError ? cause.shortMessage : String(cause) };
  }
}

const stateOf = (c: Check) => (c.skipped ? "skipped" : c.ok ? "ok" : "bad");
const MARKS = { ok: "final", bad: "failed", skipped: "provisional" } as const;
const DRAWN = {
  ok: <path className="mark-line" d="m2.5 8.6 3.4 3.4 7.4-8" />,
  bad: <path className="mark-line" d="m3.5 3.5 9 9M12.5 3.5l-9 9" />,
  skipped: <circle className="mark-dash" cx="8" cy="8" r="6" />,
};
const WORDS = { ok: v.ok, bad: v.bad, skipped: v.skipped };

/** The checks by what they are about; a group with a failure is open. */
function Checks({ title, checks }: { title: string; checks: readonly Check[] }) {
  const groups = new Map<string, Check[]>();
  for (const check of checks) groups.set(check.about ?? "", [...(groups.get(check.about ?? "") ?? []), check]);
  return (
    <Panel title={title} tools={<Exports name={title} rows={checks} columns={columns} />}>
      {[...groups].map(([about, members]) =>
        about === "" ? (
          <CheckList key={about} checks={members} />
        ) : (
          <details key={about} className="check-group" open={members.some((c) => stateOf(c) !== "ok")}>
            <summary>
              <span className="grow">{about.replace(/0x[0-9a-f]{40,64}/i, (id) => short(id))}</span>
              <span className="dim num">
                {v.group(members.filter((c) => stateOf(c) === "ok").length, members.length)}
              </span>
            </summary>
            <CheckList checks={members} />
          </details>
        ),
      )}
    </Panel>
  );
}

/** Checks with their outcome, one a line. */
export function CheckList({ checks }: { checks: readonly Check[] }) {
  return (
    <ul className="checks">
      {checks.map((c) => {
        const state = stateOf(c);
        return (
          <li key={`${c.name} ${c.detail}`} className={state}>
            <span className={`mark mark-${MARKS[state]}`}>
              <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                {DRAWN[state]}
              </svg>
              <span className="quiet">{WORDS[state]}</span>
            </span>
            <span className="grow">
              {c.name}
              {c.detail && <span className="check-detail">{c.detail}</span>}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
