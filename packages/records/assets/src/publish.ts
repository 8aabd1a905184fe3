import { basename, extname } from "node:path";
import {
  type PublishContext,
  type PublishedTable,
  publishTable,
  type TableSource,
  type TableTerms,
} from "./publishTable.ts";

/** A table and the terms it is published under. */
export interface PublishInput extends TableSource, Omit<TableTerms, "name" | "provenance"> {
  /** The file's name without its ending, unless said. */
  readonly name?: string | undefined;
  readonly provenance?: string | undefined;
}

/** Publishes a CSV table as a data asset. Throws like `publishTable`. SPEC S1. */
export async function publish(context: PublishContext, input: PublishInput): Promise<PublishedTable> {
  const name = input.name ?? (input.file === undefined ? "table" : basename(input.file, extname(input.file)));
  return publishTable(context, input, {
    ...input,
    name,
    provenance: input.provenance ?? `Published by its holder as ${name}.`,
  });
}
