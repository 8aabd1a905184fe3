import { canonicalJsonBytes } from "@base/bytes/canonicalJson.ts";
import { type Hash, sha256Hex } from "@base/bytes/hash.ts";
import { merkleRoot } from "@base/bytes/merkle.ts";
import { sortedRoot } from "@base/bytes/sortedTree.ts";
import { z } from "zod";

/** A SHA-256 hash as lower-case hex (as `statements.ts` has it, which stands on this file). */
const hash = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((text) => text as Hash);

/** A cell as statements and proofs carry it. */
export const cellSchema = z.union([z.number(), z.string(), z.boolean(), z.null()]);
export type Cell = z.output<typeof cellSchema>;

/**
 * The rows of a table, or of a part of it, as a sorted set. `size` counts different rows, `rows` all of them.
 * `salted`: row hashes begin with a secret that the publisher keeps, so that nobody can guess rows from the root.
 */
export const rowSetSchema = z.strictObject({
  root: hash,
  size: z.int().nonnegative(),
  rows: z.int().nonnegative(),
  salted: z.boolean(),
});
export type RowSet = z.output<typeof rowSetSchema>;

/** Roots over all rows and over each column (RFC 6962, one leaf a cell in the order of the rows). */
export const rootsSchema = z.strictObject({
  rows: rowSetSchema,
  columns: z.array(z.strictObject({ name: z.string(), root: hash })).max(4096),
});
export type TableRoots = z.output<typeof rootsSchema>;

/** Rows of each part of a run's split (`train`, `test`, ...). */
export const samplesSchema = z.record(z.string().regex(/^[a-z]{1,20}$/), rowSetSchema);

/** What of a table is hashed: names, and values by column. */
export interface Rows {
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly values: readonly Cell[] }[];
}

/** Largest table whose rows and columns are committed at publication. */
export const MAX_COMMITTED_ROWS = 1_000_000;

/** Hash of one row: SHA-256 of the canonical JSON of [`assay/row/1`, salt or null, names, values], columns in the table's order. */
export function rowHash(names: readonly string[], values: readonly Cell[], salt: Hash | null): Hash {
  return sha256Hex(canonicalJsonBytes(["assay/row/1", salt, names, values]));
}

/** Bytes of the leaf for one cell: canonical JSON of [`assay/cell/1`, salt or null, column, row, value], the first row is 0. */
export function cellLeaf(column: string, row: number, value: Cell, salt: Hash | null): Uint8Array {
  return canonicalJsonBytes(["assay/cell/1", salt, column, row, value]);
}

/** Hashes of some rows of a table (all unless said), in their order. */
export function rowHashes(table: Rows, salt: Hash | null, only?: readonly number[]): Hash[] {
  const names = table.columns.map(({ name }) => name);
  const one = (row: number) =>
    rowHash(
      names,
      table.columns.map(({ values }) => values[row] ?? null),
      salt,
    );
  return only ? only.map(one) : Array.from({ length: table.rows }, (_, row) => one(row));
}

/** Commits to rows of a table. */
export function rowSet(hashes: readonly Hash[], salted: boolean): RowSet {
  return { ...sortedRoot(hashes), rows: hashes.length, salted };
}

/** Leaves of a column's tree. */
export function* cellLeaves({ columns }: Rows, name: string, salt: Hash | null): Iterable<Uint8Array> {
  const values = columns.find((column) => column.name === name)?.values ?? [];
  for (const [row, value] of values.entries()) yield cellLeaf(name, row, value, salt);
}

/** Commits to all rows and columns of a table. SPEC R1. */
export function tableRoots(table: Rows, salt: Hash | null): TableRoots {
  return {
    rows: rowSet(rowHashes(table, salt), salt !== null),
    columns: table.columns.map(({ name }) => ({ name, root: merkleRoot(cellLeaves(table, name, salt)) })),
  };
}
