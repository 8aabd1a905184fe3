import { type Batch, MAX_COLUMNS } from "./cells.ts";
import { FormatError } from "./errors.ts";
import { type ByteSource, streamOf } from "./source.ts";

const BATCH_ROWS = 4096;
/** Longest cell in characters: a quote that never closes must not take the whole memory. */
const MAX_CELL = 1_048_576;

/** Reads CSV (RFC 4180, UTF-8, header row) a few thousand rows at a time; cells stay text. Throws FormatError with the row. */
export async function* readCsv(source: ByteSource, delimiter = ","): AsyncGenerator<Batch> {
  let names: string[] | undefined;
  let columns: string[][] = [];
  let rows = 0;
  let row = 0;
  for await (const record of records(source, delimiter)) {
    if (!names) {
      names = checkHeader(record);
      columns = names.map(() => []);
      continue;
    }
    row++;
    if (record.length !== names.length) {
      throw new FormatError("csv", `Row ${row} has ${record.length} cells, the header has ${names.length}.`, {
        data: { row },
      });
    }
    for (let i = 0; i < record.length; i++) (columns[i] as string[]).push(record[i] as string);
    if (++rows === BATCH_ROWS) {
      yield { names, columns, rows, untyped: true };
      columns = names.map(() => []);
      rows = 0;
    }
  }
  if (!names) throw new FormatError("csv", "The file is empty: it has no header row.");
  if (row === 0) throw new FormatError("csv", "The file has a header but no data rows.");
  if (rows > 0) yield { names, columns, rows, untyped: true };
}

function checkHeader(header: readonly string[]): string[] {
  const wrong = header.find((name, i) => name.trim() === "" || header.indexOf(name) !== i);
  if (header.length > MAX_COLUMNS) throw new FormatError("csv", `The file has more than ${MAX_COLUMNS} columns.`);
  if (wrong !== undefined)
    throw new FormatError("csv", `The header has a column without a name, or one twice: "${wrong}".`);
  return [...header];
}

/** Records of cells; blank lines are skipped. A cell may stand across two pieces of the file. */
async function* records(source: ByteSource, delimiter: string): AsyncGenerator<string[]> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const state = new RecordReader(delimiter);
  for await (const bytes of streamOf(source)) {
    yield* state.push(decode(decoder, bytes));
  }
  yield* state.push(decode(decoder));
  yield* state.end();
}

function decode(decoder: InstanceType<typeof TextDecoder>, bytes?: Uint8Array): string {
  try {
    const text = decoder.decode(bytes, { stream: bytes !== undefined });
    if (!text.includes("\0")) return text;
  } catch (cause) {
    throw new FormatError("csv", "The file is not UTF-8 text.", { cause });
  }
  throw new FormatError("csv", "The file is not text: it holds a zero byte.");
}

/** The state between two pieces of text: inside quotes, the cell so far, the cells so far. */
class RecordReader {
  readonly #delimiter: string;
  #cells: string[] = [];
  #cell = "";
  #state: "start" | "plain" | "quoted" | "closed" | "carriage" = "start";
  #row = 0;

  constructor(delimiter: string) {
    this.#delimiter = delimiter;
  }

  *push(text: string): Generator<string[]> {
    let at = 0;
    while (at < text.length) {
      if (this.#state === "quoted") {
        at = this.#quoted(text, at);
        continue;
      }
      const character = text[at] as string;
      if (this.#state === "carriage" && character === "\n") {
        this.#state = "start";
        at++;
      } else if (character === this.#delimiter) {
        this.#endCell();
        at++;
      } else if (character === "\n" || character === "\r") {
        yield* this.#endRecord();
        this.#state = character === "\r" ? "carriage" : "start";
        at++;
      } else if (character === '"' && (this.#state === "start" || this.#state === "carriage")) {
        this.#state = "quoted";
        at++;
      } else if (character === '"' && this.#state === "closed") {
        // A doubled quote: the cell goes on.
        this.#cell += '"';
        this.#state = "quoted";
        at++;
      } else if (this.#state === "closed") {
        throw new FormatError("csv", `Row ${this.#row} has text after a closing quote.`, { data: { row: this.#row } });
      } else {
        at = this.#plain(text, at);
      }
    }
  }

  *end(): Generator<string[]> {
    if (this.#state === "quoted") {
      throw new FormatError("csv", `Row ${this.#row} opens a quote that never closes.`, { data: { row: this.#row } });
    }
    yield* this.#endRecord();
  }

  #plain(text: string, from: number): number {
    let at = from;
    while (at < text.length && text[at] !== this.#delimiter && text[at] !== "\n" && text[at] !== "\r") at++;
    this.#add(text.slice(from, at));
    this.#state = "plain";
    return at;
  }

  #quoted(text: string, from: number): number {
    const close = text.indexOf('"', from);
    this.#add(text.slice(from, close < 0 ? undefined : close));
    if (close < 0) return text.length;
    this.#state = "closed";
    return close + 1;
  }

  #add(text: string): void {
    this.#cell += this.#row === 0 && this.#cells.length === 0 && this.#cell === "" ? text.replace(/^\uFEFF/, "") : text;
    if (this.#cell.length > MAX_CELL) {
      throw new FormatError("csv", `Row ${this.#row} has a cell of more than ${MAX_CELL} characters.`);
    }
  }

  #endCell(): void {
    this.#cells.push(this.#cell);
    this.#cell = "";
    this.#state = "start";
    if (this.#cells.length > MAX_COLUMNS) throw new FormatError("csv", `Row ${this.#row} has too many cells.`);
  }

  *#endRecord(): Generator<string[]> {
    const blank = this.#cells.length === 0 && this.#cell === "" && this.#state !== "closed";
    if (!blank) {
      this.#endCell();
      this.#row++;
      yield this.#cells;
    }
    this.#cells = [];
    this.#state = "start";
  }
}
