import { type Batch, type Cell, MAX_COLUMNS, toCell } from "./cells.ts";
import { FormatError } from "./errors.ts";
import { type ByteSource, streamOf } from "./source.ts";

const BATCH_ROWS = 4096;
/** Longest line in bytes. */
const MAX_LINE = 16 * 1024 * 1024;

/**
 * Reads JSON lines: one object a line, its keys the columns in the order in which they first come; what an object does
 * not have is missing. A column that first comes late is null in the batches before it. Throws FormatError with the line.
 */
export async function* readJsonLines(source: ByteSource): AsyncGenerator<Batch> {
  const names: string[] = [];
  const index = new Map<string, number>();
  let columns: Cell[][] = [];
  let rows = 0;
  let line = 0;
  for await (const text of lines(source)) {
    line++;
    if (text.trim() === "") continue;
    for (const [name, value] of Object.entries(parse(text, line))) {
      let at = index.get(name);
      if (at === undefined) {
        if (name.trim() === "" || names.length === MAX_COLUMNS)
          throw wrong(line, "has a key without a name, or too many keys");
        at = names.push(name) - 1;
        index.set(name, at);
        columns.push(new Array<Cell>(rows).fill(null));
      }
      (columns[at] as Cell[])[rows] = toCell(value);
    }
    rows++;
    for (const column of columns) if (column.length < rows) column.push(null);
    if (rows === BATCH_ROWS) {
      yield { names: [...names], columns, rows };
      columns = names.map(() => []);
      rows = 0;
    }
  }
  if (names.length === 0) throw new FormatError("jsonl", "The file has no line with an object.");
  if (rows > 0) yield { names: [...names], columns, rows };
}

function parse(text: string, line: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FormatError("jsonl", `Line ${line} is not JSON.`, { cause, data: { row: line } });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(line, "is no object");
  return value as Record<string, unknown>;
}

const wrong = (line: number, what: string) =>
  new FormatError("jsonl", `Line ${line} ${what}.`, { data: { row: line } });

async function* lines(source: ByteSource): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  try {
    for await (const bytes of streamOf(source)) {
      rest += decoder.decode(bytes, { stream: true });
      if (rest.length > MAX_LINE && !rest.includes("\n"))
        throw new FormatError("jsonl", `A line is longer than ${MAX_LINE}.`);
      const parts = rest.split("\n");
      rest = parts.pop() ?? "";
      yield* parts;
    }
    yield rest + decoder.decode();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new FormatError("jsonl", "The file is not UTF-8 text.", { cause });
  }
}
