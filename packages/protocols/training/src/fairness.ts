import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { columnOf, loadModel, rowsByPart, sampleRows, type Table, validateRecipe } from "@machines/engine";
import { readModel } from "@records/assets/execute.ts";
import { loadTable, type OnChainAsset } from "@records/assets/load.ts";
import { type AnyModelStatement, parseStatement } from "@records/assets/statements.ts";
import { fairnessText } from "./fairnessText.ts";
import { type Fairness, groupMetrics, type Outcome } from "./groupMetrics.ts";
import { type SignedReport, signReport } from "./signReport.ts";

/** `all`, or rows that the training used in one way. */
export type Part = "all" | "train" | "valid" | "test";

/** What is measured. */
export interface FairnessQuestion {
  readonly model: string;
  /** Table with the model's inputs, its target and the group. */
  readonly data: string;
  /** Column whose values are the groups; the model need not see it. */
  readonly group: string;
  /** Probability from which the answer counts as 1. */
  readonly threshold: number;
  /** Rows of that part of the training's split alone; all rows of the table unless said. */
  readonly part: Part;
}

export interface FairnessInput extends FairnessQuestion {
  readonly as?: string | undefined;
}

/** A report, and where it is on record. */
export interface FairnessReport extends Fairness, SignedReport {
  readonly rows: number;
  /** Rows without a target or a group, left out. */
  readonly left: number;
  /** Of `rows`, those that trained the model; null where that is not known. */
  readonly trained: number | null;
  readonly text: string;
}

/**
 * Measures what a model of a yes-or-no question does to each group of a table, and puts the report on record: a signed
 * statement that anybody with model and data computes again. Throws NotFoundError, TableError, InvalidInputError. SPEC T13.
 */
export async function fairness(context: Context, input: FairnessInput): Promise<FairnessReport> {
  const identity = context.identities.get(input.as);
  const { type, model, data, group, threshold, part, ...found } = await measureFairness(context, input);
  const signed = await signReport(context, identity, { type, model, data, group, threshold, part, ...found });
  return { ...found, ...signed, text: fairnessText(input, found, signed.id) };
}

/** The report without who signs it and when: the same model, table and question give the same. SPEC T13, T14. */
export async function measureFairness(
  context: Pick<Context, "store" | "chain" | "contracts" | "vault">,
  { model: id, data, group, threshold, part }: FairnessQuestion,
) {
  const { bytes, root, statement } = await readModel(context, BigInt(id));
  const model = loadModel(bytes);
  if (model.recipe.task !== "binary")
    throw new InvalidInputError(`groups are compared by yes and no; asset ${id} answers ${model.recipe.task}`);
  const { asset, table } = await loadTable(context, data);
  const [targets, groups] = [columnOf(table, model.recipe.target), columnOf(table, group)];
  const use = await useOf(context, statement, asset, table);
  if (part !== "all" && use === null)
    throw new InvalidInputError(
      `asset ${data} is not the table that asset ${id} was trained on: it has no part ${part}`,
    );
  const outcomes: Outcome[] = [];
  let [left, trained] = [0, 0];
  for (const { row, output } of model.predict(table)) {
    if (part !== "all" && use?.(row, part) !== true) continue;
    const [target, member] = [targets.values[row], groups.values[row]];
    if (target == null || member == null) {
      left++;
      continue;
    }
    outcomes.push({ group: String(member), probability: output, target: Number(target) === 1 ? 1 : 0 });
    if (use?.(row, "train") === true) trained++;
  }
  return {
    type: "assay/fairness/2" as const,
    model: { asset: id, root },
    data: { asset: asset.id, root: asset.root },
    group,
    threshold,
    part,
    rows: outcomes.length,
    left,
    trained: use === null ? null : trained,
    ...groupMetrics(outcomes, threshold),
  };
}

/** How the training used the sample that ends at a row: true where all its rows were of that part; null for another table. */
async function useOf(
  context: Pick<Context, "store">,
  statement: AnyModelStatement,
  asset: Pick<OnChainAsset, "id" | "root">,
  table: Table,
): Promise<((row: number, part: string) => boolean) | null> {
  if (statement.type !== "assay/model/1") return null;
  const run = parseStatement("assay/run/1", await context.store.getJson(statement.run));
  const [only, ...others] = run.data;
  if (others.length > 0 || only?.asset !== asset.id || only.root !== asset.root) return null;
  const recipe = validateRecipe(run.recipe);
  const parts = new Map(Object.entries(rowsByPart(table, recipe)).map(([part, rows]) => [part, new Set(rows)]));
  const length = sampleRows(recipe);
  return (row, part) => {
    const rows = parts.get(part);
    return rows !== undefined && Array.from({ length }, (_, back) => row - back).every((one) => rows.has(one));
  };
}
