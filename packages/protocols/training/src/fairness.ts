import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { columnOf, loadModel } from "@machines/engine";
import { readModel } from "@records/assets/execute.ts";
import { loadTable } from "@records/assets/load.ts";
import { type Fairness, groupMetrics, type Outcome } from "./groupMetrics.ts";
import { type SignedReport, signReport } from "./signReport.ts";

/** What is measured. */
export interface FairnessQuestion {
  readonly model: string;
  /** Table with the model's inputs, its target and the group. */
  readonly data: string;
  /** Column whose values are the groups; the model need not see it. */
  readonly group: string;
  /** Probability from which the answer counts as 1. */
  readonly threshold: number;
}

export interface FairnessInput extends FairnessQuestion {
  readonly as?: string | undefined;
}

/** A report, and where it is on record. */
export interface FairnessReport extends Fairness, SignedReport {
  readonly rows: number;
  /** Rows without a target or a group, left out. */
  readonly left: number;
}

/**
 * Measures what a model of a yes-or-no question does to each group of a table, and puts the report on record: a signed
 * statement that anybody with model and data computes again. Throws NotFoundError, TableError, InvalidInputError. SPEC T13.
 */
export async function fairness(context: Context, input: FairnessInput): Promise<FairnessReport> {
  const identity = context.identities.get(input.as);
  const { type, model, data, group, threshold, ...found } = await measureFairness(context, input);
  const signed = await signReport(context, identity, { type, model, data, group, threshold, ...found });
  return { ...found, ...signed };
}

/** The report without who signs it and when: the same model, table and question give the same. SPEC T13, T14. */
export async function measureFairness(
  context: Pick<Context, "store" | "chain" | "contracts" | "vault">,
  { model: id, data, group, threshold }: FairnessQuestion,
) {
  const { bytes, root } = await readModel(context, BigInt(id));
  const model = loadModel(bytes);
  if (model.recipe.task !== "binary")
    throw new InvalidInputError(`groups are compared by yes and no; asset ${id} answers ${model.recipe.task}`);
  const { asset, table } = await loadTable(context, data);
  const [targets, groups] = [columnOf(table, model.recipe.target), columnOf(table, group)];
  const outcomes: Outcome[] = [];
  let left = 0;
  for (const { row, output } of model.predict(table)) {
    const [target, member] = [targets.values[row], groups.values[row]];
    if (target == null || member == null) left++;
    else outcomes.push({ group: String(member), probability: output, target: Number(target) === 1 ? 1 : 0 });
  }
  return {
    type: "assay/fairness/2" as const,
    model: { asset: id, root },
    data: { asset: asset.id, root: asset.root },
    group,
    threshold,
    rows: outcomes.length,
    left,
    ...groupMetrics(outcomes, threshold),
  };
}
