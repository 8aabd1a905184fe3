import { sha256Hex } from "@base/bytes/hash.ts";
import type { Context } from "@kernel/capability";
import type { Reading } from "@machines/engine/onnx/rows.ts";
import { requireAccess } from "@records/assets/access.ts";
import { currencyOf } from "@records/assets/currency.ts";
import { loadStatement, parentOf } from "@records/assets/load.ts";
import { existingAsset, type PublishedAsset, publishAsset } from "@records/assets/publishAsset.ts";
import { lower } from "@records/assets/sign.ts";
import type { ProgramStatement } from "@records/assets/statements.ts";
import { basename } from "node:path";
import { type ReportRows, reportRows } from "./inspect.ts";
import { inSandbox } from "./sandbox.ts";
import { readBytes } from "./source.ts";

export interface ImportInput {
  readonly file: string;
  readonly name?: string | undefined;
  readonly licence: string;
  /** Smallest units. */
  readonly price: bigint;
  readonly royaltyBps: number;
  /** Assets that the publisher says the model comes from. */
  readonly parents: readonly string[];
  readonly columns: readonly string[];
  readonly output?: string | undefined;
  readonly index?: number | undefined;
  readonly fold: boolean;
  readonly intendedUse?: string | undefined;
  readonly seconds: number;
  readonly as?: string | undefined;
}

/** A published ONNX model. */
export interface ImportedModel extends PublishedAsset {
  readonly name: string;
  /** SHA-256 of the file as it was given. */
  readonly source: `0x${string}`;
  readonly rewrites: readonly string[];
  readonly report: ReportRows;
  readonly reading: Reading | null;
}

/**
 * Publishes an ONNX file as a model asset: checked whole, run once on zeros, its bytes stored under their SHA-256, and a
 * signed statement on chain. Batch normalisation is folded into convolutions unless `fold` is off; the statement says
 * so and names the file's own hash. Throws the engine's errors, naming operator and node. SPEC M1-M4.
 */
export async function importModel(context: Context, input: ImportInput): Promise<ImportedModel> {
  const identity = context.identities.get(input.as);
  for (const id of input.parents) await requireAccess(context, identity, id);
  const given = await readBytes(input.file);
  context.progress({ label: "checking the model" });
  const { signal } = context;
  const { bytes, rewrites, report, reading } = await inSandbox(
    "prepare",
    { bytes: given, fold: input.fold, columns: input.columns, output: input.output, index: input.index },
    { signal, seconds: input.seconds },
  );
  const root = sha256Hex(bytes);
  const source = sha256Hex(given);
  const name = input.name ?? basename(input.file).replace(/\.onnx$/i, "");
  const found = { source, rewrites, report: reportRows(report), reading: reading ?? null };
  const existing = await existingAsset(context, identity, root);
  if (existing) {
    const { statement } = await loadStatement(context, existing.id);
    const own = statement.type === "assay/program/1" ? (statement.reading ?? null) : null;
    return { ...existing, ...found, name: statement.name, reading: own };
  }
  const parents = await Promise.all(
    input.parents.map(async (id) => parentOf((await loadStatement(context, id)).asset)),
  );
  context.progress({ label: "publishing" });
  await context.store.put(bytes);
  const statement: ProgramStatement = {
    type: "assay/program/1",
    name,
    licence: input.licence,
    price: input.price.toString(),
    currency: (await currencyOf(context)).address,
    royaltyBps: input.royaltyBps,
    creator: lower(identity.address),
    createdAt: new Date(context.clock()).toISOString(),
    mediaType: "application/onnx",
    root,
    size: bytes.length,
    parents,
    origin: {
      kind: "import",
      source,
      rewrites: [...rewrites],
      producer: report.producer,
      opsets: { ...report.opsets },
    },
    inputs: report.inputs.map((slot) => ({
      ...slot,
      ...(slot.shape === undefined ? {} : { shape: [...slot.shape] }),
    })) as ProgramStatement["inputs"],
    outputs: report.outputs.map((slot) => ({
      ...slot,
      ...(slot.shape === undefined ? {} : { shape: [...slot.shape] }),
    })) as ProgramStatement["outputs"],
    operators: { ...report.operators },
    parameters: report.parameters,
    ...(reading === undefined ? {} : { reading: stated(reading) }),
    intendedUse: input.intendedUse ?? "As its publisher says; nothing is known here of its errors.",
  };
  return { ...(await publishAsset(context, identity, statement)), ...found, name };
}

function stated(reading: Reading): NonNullable<ProgramStatement["reading"]> {
  return { ...reading, inputs: reading.inputs.map(({ input, columns }) => ({ input, columns: [...columns] })) };
}
