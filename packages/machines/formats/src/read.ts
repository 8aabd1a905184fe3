import type { Batch } from "./cells.ts";
import { readCsv } from "./csv.ts";
import { readForeign } from "./foreign.ts";
import { readJsonLines } from "./jsonl.ts";
import type { TableFormat } from "./recognise.ts";
import type { ByteSource } from "./source.ts";

/** A table in pieces, whatever its format. Throws FormatError. */
export function readBatches(source: ByteSource, format: TableFormat): AsyncGenerator<Batch> {
  switch (format) {
    case "csv":
      return readCsv(source);
    case "jsonl":
      return readJsonLines(source);
    case "parquet":
    case "arrow":
      return readForeign(source, format);
  }
}
