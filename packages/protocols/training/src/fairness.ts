import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { columnOf, loadModel } from "@machines/engine";
import { readModel } from "@records/assets/execute.ts";
import { loadTable } from "@records/assets/load.ts";
import { lower, scopeOf, signStatement } from "@records/assets/sign.ts";
import { rememberSignature } from "@records/assets/signatures.ts";
import { type Fairness, groupMetrics, type Outcome } from "./groupMetrics.ts";

export interface FairnessInput {
  readonly model: string;
  /** Table with the model's inputs, its target and the group. */
  readonly data: string;
  /** Column whose values are the groups; the model need not see it. */
  readonly group: string;
  /** Probability from which the answer counts as 1. */
  readonly threshold: number;
  readonly as?: string | undefined;
}

/** A report, its statement's hash in the store, and who signed it. */
export interface FairnessReport extends Fairness {
  readonly statement: `0x${string}`;
  readonly signer: string;
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
  const { bytes, root } = await readModel(context, BigInt(input.model));
  const model = loadModel(bytes);
  if (model.recipe.task !== "binary")
    throw new InvalidInputError(`groups are compared by yes and no; asset ${input.model} answers ${model.recipe.task}`);
  const { asset, table } = await loadTable(context, input.data);
  const [targets, groups] = [columnOf(table, model.recipe.target), columnOf(table, input.group)];
  const outcomes: Outcome[] = [];
  let left = 0;
  for (const { row, output } of model.predict(table)) {
    const [target, group] = [targets.values[row], groups.values[row]];
    if (target == null || group == null) left++;
    else outcomes.push({ group: String(group), probability: output, target: Number(target) === 1 ? 1 : 0 });
  }
  const found = groupMetrics(outcomes, input.threshold);
  const statement = {
    type: "assay/fairness/1",
    model: { asset: input.model, root },
    data: { asset: asset.id, root: asset.root },
    group: input.group,
    threshold: input.threshold,
    rows: outcomes.length,
    left,
    ...found,
    creator: lower(identity.address),
    createdAt: new Date(context.clock()).toISOString(),
  };
  const signed = await signStatement(identity.account, scopeOf(context), statement);
  await context.store.putJson(statement);
  await rememberSignature(context, signed);
  return { ...found, rows: outcomes.length, left, statement: signed.hash, signer: signed.signer };
}
