import { t } from "../strings.ts";

const m = t.models;

/** What was said against what it was, as a table whose cells are the darker the more there are. */
export function Confusion({ labels, counts }: { labels: readonly string[]; counts: readonly (readonly number[])[] }) {
  return (
    <div className="table-wrap confusion">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and the keyboard must reach it */}
      <section className="confusion-scroll" tabIndex={0} aria-label={m.confusionCounts}>
        <table>
          <caption>{m.confusionHelp}</caption>
          <thead>
            <tr>
              <th scope="col">{m.wasSaid}</th>
              {labels.map((label) => (
                <th key={label} scope="col" className="num">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {counts.map((row, was) => {
              const all = row.reduce((sum, count) => sum + count, 0);
              const label = labels[was] ?? String(was);
              return (
                <tr key={label}>
                  <th scope="row">{label}</th>
                  {row.map((count, said) => (
                    <td
                      key={labels[said] ?? said}
                      className={`num ${said === was ? "said-right" : "said-wrong"}`}
                      style={{ "--share": all === 0 ? 0 : count / all } as React.CSSProperties}
                    >
                      {count}
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
    </div>
  );
}
