// What runs inside the sandbox: plain data in, plain data out.
import { InvalidInputError } from "@base/errors";
import { loadModel, type Table } from "@machines/engine";
import { explainIntegers, openIntegers, quantiseModel } from "@machines/engine/model/integers.ts";
import { explainRow, referenceRow, columnsOf } from "@machines/engine/onnx/explain.ts";
import { foldBatchNorm } from "@machines/engine/onnx/fold.ts";
import { describeValue, inspectOnnx, type OnnxReport } from "@machines/engine/onnx/inspect.ts";
import { importOnnx, type OnnxModel } from "@machines/engine/onnx/model.ts";
import { answerOf, type Reading, readingOf, runRows, type RowValue, valueAsJson } from "@machines/engine/onnx/rows.ts";
import type { OnnxTensor } from "@machines/engine/onnx/tensor.ts";

/** A model by its bytes: a bundle trained here, an integer program, or an ONNX file with what a row means to it. */
export interface ModelBytes {
  readonly format: "bundle" | "onnx" | "integers";
  readonly bytes: Uint8Array;
  readonly reading?: Reading | undefined;
}

/** What the model said of one row. */
export interface RowAnswer {
  /** 0-based row of the table; for a model of windows the last row of the window. */
  readonly row: number;
  /** The number that counts, where the model has a reading. */
  readonly answer: number | null;
  readonly outputs: Readonly<Record<string, RowValue>>;
}

/** A result that belongs to no row. */
export interface NamedResult {
  readonly name: string;
  readonly type: string;
  readonly value: RowValue;
}

interface Prepared {
  readonly bytes: Uint8Array;
  readonly rewrites: readonly string[];
  readonly report: OnnxReport;
  readonly reading?: Reading;
}

function inspect({ bytes, extents }: { bytes: Uint8Array; extents: Record<string, number> }): OnnxReport {
  return inspectOnnx(bytes, extents);
}

/** Checks a file, rewrites it when asked, and finds out how rows fill it. */
function prepare(given: {
  readonly bytes: Uint8Array;
  readonly fold: boolean;
  readonly columns: readonly string[];
  readonly output?: string | undefined;
  readonly index?: number | undefined;
}): Prepared {
  importOnnx(given.bytes);
  const { bytes, rewrites } = given.fold ? foldBatchNorm(given.bytes) : { bytes: given.bytes, rewrites: [] };
  const model = importOnnx(bytes);
  const report = inspectOnnx(bytes);
  const named = given.columns.length > 0 || model.inputs.length > 1;
  const reading = named ? tryReading(model, given) : undefined;
  return { bytes, rewrites, report, ...(reading === undefined ? {} : { reading }) };
}

function tryReading(
  model: OnnxModel,
  given: { columns: readonly string[]; output?: string | undefined; index?: number | undefined },
): Reading | undefined {
  try {
    return readingOf(model, given.columns, given.output, given.index);
  } catch (error) {
    if (given.columns.length > 0) throw error;
    return undefined;
  }
}

function readingFor(model: OnnxModel, given: Reading | undefined, table: Table): Reading {
  if (given !== undefined) return given;
  const names = new Set(model.inputs.map(({ name }) => name));
  const columns = table.columns.map(({ name }) => name);
  return readingOf(model, model.inputs.length > 1 ? columns.filter((name) => names.has(name)) : columns);
}

