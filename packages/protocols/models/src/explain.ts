import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { inSandbox } from "./sandbox.ts";
import { type RowsInput, tableFor } from "@records/assets/rowSource.ts";
import { type ModelInput, openSource } from "./source.ts";

export interface ExplainInput extends ModelInput, RowsInput {
  /** Row to explain, 0-based; the last one unless said. */
  readonly row?: number | undefined;
  readonly seconds: number;
}

/** One column's part in an answer. */
export interface Reason {
  readonly column: string;
  /** Signed, in units of the answer. */
  readonly value: number;
  /** Part of all movement, 0 to 1. */
  readonly share: number;
}

export interface Explanation {
  readonly model: string;
  readonly method: string;
  readonly row: number;
  readonly output: number;
  /** The answer that the reasons start from; with them it adds up to the output. */
  readonly base: number;
  readonly reasons: Reason[];
}

const METHODS: Readonly<Record<string, string>> = {
  trees: "exact Shapley values of the trees",
  gradients: "integrated gradients in 64 steps",
  enumeration: "exact Shapley values over all coalitions of columns",
};

/**
 * Says what each column added to a model's answer for one row, strongest first: exact TreeSHAP for trees, integrated
 * gradients for networks, all coalitions for other models of at most 12 columns. For an imported model what is unknown
 * takes the value of the table's typical row. Throws InvalidInputError where nothing exact fits. SPEC M8.
 */
export async function explain(
  context: Pick<Context, "store" | "chain" | "contracts" | "signal">,
  input: ExplainInput,
): Promise<Explanation> {
  const { label, format, bytes, reading } = await openSource(context, input);
  const table = await tableFor(context, input);
  if (table === undefined || table.rows === 0)
    throw new InvalidInputError("say which rows: a data asset, --csv or --content");
  const row = input.row ?? table.rows - 1;
  if (row >= table.rows)
    throw new InvalidInputError(`row ${row}: the table has the rows 0 to ${table.rows - 1}`, {
      data: { field: "row" },
    });
  const { signal } = context;
  const found = await inSandbox(
    "explain",
    { model: { format, bytes, reading }, table, row },
    { signal, seconds: input.seconds },
  );
  const all = found.values.reduce((sum, { value }) => sum + Math.abs(value), 0);
  const reasons = found.values
    .map(({ column, value }) => ({ column, value, share: all > 0 ? Math.abs(value) / all : 0 }))
    .sort((a, b) => b.share - a.share);
  return {
    model: label,
    method: METHODS[found.method] ?? found.method,
    row,
    output: found.output,
    base: found.base,
    reasons,
  };
}
