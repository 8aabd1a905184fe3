// Checks a row proof with nothing but the file: runs in Node and in a browser.
import { verifyInclusion } from "@base/bytes/merkle.ts";
import { leafHash } from "@base/bytes/merkle.ts";
import { type SortedProof, verifySorted } from "@base/bytes/sortedTree.ts";
import { BaseError, InvalidInputError } from "@base/errors";
import { z } from "zod";
import { cellLeaf, cellSchema, type RowSet, rowHash } from "./rowSet.ts";
import { lower, recoverSigner, type Scope } from "./sign.ts";
import {
  addressSchema,
  type Column,
  hashSchema,
  type ModelStatement,
  parseAssetStatement,
  parseStatement,
  parseTableStatement,
  type RunStatement,
  statementType,
  type TableStatement,
} from "./statements.ts";
import type { Finding } from "./verifyAsset.ts";

const leafSchema = z.strictObject({
  hash: hashSchema,
  count: z.int(),
  index: z.int(),
  path: z.array(hashSchema).max(64),
});
const sortedSchema = z.union([
  z.strictObject({ leaf: leafSchema }),
  z.strictObject({ below: leafSchema.nullable(), above: leafSchema.nullable() }),
]);
const statedSchema = z.strictObject({
  hash: hashSchema,
  statement: z.json(),
  signer: addressSchema,
  signature: z
    .string()
    .regex(/^0x[0-9a-f]{130}$/)
    .transform((text) => text as `0x${string}`),
});

/** Shows of one row whether it is in a table, or among the rows that trained or tested a model. */
export const rowProofSchema = z.strictObject({
  type: z.literal("assay/row-proof/1"),
  chainId: z.int().positive(),
  contracts: z.record(z.string(), addressSchema),
  /** The asset that the proof is about. */
  asset: z.string().regex(/^[1-9]\d{0,77}$/),
  /** Its statement first; for a model then its run's and those of the data. */
  statements: z.array(statedSchema).min(1).max(18),
  row: z.strictObject({ columns: z.array(z.string()).max(4096), values: z.array(cellSchema).max(4096) }),
  salt: hashSchema.nullable(),
  parts: z.record(z.string(), sortedSchema),
  /** That one cell stands at one place of the table. */
  cell: z
    .strictObject({ column: z.string(), row: z.int().nonnegative(), path: z.array(hashSchema).max(64) })
    .optional(),
});
export type RowProof = z.output<typeof rowProofSchema>;

/** Answer by part: is the row in it, and how often. Only what a valid proof shows. */
export type RowAnswer = Readonly<Record<string, { readonly included: boolean; readonly count: number }>>;

/** Reads a proof from parsed JSON; throws InvalidInputError that names the field. */
export function parseRowProof(value: unknown): RowProof {
  const result = rowProofSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new InvalidInputError(`this is no row proof: ${issue?.path.join(".") || "it"}: ${issue?.message}`, {
    hints: ["A row proof is the JSON that `assay row prove` writes."],
  });
}

/**
 * Checks a row proof by itself: statements hash and are signed by their creators for one contract, they name each
 * other, the row fits the table's columns and types, and each part's proof leads to the root that the statement signs.
 * Whether the asset on chain carries that statement is for the caller to ask. SPEC R2.
 */
export async function checkRowProof(proof: RowProof): Promise<{ checks: Finding[]; answer: RowAnswer }> {
  const checks: Finding[] = [];
  const scope = { chainId: proof.chainId, assets: proof.contracts["Assets"] ?? "0x" } as Scope;
  for (const stated of proof.statements) {
    const name = `signature of ${statementType(stated.statement)}`;
    try {
      const signer = await recoverSigner(scope, stated);
      const creator = lower(String((stated.statement as { creator?: unknown }).creator));
      checks.push({
        name,
        ok: signer === creator,
        detail: signer === creator ? `by ${signer}` : `by ${signer}, not ${creator}`,
      });
    } catch (error) {
      if (!(error instanceof BaseError)) throw error;
      checks.push({ name, ok: false, detail: error.shortMessage });
    }
  }
  const answer: Record<string, { included: boolean; count: number }> = {};
  try {
    const { sets, schema, table } = groundsOf(proof);
    checks.push(shapeOf(proof, schema));
    const hash = rowHash(proof.row.columns, proof.row.values, proof.salt);
    for (const [part, set] of Object.entries(sets)) {
      const check = checkPart(proof, part, set, hash);
      checks.push(check.finding);
      if (check.verdict?.ok) answer[part] = { included: check.verdict.included, count: check.verdict.count };
    }
    if (proof.cell) checks.push(checkCell(proof, table));
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    checks.push({ name: "statements", ok: false, detail: error.shortMessage });
  }
  return checks.every(({ ok }) => ok) ? { checks, answer } : { checks, answer: {} };
}

