import { basename, extname } from "node:path";
import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { OnnxTensor } from "@machines/engine/onnx/tensor.ts";
import { type RowsInput, tableFor } from "@records/assets/rowSource.ts";
import { inSandbox } from "./sandbox.ts";
import { type ModelInput, openSource, readBytes } from "./source.ts";
import type { NamedResult, RowAnswer } from "./tasks.ts";
import { readTensor, tensorOfJson } from "./tensorFile.ts";

export interface RunInput extends ModelInput, RowsInput {
  /** First row, 0-based; with neither `row` nor `rows` the last one alone. */
  readonly row?: number | undefined;
  /** Number of rows. */
  readonly rows?: number | undefined;
  /** Tensor files (.npy, .pb), for the inputs of their own names or in order. */
  readonly tensors: readonly string[];
  /** Tensors as JSON: nested lists by input name. */
  readonly input?: unknown;
  readonly seconds: number;
}

export interface RunOutput {
  readonly model: string;
  readonly rows: RowAnswer[];
  readonly outputs: NamedResult[];
  /** Milliseconds, reading included. */
  readonly ms: number;
}

/** Most rows of one call. */
const MAX_ROWS = 10_000;

/**
 * Runs a model asset, or a file that is not published, on rows of a table or on tensors; in a thread of its own and for
 * `seconds` at most. Throws the engine's errors, naming operator and node, and ModelTimeError. SPEC M5, M6.
 */
export async function run(
  context: Pick<Context, "store" | "chain" | "contracts" | "signal">,
  input: RunInput,
): Promise<RunOutput> {
  const started = performance.now();
  const model = await openSource(context, input);
  const table = await tableFor(context, input);
  const { signal } = context;
  const limits = { signal, seconds: input.seconds };
  const done = (result: Omit<RunOutput, "model" | "ms">): RunOutput => ({
    model: model.label,
    ...result,
    ms: Math.round(performance.now() - started),
  });
  if (table !== undefined) {
    if (input.tensors.length > 0 || input.input !== undefined)
      throw new InvalidInputError("give either rows or tensors, not both");
    const [first, count] = range(input, table.rows);
    const { format, bytes, reading } = model;
    const rows = await inSandbox("rows", { model: { format, bytes, reading }, table, first, count }, limits);
    return done({ rows, outputs: [] });
  }
  if (model.format === "bundle")
    throw new InvalidInputError("a model trained here answers for rows: name a data asset, a CSV file or CSV text");
  const feeds = [...(await Promise.all(input.tensors.map(readFeed))), ...jsonFeeds(input.input)];
  return done({ rows: [], outputs: await inSandbox("tensors", { bytes: model.bytes, feeds }, limits) });
}

function range({ row, rows }: RunInput, total: number): [first: number, count: number] {
  if (total === 0) throw new InvalidInputError("the table has no rows");
  const first = row ?? (rows === undefined ? total - 1 : 0);
  const count = Math.min(rows ?? 1, total - first);
  if (first >= total)
    throw new InvalidInputError(`row ${first}: the table has the rows 0 to ${total - 1}`, { data: { field: "row" } });
  if (count > MAX_ROWS)
    throw new InvalidInputError(`at most ${MAX_ROWS} rows at a time, not ${count}`, { data: { field: "rows" } });
  return [first, count];
}

async function readFeed(file: string): Promise<{ name: string; tensor: OnnxTensor }> {
  return { name: basename(file, extname(file)), tensor: readTensor(await readBytes(file, 2 ** 29), file) };
}

function jsonFeeds(input: unknown): { name: string; tensor: OnnxTensor }[] {
  if (input === undefined) return [];
  if (typeof input !== "object" || input === null || Array.isArray(input))
    throw new InvalidInputError('input: expected an object from input name to nested lists, e.g. {"x": [[1, 2]]}');
  return Object.entries(input).map(([name, value]) => ({ name, tensor: tensorOfJson(name, value) }));
}
