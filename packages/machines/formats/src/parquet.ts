import { type FileMetaData, parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { type Batch, type Cell, MAX_COLUMNS, toCell } from "./cells.ts";
import { FormatError } from "./errors.ts";
import type { ByteSource } from "./source.ts";

/** Most bytes of one row group, unpacked, and of the metadata: both stand in memory at once. */
const MAX_GROUP = 512 * 1024 * 1024;
const MAX_METADATA = 64 * 1024 * 1024;

/**
 * Reads Parquet one column of one row group at a time, so that a batch holds one column; nested columns become JSON
 * text. Throws FormatError.
 */
export async function* readParquet(source: ByteSource): AsyncGenerator<Batch> {
  const file = {
    byteLength: source.size,
    async slice(start: number, end?: number) {
      const from = start < 0 ? Math.max(0, source.size + start) : start;
      const bytes = await source.read(from, end ?? source.size);
      return bytes.slice().buffer as ArrayBuffer;
    },
  };
  const metadata = await guarded(() => parquetMetadataAsync(file));
  const names = check(metadata, source.size);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    const rowEnd = rowStart + rows;
    for (const name of names) {
      const read = () => parquetReadObjects({ file, metadata, compressors, columns: [name], rowStart, rowEnd });
      const objects = await guarded(read);
      if (objects.length !== rows) throw new FormatError("parquet", "A row group has fewer rows than it says.");
      yield { names: [name], columns: [objects.map((row): Cell => toCell(row[name]))], rows };
    }
    rowStart = rowEnd;
  }
}

function check(metadata: FileMetaData, size: number): string[] {
  const names = parquetSchema(metadata).children.map((child) => child.element.name);
  const fits = (value: bigint | number | undefined, most: number) =>
    Number(value ?? 0) >= 0 && Number(value ?? 0) <= most;
  if (names.length === 0 || names.length > MAX_COLUMNS || new Set(names).size !== names.length) {
    throw new FormatError(
      "parquet",
      `The file has ${names.length} columns; 1 to ${MAX_COLUMNS} different ones are read.`,
    );
  }
  if (!fits(metadata.metadata_length, Math.min(MAX_METADATA, size)))
    throw new FormatError("parquet", "The metadata are too large.");
  let rows = 0;
  for (const group of metadata.row_groups) {
    rows += Number(group.num_rows);
    const unpacked = group.columns.reduce(
      (sum, column) => sum + Number(column.meta_data?.total_uncompressed_size ?? 0),
      0,
    );
    const packed = group.columns.every((column) => fits(column.meta_data?.total_compressed_size, size));
    if (!fits(unpacked, MAX_GROUP) || !fits(group.num_rows, 2 ** 31) || !packed) {
      throw new FormatError(
        "parquet",
        `A row group says ${unpacked} bytes and ${group.num_rows} rows: too large to read.`,
        {
          hints: ["Write the file with smaller row groups."],
        },
      );
    }
  }
  if (rows === 0 || rows !== Number(metadata.num_rows))
    throw new FormatError("parquet", "The file has no rows, or not as many as it says.");
  return names;
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw new FormatError(
      "parquet",
      `The file is not sound Parquet: ${cause instanceof Error ? cause.message : String(cause)}.`,
      {
        cause,
      },
    );
  }
}