function rows(given: {
  readonly model: ModelBytes;
  readonly table: Table;
  readonly first: number;
  readonly count: number;
}): RowAnswer[] {
  const { model, table, first, count } = given;
  if (model.format === "bundle") {
    const loaded = loadModel(model.bytes);
    const days = loaded.recipe.window?.days ?? 1;
    const from = Math.max(0, first + 1 - days);
    const part: Table = {
      rows: first + count - from,
      columns: table.columns.map((column) => ({ ...column, values: column.values.slice(from, first + count) })),
    };
    return loaded
      .predict(part)
      .map(({ row, output }) => ({ row: row + from, answer: output, outputs: { output } }))
      .filter(({ row }) => row >= first);
  }
  if (model.format === "integers") return integerRows(model.bytes, table, first, count);
  const onnx = importOnnx(model.bytes);
  const reading = readingFor(onnx, model.reading, table);
  return runRows(onnx, reading, table, first, count).map((outputs, i) => ({
    row: first + i,
    answer: model.reading === undefined ? null : answerOf(reading, outputs),
    outputs,
  }));
}

function integerRows(bytes: Uint8Array, table: Table, first: number, count: number): RowAnswer[] {
  const model = openIntegers(bytes);
  const from = Math.max(first, model.first(table));
  return Array.from({ length: Math.max(0, first + count - from) }, (_, i) => {
    const outputs = model.run(table, from + i);
    const answer = model.answer(outputs);
    const label = model.classes?.[answer];
    const output = outputs.length === 1 ? (outputs[0] as number) : Array.from(outputs);
    return { row: from + i, answer, outputs: { output, ...(label === undefined ? {} : { label }) } };
  });
}

/** Quantises a model on rows of a table. */
function quantize(given: Parameters<typeof quantiseModel>[0]): ReturnType<typeof quantiseModel> {
  return quantiseModel(given);
}

/** Runs on tensors; feeds without a name go to the inputs in order. */
function tensors(given: {
  readonly bytes: Uint8Array;
  readonly feeds: readonly { readonly name: string; readonly tensor: OnnxTensor }[];
}): NamedResult[] {
  const model = importOnnx(given.bytes);
  const names = new Set(model.inputs.map(({ name }) => name));
  const free = model.inputs.map(({ name }) => name).filter((name) => !given.feeds.some((feed) => feed.name === name));
  const feeds: Record<string, OnnxTensor> = {};
  for (const { name, tensor } of given.feeds) {
    const target = names.has(name) ? name : free.shift();
    if (target === undefined)
      throw new InvalidInputError(`There are more tensors than inputs: ${[...names].join(", ")}.`);
    feeds[target] = tensor;
  }
  return Object.entries(model.run(feeds)).map(([name, value]) => ({
    name,
    type: describeValue(value),
    value: valueAsJson(value),
  }));
}

/** Reasons of one answer in the order of columns. */
export interface Explained {
  readonly method: string;
  readonly output: number;
  readonly base: number;
  readonly values: readonly { readonly column: string; readonly value: number }[];
}

function explain(given: { readonly model: ModelBytes; readonly table: Table; readonly row: number }): Explained {
  const { model, table, row } = given;
  if (model.format === "bundle") {
    const loaded = loadModel(model.bytes);
    const days = loaded.recipe.window?.days ?? 1;
    if (row < days - 1)
      throw new InvalidInputError(`The model needs ${days} rows that end at row ${row}.`, { data: { field: "row" } });
    const part: Table = {
      rows: days,
      columns: table.columns.map((column) => ({ ...column, values: column.values.slice(row + 1 - days, row + 1) })),
    };
    const { output, base, contributions } = loaded.run(part);
    const method = loaded.recipe.model.kind === "trees" ? "trees" : "gradients";
    return { method, output, base, values: contributions.map(({ name, value }) => ({ column: name, value })) };
  }
  if (model.format === "integers") {
    const integers = openIntegers(model.bytes);
    return explainIntegers(integers, table, row, referenceRow(table, integers.columns ?? []));
  }
  const onnx = importOnnx(model.bytes);
  const reading = readingFor(onnx, model.reading, table);
  return explainRow(onnx, reading, table, row, referenceRow(table, columnsOf(reading)));
}

/** All tasks by name. */
export const tasks = { inspect, prepare, rows, tensors, explain, quantize };

export type Tasks = typeof tasks;
export type TaskName = keyof Tasks;
