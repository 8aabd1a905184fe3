import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { type ClassProbability, type Decision, loadModel, type Recipe, sampleRows, type Table } from "@machines/engine";
import { readModel } from "@records/assets/execute.ts";
import { bytesSource, isTableFormat, recognise } from "@machines/formats";
import { loadStatement, loadTable } from "@records/assets/load.ts";
import { readCsv } from "@records/assets/publishTable.ts";
import { parseTable } from "@records/assets/table.ts";
import { type Slice, sliceRows } from "./sliceRows.ts";

export interface RunInput extends Slice {
  /** Model asset. */
  readonly model: string;
  /** Rows of this data asset ... */
  readonly data?: string | undefined;
  /** ... or of this CSV file ... */
  readonly file?: string | undefined;
  /** ... or of this CSV text. */
  readonly content?: string | undefined;
}

/** What one input added; `cell` is the word in it, where it holds words. */
export type Part = Decision["contributions"][number] & { readonly cell?: string };

/** A model's answer for one sample. */
export interface RunResult {
  readonly model: string;
  readonly target: string;
  /** The raw binary32 answer. */
  readonly output: number;
  /** What contracts get: 1e18 is one. */
  readonly outputWad: bigint;
  readonly confidenceBps: number;
  readonly base: number;
  /** Several classes: the likeliest, and how likely each is. */
  readonly label?: string;
  readonly probabilities?: ClassProbability[];
  readonly contributions: Part[];
  /** First and last day of the rows, where the model knows days. */
  readonly from: string | null;
  readonly to: string | null;
}

/**
 * Runs a published model on rows of a data asset or a CSV: the answer, and what each input added to it.
 * Throws NotFoundError, IntegrityError, TableError and InvalidInputError that name what does not fit. SPEC T7.
 */
export async function run(
  context: Pick<Context, "store" | "chain" | "contracts">,
  input: RunInput,
): Promise<RunResult> {
  const { bytes } = await readModel(context, BigInt(input.model));
  const model = loadModel(bytes);
  if (input.data !== undefined) await refuseSealed(context, input.data);
  const table = await tableFor(context, input);
  const rows = sliceRows(table, input, model.recipe.time, sampleRows(model.recipe));
  const decision = model.run(rows);
  const [from, to] = daysOf(rows, model.recipe);
  return {
    model: input.model,
    target: model.recipe.target,
    output: decision.output,
    outputWad: decision.outputWad,
    confidenceBps: decision.confidenceBps,
    base: decision.base,
    ...(decision.label === undefined ? {} : { label: decision.label }),
    ...(decision.probabilities === undefined ? {} : { probabilities: [...decision.probabilities] }),
    contributions: decision.contributions.map((part) => withCell(part, rows)),
    from,
    to,
  };
}

/** Running is open to everybody, and this node may hold the key: what is sealed is not even opened. SPEC T7. */
async function refuseSealed(context: Pick<Context, "store" | "chain" | "contracts">, id: string): Promise<void> {
  const { asset, statement } = await loadStatement(context, id);
  if (!("sealed" in statement)) return;
  throw new InvalidInputError(`asset ${asset.id} is sealed: its rows are shown to nobody`, {
    hints: [`Whoever holds the key runs \`assay assets download ${asset.id}\`, and gives the file.`],
  });
}

/** The rows that a question is about, from wherever it says they are; throws InvalidInputError unless it says one place. */
export async function tableFor(
  context: Pick<Context, "store" | "chain" | "contracts" | "vault">,
  input: Pick<RunInput, "data" | "file" | "content">,
): Promise<Table> {
  const given = [input.data, input.file, input.content].filter((source) => source !== undefined).length;
  if (given !== 1) throw new InvalidInputError("say where the rows are: a data asset, a file, or the CSV text");
  if (input.data !== undefined) return (await loadTable(context, input.data)).table;
  // The target may well be unknown for the rows in question: an empty cell matters only where an input needs it.
  const bytes = await readCsv(input);
  const format = await recognise(bytesSource(bytes), input.file);
  return parseTable(bytes, { missing: "null", format: isTableFormat(format) ? format : "csv" }, input.file);
}

function withCell(part: Decision["contributions"][number], rows: Table): Part {
  const cell = rows.columns.find(({ name, type }) => name === part.column && type === "string")?.values.at(-1);
  return typeof cell === "string" ? { ...part, cell } : part;
}

function daysOf(rows: Table, recipe: Recipe): [string | null, string | null] {
  const values = rows.columns.find((column) => column.name === recipe.time)?.values;
  const first = values?.[0];
  const last = values?.at(-1);
  return [first == null ? null : String(first), last == null ? null : String(last)];
}
