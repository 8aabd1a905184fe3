import { csv, download } from "../format.ts";
import { t } from "../strings.ts";

/** A column: `value` is what exports carry, `cell` what is shown. */
export interface Column<T> {
  readonly head: string;
  readonly value: (row: T) => string | number | undefined;
  readonly cell?: (row: T) => React.ReactNode;
  /** Figures are set right-aligned in tabular digits. */
  readonly numeric?: boolean;
  /** Left out on a phone. */
  readonly minor?: boolean;
}

interface TableProps<T> {
  readonly name: string;
  readonly rows: readonly T[];
  readonly columns: readonly Column<T>[];
  readonly rowKey: (row: T) => string;
  readonly rowClass?: (row: T) => string;
}

/** A table that scrolls in its own frame on a phone. */
export function Table<T>({ name, rows, columns, rowKey, rowClass }: TableProps<T>) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable frame must be reachable by keyboard
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form controls
    <div className="table-frame" role="group" tabIndex={0} aria-label={name}>
      <table>
        <thead>
          <tr>
            {columns.map((c) => (
              <th key={c.head} scope="col" className={`${c.numeric ? "numeric" : ""} ${c.minor ? "minor" : ""}`}>
                {c.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} className={rowClass?.(row)}>
              {columns.map((c) => (
                <td key={c.head} className={`${c.numeric ? "numeric" : ""} ${c.minor ? "minor" : ""}`}>
                  {c.cell ? c.cell(row) : (c.value(row) ?? "–")}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Buttons that hand the rows over as CSV (the columns) or JSON (everything). */
export function Exports<T>({
  name,
  rows,
  columns,
}: {
  name: string;
  rows: readonly T[];
  columns: readonly Column<T>[];
}) {
  const file = `assay-${name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  const asCsv = () =>
    download(
      `${file}.csv`,
      "text/csv",
      csv([columns.map((c) => c.head), ...rows.map((r) => columns.map((c) => c.value(r)))]),
    );
  const asJson = () => download(`${file}.json`, "application/json", `${JSON.stringify(rows, null, 2)}\n`);
  return (
    <>
      <button
        type="button"
        className="button small"
        onClick={asCsv}
        aria-label={t.exportAs(name, t.exportCsv)}
        disabled={rows.length === 0}
      >
        {t.exportCsv}
      </button>
      <button
        type="button"
        className="button small"
        onClick={asJson}
        aria-label={t.exportAs(name, t.exportJson)}
        disabled={rows.length === 0}
      >
        {t.exportJson}
      </button>
    </>
  );
}
