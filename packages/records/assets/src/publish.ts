import { basename, extname } from "node:path";
import { type Format, isTableFormat, recognise } from "@machines/formats";
import { openSource, type PublishedFile, publishFile } from "./publishFile.ts";
import {
  MAX_TABLE_BYTES,
  type PublishContext,
  type PublishedTable,
  publishTable,
  type TableSource,
  type TableTerms,
} from "./publishTable.ts";
import type { Storing } from "./storeSource.ts";

/** A file and the terms it is published under. */
export interface PublishInput extends TableSource, Storing, Omit<TableTerms, "name" | "provenance"> {
  /** The file's name without its ending, unless said. */
  readonly name?: string | undefined;
  readonly provenance?: string | undefined;
  /** What the file is; found out unless said. */
  readonly format?: Format | "auto" | undefined;
}

/**
 * Publishes a file as a data asset: tables (CSV, JSON lines, Parquet, Arrow) with their columns, so that training can use
 * them; anything else as it is, and so is a table above the size that fits in memory, unless its format is asked for. Throws like `publishTable`. SPEC S1, S14.
 */
export async function publish(
  context: PublishContext,
  input: PublishInput,
): Promise<PublishedTable | (PublishedFile & { rows: null; schema: [] })> {
  const name = input.name ?? (input.file === undefined ? "table" : basename(input.file, extname(input.file)));
  const terms = { ...input, name, provenance: input.provenance ?? `Published by its holder as ${name}.` };
  const { format, size } = await formatOf(input);
  const asked = input.format !== undefined && input.format !== "auto";
  if (isTableFormat(format) && (asked || size <= MAX_TABLE_BYTES))
    return publishTable(context, { ...input, format }, terms);
  return { ...(await publishFile(context, input, format, terms)), rows: null, schema: [] };
}

/** Text that was handed over, and files that are called CSV, are tables: what is wrong in them is told. */
async function formatOf(input: PublishInput): Promise<{ format: Format; size: number }> {
  const source = await openSource(input);
  try {
    const { size } = source;
    if (input.format !== undefined && input.format !== "auto") return { format: input.format, size };
    if (input.file === undefined || /\.csv$/i.test(input.file)) return { format: "csv", size };
    return { format: await recognise(source, input.file), size };
  } finally {
    await source.close();
  }
}
