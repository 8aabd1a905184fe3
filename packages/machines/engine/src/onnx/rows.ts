import { InvalidInputError } from "@base/errors";
import type { Column, Table } from "../table/table.ts";
import type { Dtype } from "./dtype.ts";
import { infoOf, isLong } from "./dtype.ts";
import { OnnxModelError } from "./errors.ts";
import type { OnnxModel, OnnxSlot } from "./model.ts";
import type { RunOptions } from "./run.ts";
import { countOf, isMap, isTensor, type OnnxTensor, type OnnxValue, zeros } from "./tensor.ts";

/** How a row of a table becomes the operands of a model, and which of its results is the answer. */
export interface Reading {
  /** For each input, the columns that fill it in order: as many as one sample has elements. */
  readonly inputs: readonly { readonly input: string; readonly columns: readonly string[] }[];
  /** The output that holds the answer, and the element of a sample's part of it. */
  readonly output: string;
  readonly index: number;
}

/** What an output says of one sample: a number, a word, a list of them, or a map from class to score. */
export type RowValue = number | string | boolean | null | readonly RowValue[] | { readonly [name: string]: RowValue };

/** Elements that one sample of an input has, when the file says so; the first axis counts samples. */
export function sampleSize(slot: OnnxSlot): number | undefined {
  const [, ...rest] = slot.shape ?? [];
  if (slot.kind !== "tensor" || slot.shape === undefined || slot.shape.length === 0) return undefined;
  return rest.every((extent) => typeof extent === "number") ? countOf(rest as number[]) : undefined;
}

/**
 * A reading for a model: one input takes all `columns`; several inputs take the columns of their own names, or the
 * given ones in order. Throws InvalidInputError that says how many columns are wanted.
 */
export function readingOf(model: OnnxModel, columns: readonly string[], output?: string, index?: number): Reading {
  const slots = model.inputs;
  const sizes = slots.map((slot) => {
    const size = sampleSize(slot) ?? (slots.length === 1 ? columns.length : 1);
    if (slot.kind !== "tensor")
      throw new InvalidInputError(`Input "${slot.name}" is a ${slot.kind}: no row of a table fills it.`);
    return size;
  });
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const named =
    slots.length > 1 &&
    slots.every(({ name }, i) => sizes[i] === 1 && (columns.length === 0 || columns.includes(name)));
  if (!named && columns.length !== total) {
    const wants = slots.map(({ name }, i) => `${sizes[i]} for "${name}"`).join(", ");
    throw new InvalidInputError(
      `The model takes ${total} numbers a row (${wants}), but ${columns.length} columns are named.`,
      columns.some((name) => name.includes(",")) ? { hints: ["Name every column by itself, not with commas."] } : {},
    );
  }
  let at = 0;
  const inputs = slots.map(({ name }, i) => {
    at += sizes[i] as number;
    return { input: name, columns: named ? [name] : columns.slice(at - (sizes[i] as number), at) };
  });
  const outputs = model.outputs.map(({ name }) => name);
  const chosen = output ?? outputs.at(-1) ?? "";
  if (!outputs.includes(chosen))
    throw new InvalidInputError(
      `The model has no output "${chosen}", but ${outputs.map((name) => `"${name}"`).join(", ")}.`,
    );
  return { inputs, output: chosen, index: index ?? 0 };
}

function cell(column: Column, row: number, dtype: Dtype): number | bigint | string {
  const value = column.values[row] ?? null;
  const { kind } = infoOf(dtype);
  const wrong = (): InvalidInputError =>
    new InvalidInputError(`Row ${row}, column "${column.name}": ${JSON.stringify(value)} is no ${dtype}.`, {
      data: { row, column: column.name },
    });
  if (dtype === "string") {
    if (value === null) return "";
    return String(value);
  }
  if (value === null) {
    if (kind !== "float") throw wrong();
    return Number.NaN;
  }
  const number = typeof value === "boolean" ? Number(value) : value;
  if (typeof number !== "number") throw wrong();
  if (kind === "float") return number;
  if (!Number.isInteger(number)) throw wrong();
  return isLong(dtype) ? BigInt(number) : number;
}

function columnNamed(table: Table, name: string): Column {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column === undefined)
    throw new InvalidInputError(`The table has no column "${name}".`, {
      hints: [`It has ${table.columns.map((one) => one.name).join(", ")}.`],
      data: { column: name },
    });
  return column;
}

/** Operands for the rows [first, first + count) of a table. Throws InvalidInputError naming row and column. */
export function feedsOf(
  model: OnnxModel,
  reading: Reading,
  table: Table,
  first: number,
  count: number,
): Record<string, OnnxTensor> {
  const feeds: Record<string, OnnxTensor> = {};
  for (const { input, columns } of reading.inputs) {
    const slot = model.inputs.find(({ name }) => name === input);
    if (slot === undefined) throw new InvalidInputError(`The model has no input "${input}".`);
    const dtype = slot.dtype as Dtype;
    const rest = (slot.shape ?? [null, null]).slice(1);
    const open = rest.findIndex((extent) => typeof extent !== "number");
    const fixed = rest.reduce((product: number, extent) => product * (typeof extent === "number" ? extent : 1), 1);
    const shape = [
      count,
      ...rest.map((extent, axis) => (typeof extent === "number" ? extent : axis === open ? columns.length / fixed : 1)),
    ];
    if (slot.shape?.length === 1 && columns.length === 1) shape.splice(0, shape.length, count);
    if (countOf(shape) !== count * columns.length)
      throw new InvalidInputError(
        `${columns.length} columns do not fill "${input}", which is [${slot.shape?.join(", ") ?? "?"}].`,
      );
    const tensor = zeros(dtype, shape);
    columns.forEach((name, j) => {
      const column = columnNamed(table, name);
      for (let row = 0; row < count; row++)
        tensor.data[row * columns.length + j] = cell(column, first + row, dtype) as number;
    });
    feeds[input] = tensor;
  }
  return feeds;
}

