import { sha256Hex } from "@base/bytes/hash.ts";
import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { QuantiseReport, Rows } from "@machines/engine/model/integers.ts";
import { requireAccess } from "@records/assets/access.ts";
import { currencyOf } from "@records/assets/currency.ts";
import { loadStatement, loadTable, parentOf } from "@records/assets/load.ts";
import { existingAsset, type PublishedAsset, publishAsset } from "@records/assets/publishAsset.ts";
import { lower } from "@records/assets/sign.ts";
import type { ProgramStatement } from "@records/assets/statements.ts";
import { decodeIntegers } from "@machines/engine/i8s/program/program.ts";
import { inSandbox } from "./sandbox.ts";
import { type ModelSource, modelAsset } from "./source.ts";

export interface QuantizeInput {
  readonly model: string;
  readonly data: string;
  /** Share of the rows, from the first, that the ranges come from. */
  readonly calibrate: number;
  readonly target?: string | undefined;
  readonly name?: string | undefined;
  readonly licence: string;
  /** Smallest units. */
  readonly price: bigint;
  readonly royaltyBps: number;
  readonly intendedUse?: string | undefined;
  readonly seconds: number;
  readonly as?: string | undefined;
}

/** A published integer program, and what it lost. */
export interface QuantizedModel extends PublishedAsset, QuantiseReport {
  readonly name: string;
  readonly calibration: Rows;
  readonly evaluation: Rows;
}

/**
 * Makes an integer program (contract I8S) of a network asset and publishes it, with model and data as its parents. Ranges
 * come from the first rows of the data, the report compares floats and integers on the rest. The same model, data and
 * share give the same bytes, which anybody repeats with `assay verify`. Throws NoAccessError, InvalidInputError and
 * UnsupportedOperatorError, naming operator and node. SPEC M9.
 */
export async function quantize(context: Context, input: QuantizeInput): Promise<QuantizedModel> {
  const identity = context.identities.get(input.as);
  for (const id of [input.model, input.data]) await requireAccess(context, identity, id);
  const source = await modelAsset(context, input.model);
  const { asset: data, table } = await loadTable(context, input.data);
  const count = Math.floor(table.rows * input.calibrate);
  if (count < 1 || count >= table.rows)
    throw new InvalidInputError(`${table.rows} rows are too few to keep some for the comparison`, {
      data: { field: "calibrate" },
    });
  const calibration = { first: 0, count };
  const evaluation = { first: count, count: table.rows - count };
  context.progress({ label: "quantising" });
  const { bytes, report } = await inSandbox(
    "quantize",
    { ...modelOf(source), table, calibration, evaluation, target: input.target },
    { signal: context.signal, seconds: input.seconds },
  );
  const root = sha256Hex(bytes);
  const found = { ...report, calibration, evaluation };
  const name = input.name ?? `${source.statement.name} in integers`;
  const existing = await existingAsset(context, identity, root);
  if (existing) return { ...existing, ...found, name: (await loadStatement(context, existing.id)).statement.name };
  await context.store.put(bytes);
  const { program, tensors } = decodeIntegers(bytes);
  const operators: Record<string, number> = {};
  for (const { op } of program.steps) operators[op] = (operators[op] ?? 0) + 1;
  let parameters = 0;
  for (const { values } of tensors.values()) parameters += values.length;
  const slot = (slotName: string, shape: readonly number[]) => ({
    name: slotName,
    kind: "tensor" as const,
    dtype: "float32",
    shape: [...shape],
  });
  const statement: ProgramStatement = {
    type: "assay/program/1",
    name,
    licence: input.licence,
    price: input.price.toString(),
    currency: (await currencyOf(context)).address,
    royaltyBps: input.royaltyBps,
    creator: lower(identity.address),
    createdAt: new Date(context.clock()).toISOString(),
    mediaType: "application/vnd.assay.integers",
    root,
    size: bytes.length,
    parents: [parentOf(source.asset), parentOf(data)],
    origin: { kind: "quantize", calibration, evaluation, report: { ...report, target: input.target ?? null } },
    inputs: [slot(program.input.name, program.input.shape)],
    outputs: [slot(program.output.value, program.output.shape)],
    operators,
    parameters,
    intendedUse: input.intendedUse ?? source.statement.intendedUse,
  };
  return { ...(await publishAsset(context, identity, statement)), ...found, name };
}

/** What the quantiser takes of a model; throws InvalidInputError for what is integers already. */
export function modelOf({
  format,
  bytes,
  reading,
}: ModelSource): Pick<ModelSource, "bytes" | "reading"> & { readonly format: "bundle" | "onnx" } {
  if (format === "integers") throw new InvalidInputError("the model is an integer program already");
  return { format, bytes, reading };
}
