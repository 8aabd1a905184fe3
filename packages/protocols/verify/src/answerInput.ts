import { InvalidInputError } from "@base/errors";
import type { Table } from "@machines/engine";
import { decodeBundle } from "@machines/engine/model/bundle.ts";
import { sampleOf } from "@machines/engine/model/model.ts";
import { importOnnx } from "@machines/engine/onnx/model.ts";
import { feedsOf } from "@machines/engine/onnx/rows.ts";
import type { AnyModelStatement } from "@records/assets/statements.ts";
import type { Given } from "./answerRun.ts";

/** A row as the model reads it. Throws InvalidInputError or TableError naming what does not fit. */
export function rowOf(
  { bytes, statement }: { readonly bytes: Uint8Array; readonly statement: AnyModelStatement },
  table: Table,
  row: number,
): Given[] {
  if (statement.type === "assay/model/1") {
    const values = sampleOf(decodeBundle(bytes), table, row);
    return [{ name: "x", shape: [1, values.length], values }];
  }
  if (statement.mediaType !== "application/onnx" || statement.reading === undefined)
    throw new InvalidInputError(`The model ${statement.name} does not say how a row becomes its input.`, {
      hints: ["Give it numbers with --input, or import it with --columns."],
    });
  if (row >= table.rows) throw new InvalidInputError(`Row ${row}: the table has the rows 0 to ${table.rows - 1}.`);
  const feeds = feedsOf(importOnnx(bytes), statement.reading, table, row, 1);
  return Object.entries(feeds).map(([name, { shape, data }]) => ({
    name,
    shape,
    values: Float32Array.from(data as Float32Array),
  }));
}

/** Numbers as JSON: nested lists by input name, or one list for the input `x`. Throws InvalidInputError. */
export function numbersOf(input: unknown): Given[] {
  const named = Array.isArray(input) ? { x: input } : input;
  if (typeof named !== "object" || named === null)
    throw new InvalidInputError('input: expected nested lists by input name, e.g. {"x": [[1, 2]]}');
  return Object.entries(named).map(([name, value]) => {
    const shape: number[] = [];
    for (let at: unknown = value; Array.isArray(at); at = at[0]) shape.push(at.length);
    const flat = (Array.isArray(value) ? value : [value]).flat(Number.POSITIVE_INFINITY) as unknown[];
    if (!flat.every((one) => typeof one === "number") || flat.length !== shape.reduce((product, n) => product * n, 1))
      throw new InvalidInputError(`input: "${name}" must be numbers in lists of equal lengths`);
    return { name, shape, values: Float32Array.from(flat) };
  });
}
