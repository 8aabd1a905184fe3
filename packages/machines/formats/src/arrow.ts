import { zstdDecompressSync } from "node:zlib";
import { CompressionType, setCompressionCodec, tableFromIPC } from "@uwdata/flechette";
import { type Batch, type Cell, MAX_COLUMNS, toCell } from "./cells.ts";
import { FormatError } from "./errors.ts";
import { unpackLz4Frame } from "./lz4.ts";
import type { ByteSource } from "./source.ts";

/** Largest Arrow file in bytes: it stands in memory while it is read. */
export const MAX_ARROW = 256 * 1024 * 1024;
/** Most bytes of one unpacked buffer. */
const MAX_BUFFER = 512 * 1024 * 1024;

const encode = (): never => {
  throw new FormatError("arrow", "Arrow files are read here, not written.");
};
setCompressionCodec(CompressionType.ZSTD, {
  encode,
  decode: (bytes) => new Uint8Array(zstdDecompressSync(bytes, { maxOutputLength: MAX_BUFFER })),
});
setCompressionCodec(CompressionType.LZ4_FRAME, { encode, decode: (bytes) => unpackLz4Frame(bytes, MAX_BUFFER) });

/** Reads an Arrow IPC file or stream (Feather 2), one column of one record batch at a time. Throws FormatError. */
export async function* readArrow(source: ByteSource): AsyncGenerator<Batch> {
  if (source.size > MAX_ARROW) {
    throw new FormatError("arrow", `The file has ${source.size} bytes; Arrow files up to ${MAX_ARROW} are read.`, {
      hints: ["Write it as Parquet: that is read in pieces."],
    });
  }
  const bytes = (await source.read(0, source.size)).slice();
  const table = guarded(() => tableFromIPC(bytes, { useDate: true, useBigInt: true }));
  const names = table.names.map(String);
  if (names.length === 0 || names.length > MAX_COLUMNS || new Set(names).size !== names.length || table.numRows === 0) {
    throw new FormatError("arrow", `The file has ${names.length} columns and ${table.numRows} rows: no table to read.`);
  }
  // No value takes less than a bit: more rows than that were never written.
  if (table.numRows > Math.max(2 ** 24, bytes.length * 64))
    throw new FormatError("arrow", "The file says more rows than it holds.");
  for (const [i, name] of names.entries()) {
    const column = guarded(() => table.getChildAt(i));
    for (const batch of column.data) {
      const cells = guarded(() => Array.from({ length: batch.length }, (_, row): Cell => toCell(batch.at(row))));
      yield { names: [name], columns: [cells], rows: cells.length };
    }
  }
}

function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw new FormatError(
      "arrow",
      `The file is not sound Arrow IPC: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { cause },
    );
  }
}