/** One element for people and JSON; whole numbers beyond 2^53 become text. */
function plain(value: number | bigint | string, dtype: Dtype): RowValue {
  if (typeof value === "bigint") return value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : value.toString();
  if (typeof value === "string") return value;
  if (dtype === "bool") return value !== 0;
  return Number.isFinite(value) ? value : null;
}

/** A whole value as JSON: nested lists by the tensor's axes, maps as objects; NaN and infinities become null. */
export function valueAsJson(value: OnnxValue): RowValue {
  if (value === null) return null;
  if (isMap(value))
    return Object.fromEntries(
      Array.from(value.keys.data as string[], (key, i) => [
        String(key),
        plain(value.values.data[i] as number, value.values.dtype),
      ]),
    );
  if (!isTensor(value)) return value.map(valueAsJson);
  const { data, dtype, shape } = value;
  const nest = (axis: number, at: number): RowValue => {
    if (axis === shape.length) return plain(data[at] as number, dtype);
    const inner = countOf(shape.slice(axis + 1));
    return Array.from({ length: shape[axis] as number }, (_, i) => nest(axis + 1, at + i * inner));
  };
  return nest(0, 0);
}

/** The part of an output that belongs to sample `row` of `count`. */
function partOf(value: OnnxValue, row: number, count: number): RowValue {
  if (isTensor(value)) {
    if (value.shape[0] !== count) return count === 1 ? valueAsJson(value) : null;
    const per = value.data.length / Math.max(1, count);
    const inner = valueAsJson({
      dtype: value.dtype,
      shape: value.shape.slice(1),
      data: value.data.slice(row * per, (row + 1) * per),
    });
    return Array.isArray(inner) && inner.length === 1 ? (inner[0] as RowValue) : inner;
  }
  if (Array.isArray(value) && value.length === count) return valueAsJson(value[row] as OnnxValue);
  return count === 1 ? valueAsJson(value) : null;
}

/** Rows that one run takes together: the first axis is open, or as the file fixes it. */
function batchOf(model: OnnxModel, reading: Reading): number {
  const first = reading.inputs.map(({ input }) => model.inputs.find(({ name }) => name === input)?.shape?.[0]);
  return first.every((extent) => typeof extent !== "number")
    ? 256
    : Math.max(1, ...first.filter((n) => typeof n === "number"));
}

/** Every output for the rows [first, first + count) of a table. Throws OnnxError and InvalidInputError. */
export function runRows(
  model: OnnxModel,
  reading: Reading,
  table: Table,
  first = 0,
  count = table.rows - first,
  options: RunOptions = {},
): Record<string, RowValue>[] {
  const most = batchOf(model, reading);
  const rows: Record<string, RowValue>[] = [];
  for (let at = first; at < first + count; at += most) {
    const left = Math.min(most, first + count - at);
    if (left < most && typeof model.inputs[0]?.shape?.[0] === "number" && most > 1)
      throw new InvalidInputError(`The model takes exactly ${most} rows at a time, and ${left} are left.`);
    const outputs = model.run(feedsOf(model, reading, table, at, left), options);
    for (let row = 0; row < left; row++)
      rows.push(Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, partOf(value, row, left)])));
  }
  return rows;
}

/** The number that is the answer of one row. Throws OnnxModelError when the reading names none. */
export function answerOf(reading: Reading, row: Readonly<Record<string, RowValue>>): number {
  const value = row[reading.output];
  const flat = flatten(value ?? null);
  const answer = flat[reading.index];
  if (typeof answer !== "number")
    throw new OnnxModelError(
      `Output "${reading.output}" has no number at place ${reading.index}, but ${JSON.stringify(answer ?? null)}.`,
    );
  return answer;
}

function flatten(value: RowValue): RowValue[] {
  if (Array.isArray(value)) return value.flatMap(flatten);
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(flatten);
  return [value];
}

/** How far the shares of classes may be from 1 in all: they are rounded. */
const WHOLE = 1e-3;

/**
 * Share of the likeliest class in 1/10000, rounded down, where an output tells shares of classes: two numbers or more in
 * [0, 1] that make up 1. The output that holds the answer is asked first, then the others in order; 0 where none does.
 */
export function confidenceOf(reading: Reading, row: Readonly<Record<string, RowValue>>): number {
  const others = Object.keys(row).filter((name) => name !== reading.output);
  for (const name of [reading.output, ...others]) {
    const shares = flatten(row[name] ?? null);
    if (shares.length < 2 || !shares.every((p) => typeof p === "number" && p >= 0 && p <= 1)) continue;
    let sum = 0;
    for (const share of shares) sum += share as number;
    if (Math.abs(sum - 1) <= WHOLE) return Math.floor(Math.max(...(shares as number[])) * 10_000);
  }
  return 0;
}
