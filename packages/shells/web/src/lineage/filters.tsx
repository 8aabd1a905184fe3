import type { TraceFilter } from "../model.ts";
import { go, href } from "../route.ts";
import { t } from "../strings.ts";
import { useStatus } from "../ui/load.tsx";

const l = t.lineage;
const FIELDS = ["direction", "depth", "owner", "since", "until"] as const;

/** What the address asks of the node: the fields of `assets.trace` that stand in it. */
export function filterOf(query: URLSearchParams): TraceFilter {
  return Object.fromEntries(FIELDS.flatMap((field) => (query.get(field) ? [[field, query.get(field)]] : [])));
}

/**
 * What narrows a lineage. Each field stands in the address, so that a narrowed view can be sent on. Only words can be
 * asked of everything: the node narrows around one thing.
 */
export function Filters({ id, query }: { id: string | undefined; query: URLSearchParams }) {
  const set = (field: string, value: string) => {
    const next = new URLSearchParams(query);
    if (value === "" || (field === "direction" && value === "both")) next.delete(field);
    else next.set(field, value);
    go(href("lineage", id, Object.fromEntries(next)));
  };
  const value = (field: string) => query.get(field) ?? "";
  return (
    <fieldset className="filters">
      <legend className="quiet">{l.filters}</legend>
      <label>
        {l.words}
        <input className="field" type="search" value={value("words")} onChange={(e) => set("words", e.target.value)} />
      </label>
      {id !== undefined && (
        <>
          <label>
            {l.direction}
            <select
              className="field"
              value={value("direction") || "both"}
              onChange={(e) => set("direction", e.target.value)}
            >
              {Object.entries(l.directions).map(([way, name]) => (
                <option key={way} value={way}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <label>
            {l.depth}
            <input
              className="field few"
              type="number"
              min={1}
              max={64}
              value={value("depth")}
              onChange={(e) => (e.target.validity.valid ? set("depth", e.target.value) : undefined)}
            />
          </label>
          <Owner value={value("owner")} onGiven={(who) => set("owner", who)} />
          {(["since", "until"] as const).map((field) => (
            <label key={field}>
              {l[field]}
              <input className="field" type="date" value={value(field)} onChange={(e) => set(field, e.target.value)} />
            </label>
          ))}
        </>
      )}
    </fieldset>
  );
}

/** An address, typed or picked from those that this node has names for; half an address asks for nothing yet. */
function Owner({ value, onGiven }: { value: string; onGiven: (who: string) => void }) {
  const { data } = useStatus();
  return (
    <label>
      {l.owner}
      <input
        className="field"
        type="search"
        list="owners"
        pattern="0x[0-9a-fA-F]{40}"
        title={l.ownerHint}
        placeholder="0x…"
        defaultValue={value}
        onChange={(e) => (e.target.validity.valid ? onGiven(e.target.value) : undefined)}
      />
      <datalist id="owners">
        {data?.identities.map(({ name, address }) => (
          <option key={address} value={address}>
            {name}
          </option>
        ))}
      </datalist>
    </label>
  );
}