/** The row sets that the statements sign, and the columns that a row must have; throws InvalidInputError where they do not fit. */
function groundsOf({ statements }: RowProof): {
  sets: Record<string, RowSet>;
  schema: readonly Column[];
  table?: TableStatement;
} {
  const [first, second, ...rest] = statements.map(({ statement }) => statement);
  const hashes = statements.map(({ hash }) => hash);
  const asset = parseAssetStatement(first);
  if (asset.type !== "assay/model/1") {
    const table = parseTableStatement(asset);
    if (!table.roots) throw new InvalidInputError("the table's statement commits to no rows");
    return { sets: { all: table.roots.rows }, schema: table.schema, table };
  }
  const model: ModelStatement = asset;
  const run: RunStatement = parseStatement("assay/run/1", second);
  if (hashes[1] !== model.run) throw new InvalidInputError("the run is not the one that the model names");
  if (run.model !== model.root) throw new InvalidInputError("the run is of another model");
  if (!run.samples) throw new InvalidInputError("the run's statement commits to no rows");
  const named = run.data.map(({ statement }) => statement).join();
  if (hashes.slice(2).join() !== named) throw new InvalidInputError("the data is not that of the run");
  const [data] = rest.map(parseTableStatement);
  if (!data) throw new InvalidInputError("the run's data is missing");
  return { sets: run.samples, schema: data.schema };
}

/** A row with other columns or types hashes to something else, and would wrongly count as absent. */
function shapeOf({ row }: RowProof, schema: readonly Column[]): Finding {
  const name = "row fits the columns";
  const wanted = schema.map((column) => column.name).join(", ");
  if (row.columns.join(", ") !== wanted || row.values.length !== schema.length)
    return { name, ok: false, detail: `the row has ${row.columns.join(", ")}; the table has ${wanted}` };
  const wrong = schema.find(({ type }, index) => {
    const value = row.values[index];
    return value !== null && typeof value !== (type === "date" ? "string" : type);
  });
  if (wrong) return { name, ok: false, detail: `${wrong.name} is no ${wrong.type}` };
  return { name, ok: true, detail: wanted };
}

function checkPart(proof: RowProof, part: string, set: RowSet, hash: `0x${string}`) {
  const name = `row in ${part}`;
  if (set.salted !== (proof.salt !== null))
    return { finding: { name, ok: false, detail: set.salted ? "the salt is missing" : "the rows are not salted" } };
  const given = proof.parts[part];
  if (given === undefined) return { finding: { name, ok: false, detail: "the proof leaves this part out" } };
  const verdict = verifySorted(set, hash, given as SortedProof);
  if (!verdict.ok) return { finding: { name, ok: false, detail: verdict.reason }, verdict };
  const detail = verdict.included ? `yes, ${verdict.count} of ${set.rows} rows` : `no, none of ${set.rows} rows`;
  return { finding: { name, ok: true, detail }, verdict };
}

function checkCell({ cell, row, salt }: RowProof, table: TableStatement | undefined): Finding {
  const name = `cell ${cell?.row} of ${cell?.column}`;
  const at = row.columns.indexOf(cell?.column ?? "");
  const root = table?.roots?.columns.find((column) => column.name === cell?.column)?.root;
  if (!cell || !table || root === undefined || at < 0)
    return { name, ok: false, detail: "no such column is committed" };
  const leaf = leafHash(cellLeaf(cell.column, cell.row, row.values[at] ?? null, salt));
  const ok = verifyInclusion({ index: cell.row, size: table.rows, leaf, proof: cell.path, root });
  return { name, ok, detail: ok ? JSON.stringify(row.values[at]) : "the cell is not under the column's root" };
}
