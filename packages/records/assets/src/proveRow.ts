import { rename, writeFile } from "node:fs/promises";
import type { Hash } from "@base/bytes/hash.ts";
import { MerkleTree } from "@base/bytes/merkle.ts";
import { SortedTree } from "@base/bytes/sortedTree.ts";
import { type BaseError, InvalidInputError, NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { type ColumnType, parseCsv, type Table, validateRecipe } from "@machines/engine";
import { loadStatement, loadTable } from "./load.ts";
import { type RowAnswer, checkRowProof, type RowProof } from "./rowProof.ts";
import { type Cell, cellLeaves, type RowSet, rowHash, rowHashes } from "./rowSet.ts";
import { findSalt } from "./salts.ts";
import { sampleHashes } from "./samples.ts";
import { scopeOf } from "./sign.ts";
import { findSignature } from "./signatures.ts";
import { parseStatement, parseTableStatement } from "./statements.ts";
import { joinRows } from "./table.ts";

type Needs = Pick<Context, "db" | "store" | "chain" | "contracts">;

export interface ProveRowInput {
  /** Model or table asset. */
  readonly of: string;
  /** The row: JSON by column, or a CSV line in the order of the columns ... */
  readonly row?: string | undefined;
  /** ... or its position in the table (of a model: in its data as joined), the first is 0. */
  readonly index?: number | undefined;
  /** With `index`, of a table: also proves that this column's cell stands there. */
  readonly column?: string | undefined;
  readonly out?: string | undefined;
}

/**
 * Proves of one row whether it is in a table, or whether it trained or tested a model: yes or no, both can be checked
 * by anybody without this node. Throws NotFoundError where data or salt is not at hand, InvalidInputError for a row
 * that does not fit or a statement that commits to no rows. SPEC R2.
 */
export async function proveRow(
  context: Needs,
  input: ProveRowInput,
): Promise<{ answer: RowAnswer; text: string; proof: RowProof }> {
  const { asset, statement } = await loadStatement(context, input.of);
  const hashes: Hash[] = [asset.statement];
  let table: Table;
  let sets: Readonly<Record<string, RowSet>> | undefined;
  let members: (salt: Hash | null) => Record<string, Hash[]>;
  if (statement.type === "assay/model/1") {
    const run = parseStatement("assay/run/1", await context.store.getJson(statement.run));
    const tables = [];
    for (const { asset: id } of run.data) tables.push((await loadTable(context, id)).table);
    table = joinRows(tables);
    hashes.push(statement.run, ...run.data.map((parent) => parent.statement));
    sets = run.samples;
    members = (salt) => sampleHashes(table, validateRecipe(run.recipe), salt);
  } else {
    table = (await loadTable(context, asset.id)).table;
    const { roots } = parseTableStatement(statement);
    sets = roots && { all: roots.rows };
    members = (salt) => ({ all: rowHashes(table, salt) });
  }
  if (!sets) {
    throw new InvalidInputError(`the statement of asset ${asset.id} commits to no rows`, {
      hints: ["Tables published and models trained by this version do."],
    });
  }
  const salt = await saltOf(context, sets);
  const row = rowOf(table, input);
  const hash = rowHash(row.columns, row.values, salt);
  const parts = Object.entries(members(salt)).map(([part, all]) => [part, new SortedTree(all).prove(hash)] as const);
  const { chainId, assets } = scopeOf(context);
  const proof: RowProof = {
    type: "assay/row-proof/1",
    chainId,
    contracts: { Assets: assets.toLowerCase() as Hash },
    asset: asset.id,
    statements: await Promise.all(hashes.map((of) => stated(context, of))),
    row,
    salt,
    parts: Object.fromEntries(parts) as RowProof["parts"],
    ...(input.column === undefined ? {} : { cell: cellOf(table, input, salt) }),
  };
  // Nobody gets a proof that does not hold here.
  const { checks, answer } = await checkRowProof(proof);
  const broken = checks.find(({ ok }) => !ok);
  if (broken) throw new InvalidInputError(`no proof can be made: ${broken.name}: ${broken.detail}`);
  if (input.out !== undefined) {
    await writeFile(`${input.out}.part`, `${JSON.stringify(proof, null, 2)}\n`, { flush: true });
    await rename(`${input.out}.part`, input.out);
  }
  return { answer, text: inWords(asset.id, answer, sets), proof };
}

/** The answer as a sentence a part. */
export function inWords(
  asset: string,
  answer: RowAnswer,
  sets: Readonly<Record<string, Pick<RowSet, "rows">>>,
): string {
  const verb: Record<string, string> = {
    all: "is in the table of",
    train: "trained",
    test: "tested",
    valid: "validated",
  };
  return Object.entries(answer)
    .sort(([a], [b]) => b.localeCompare(a, "en"))
    .map(([part, { included, count }]) => {
      const what = `${verb[part] ?? `is in the part ${part} of`} asset ${asset}`;
      return included
        ? `Yes: this row ${what} (${count} of ${sets[part]?.rows} rows).`
        : `No: this row is not one that ${what}.`;
    })
    .join("\n")
    .replaceAll("is not one that is in", "is not in");
}

async function saltOf(context: Needs, sets: Readonly<Record<string, RowSet>>): Promise<Hash | null> {
  const salted = Object.values(sets).find((set) => set.salted);
  if (!salted) return null;
  const salt = await findSalt(context, salted.root);
  if (salt) return salt;
  throw new NotFoundError("the row hashes are salted, and this node does not have the salt", {
    hints: ["Ask the publisher's node for the proof."],
  });
}

async function stated(context: Needs, hash: Hash): Promise<RowProof["statements"][number]> {
  const statement = (await context.store.getJson(hash)) as RowProof["statements"][number]["statement"];
  const signed = await findSignature(context, hash, String((statement as { creator?: unknown }).creator));
  if (!signed) throw new NotFoundError(`this node knows no signature of the statement ${hash}`, { data: { hash } });
  return { hash, statement, ...signed };
}

/** The row that is asked about, by the table's columns and types. */
function rowOf(table: Table, { row, index }: ProveRowInput): { columns: string[]; values: Cell[] } {
  const columns = table.columns.map(({ name }) => name);
  if ((row === undefined) === (index === undefined)) throw new InvalidInputError("give either a row or its index");
  if (index !== undefined) {
    if (index >= table.rows) throw new InvalidInputError(`the table has the rows 0 to ${table.rows - 1}, not ${index}`);
    return { columns, values: table.columns.map(({ values }) => values[index] ?? null) };
  }
  const text = (row as string).trim();
  const cells = text.startsWith("{") ? undefined : text;
  const given = cells === undefined ? record(text) : undefined;
  if (given) {
    const unknown = Object.keys(given).find((name) => !columns.includes(name));
    if (unknown !== undefined) throw new InvalidInputError(`the table has no column ${unknown}`);
    const lost = columns.find((name) => !(name in given));
    if (lost !== undefined) throw new InvalidInputError(`the row says nothing of ${lost}`);
    return { columns, values: columns.map((name) => given[name] as Cell) };
  }
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
  const types = Object.fromEntries(table.columns.map(({ name, type }) => [name, type as ColumnType]));
  const csv = new TextEncoder().encode(`${columns.map(quoted).join(",")}\n${cells}\n`);
  const parsed = parseCsv(csv, { types, missing: "null" });
  return { columns, values: parsed.columns.map(({ values }) => values[0] ?? null) };
}

function record(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new InvalidInputError("the row is not JSON", { cause: cause as BaseError });
  }
}

function cellOf(table: Table, { column, index }: ProveRowInput, salt: Hash | null): NonNullable<RowProof["cell"]> {
  if (index === undefined || column === undefined)
    throw new InvalidInputError("a cell is named by its column and the index of its row");
  const tree = MerkleTree.fromLeaves(cellLeaves(table, column, salt));
  if (tree.size === 0) throw new InvalidInputError(`the table has no column ${column}`);
  return { column, row: index, path: tree.inclusionProof(index) };
}
