import { InvalidInputError } from "@base/errors";
import { z } from "zod";
import { rootsSchema, samplesSchema } from "./rowSet.ts";

/** A SHA-256 hash as lower-case hex. */
export const hashSchema = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/, "a 32-byte hash in lower-case hex")
  .transform((text) => text as `0x${string}`);
/** An EVM address as lower-case hex: inside statements an address has one spelling. */
export const addressSchema = z
  .string()
  .regex(/^0x[0-9a-f]{40}$/, "a 20-byte address in lower-case hex")
  .transform((text) => text as `0x${string}`);
/** A whole number of the currency's smallest unit, as decimal text of at most 256 bits. */
export const amountSchema = z
  .string()
  .regex(/^(0|[1-9]\d{0,77})$/, "a whole number of smallest units, as decimal text");
/** An asset's token id, as decimal text. */
export const assetIdSchema = z.string().regex(/^[1-9]\d{0,77}$/, "an asset id: a whole number above 0");
/** A moment in UTC, e.g. 2026-01-31T12:00:00.000Z. */
export const momentSchema = z.iso.datetime();

/** One column of a table. */
export const columnSchema = z.strictObject({
  name: z.string().min(1).max(200),
  type: z.enum(["number", "string", "date", "boolean"]),
  /** Cells of the column that are empty; absent when none is. */
  missing: z.int().positive().optional(),
});

/** Chunks of a file; `root` is the RFC 6962 root over the chunks' bytes. */
export const manifestSchema = z.strictObject({
  size: z.int().nonnegative(),
  chunkSize: z.int().positive(),
  chunks: z.array(hashSchema).max(1_048_576),
  root: hashSchema,
});

/** An asset that another one was made from. */
export const parentSchema = z.strictObject({ asset: assetIdSchema, root: hashSchema, statement: hashSchema });

const terms = {
  name: z.string().min(1).max(200),
  licence: z.string().min(1).max(200),
  price: amountSchema,
  currency: addressSchema,
  royaltyBps: z.int().min(0).max(10_000),
  creator: addressSchema,
  createdAt: momentSchema,
};

/** How bytes lie in the store, and what else is on record about them. */
const stored = {
  manifest: manifestSchema,
  provenance: z.string().max(20_000),
  /** SHA-256 of the profile (machines/formats), a blob: what the bytes hold, without one of their rows. */
  profile: hashSchema.optional(),
  /** The stored chunks are sealed: `key` names the key in the publisher's keystore, `commitment` hides the plain root. */
  sealed: z.strictObject({ cipher: z.literal("aes-256-gcm"), key: hashSchema, commitment: hashSchema }).optional(),
  /** RFC 6962 root over the stored bytes in sectors, for proofs of possession. */
  sectors: z.strictObject({ size: z.literal(1024), root: hashSchema }).optional(),
};

const table = {
  mediaType: z.enum([
    "text/csv",
    "application/jsonl",
    "application/vnd.apache.parquet",
    "application/vnd.apache.arrow.file",
  ]),
  schema: z.array(columnSchema).min(1).max(4096),
  rows: z.int().positive(),
  ...stored,
  /** Roots over rows and columns, so that single ones can be proved; absent for very large tables. */
  roots: rootsSchema.optional(),
};

/** What a data owner says about a table. */
export const dataSchema = z.strictObject({ type: z.literal("assay/data/1"), ...terms, ...table });

/** What a data owner says about bytes that are no table: images, tensors, models, anything. */
export const fileSchema = z.strictObject({
  type: z.literal("assay/file/1"),
  ...terms,
  mediaType: z.string().regex(/^[a-z]+\/[a-z0-9.+-]{1,100}$/, "a media type"),
  ...stored,
});

/** What somebody says about a table that a named, repeatable transform made from other assets. */
export const derivedSchema = z.strictObject({
  type: z.literal("assay/derived/1"),
  ...terms,
  ...table,
  parents: z.array(parentSchema).min(1).max(16),
  transform: z.strictObject({ id: z.string().min(1).max(200), parameters: z.json() }),
});

/** Errors on the test samples beside those of the better plain rival, in units of the target; the engine adds more. */
const metricsSchema = z.looseObject({
  trainRows: z.int().nonnegative(),
  testRows: z.int().nonnegative(),
  rmse: z.number(),
  mae: z.number(),
  baselineRmse: z.number(),
  baselineMae: z.number(),
});

/** A training run: enough to repeat it and to name the first checkpoint that differs. */
export const runSchema = z.strictObject({
  type: z.literal("assay/run/1"),
  data: z.array(parentSchema).min(1).max(16),
  recipe: z.json(),
  /** The engine's commitment: roots of table, samples, recipe and graph, seeds, steps, optimiser, checkpoints, final root. */
  commitment: z.looseObject({
    table: hashSchema,
    recipe: hashSchema,
    graph: hashSchema,
    dataRoot: hashSchema,
    steps: z.int().positive(),
    initialRoot: hashSchema,
    checkpoints: z.array(z.strictObject({ step: z.int().nonnegative(), root: hashSchema })),
    finalRoot: hashSchema,
  }),
  model: hashSchema,
  /** Rows by part of the split: which trained, which tested. */
  samples: samplesSchema.optional(),
  metrics: metricsSchema,
  creator: addressSchema,
  createdAt: momentSchema,
});

/** What a modeller says about a model. `root` is the SHA-256 of the model's bundle. */
export const modelSchema = z.strictObject({
  type: z.literal("assay/model/1"),
  ...terms,
  mediaType: z.literal("application/vnd.assay.model"),
  root: hashSchema,
  size: z.int().positive(),
  run: hashSchema,
  parents: z.array(parentSchema).min(1).max(16),
  task: z.enum(["regression", "binary", "multiclass"]),
  inputs: z.array(z.string()).min(1),
  target: z.string(),
  metrics: metricsSchema,
  intendedUse: z.string().max(20_000),
});

/** A named operand or result of a program. */
const slotSchema = z.strictObject({
  name: z.string().max(1000),
  kind: z.enum(["tensor", "sequence", "optional", "map"]),
  dtype: z.string().max(20).optional(),
  shape: z
    .array(z.union([z.int(), z.string(), z.null()]))
    .max(64)
    .optional(),
});

/** How a row of a table becomes a program's operands, and which result is the answer. */
export const readingSchema = z.strictObject({
  inputs: z
    .array(z.strictObject({ input: z.string().max(1000), columns: z.array(z.string().min(1).max(200)).max(65_536) }))
    .min(1)
    .max(1024),
  output: z.string().max(1000),
  index: z.int().nonnegative(),
});

/**
 * What somebody says about a model that came as a file or was made from another model, and runs as a program: an ONNX
 * file, or an integer program. `root` is the SHA-256 of its bytes. Parents are claims of its publisher, but a
 * quantised program's first parent is the model it was made from.
 */
export const programSchema = z.strictObject({
  type: z.literal("assay/program/1"),
  ...terms,
  mediaType: z.enum(["application/onnx", "application/vnd.assay.integers"]),
  root: hashSchema,
  size: z.int().positive(),
  parents: z.array(parentSchema).max(16),
  origin: z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("import"),
      /** SHA-256 of the file as it was given; the rewrites made `root` from it. */
      source: hashSchema,
      rewrites: z.array(z.string().max(200)).max(16),
      producer: z.string().max(400),
      opsets: z.record(z.string().max(200), z.int()),
    }),
    z.strictObject({
      kind: z.literal("quantize"),
      /** Rows of the second parent, by position, that the ranges of the integers come from. */
      calibration: z.strictObject({ first: z.int().nonnegative(), count: z.int().positive() }),
      evaluation: z.strictObject({ first: z.int().nonnegative(), count: z.int().nonnegative() }),
      report: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
    }),
  ]),
  inputs: z.array(slotSchema).max(1024),
  outputs: z.array(slotSchema).max(1024),
  operators: z.record(z.string().max(200), z.int().positive()),
  parameters: z.int().nonnegative(),
  reading: readingSchema.optional(),
  intendedUse: z.string().max(20_000),
});

export type Column = z.output<typeof columnSchema>;
export type Parent = z.output<typeof parentSchema>;
export type DataStatement = z.output<typeof dataSchema>;
export type FileStatement = z.output<typeof fileSchema>;
export type DerivedStatement = z.output<typeof derivedSchema>;
export type RunStatement = z.output<typeof runSchema>;
export type ModelStatement = z.output<typeof modelSchema>;
export type ProgramStatement = z.output<typeof programSchema>;
/** A statement about a model of any kind. */
export type AnyModelStatement = ModelStatement | ProgramStatement;
/** A statement about a table's bytes. */
export type TableStatement = DataStatement | DerivedStatement;
/** A statement about bytes in chunks. */
export type StoredStatement = TableStatement | FileStatement;
/** A statement that an asset on chain commits to. */
export type AssetStatement = StoredStatement | AnyModelStatement;

/** Statement types that this room defines, by their name. */
export const statementSchemas = {
  "assay/data/1": dataSchema,
  "assay/file/1": fileSchema,
  "assay/derived/1": derivedSchema,
  "assay/run/1": runSchema,
  "assay/model/1": modelSchema,
  "assay/program/1": programSchema,
} as const;

/** Whether a statement is about a model, trained here or brought along. */
export function isModelStatement(statement: AssetStatement): statement is AnyModelStatement {
  return statement.type === "assay/model/1" || statement.type === "assay/program/1";
}

/** The `type` field of any statement, of this room or another; throws InvalidInputError when there is none. */
export function statementType(statement: unknown): string {
  const type = (statement as { type?: unknown } | null)?.type;
  if (typeof type === "string" && /^[a-z][a-z0-9-]*(\/[a-z0-9-]+)*\/\d+$/.test(type)) return type;
  throw new InvalidInputError("a statement needs a type such as assay/data/1", { data: { type: type ?? null } });
}

/** Checks a statement against its schema and returns it typed; throws InvalidInputError that names the field. */
export function parseStatement<T extends keyof typeof statementSchemas>(
  type: T,
  value: unknown,
): z.output<(typeof statementSchemas)[T]> {
  const found = statementType(value);
  if (found !== type)
    throw new InvalidInputError(`expected a statement ${type}, found ${found}`, { data: { type: found } });
  const result = statementSchemas[type].safeParse(value);
  if (result.success) return result.data as z.output<(typeof statementSchemas)[T]>;
  const issue = result.error.issues[0];
  const field = issue?.path.join(".") || "statement";
  throw new InvalidInputError(`${type}: ${field}: ${issue?.message ?? "does not fit"}`, { data: { type, field } });
}

/** Types of the statements that an asset commits to. */
export const assetTypes = [
  "assay/data/1",
  "assay/file/1",
  "assay/derived/1",
  "assay/model/1",
  "assay/program/1",
] as const;

/** Checks a statement that an asset commits to (data, file, derived, model or program); throws InvalidInputError. */
export function parseAssetStatement(value: unknown): AssetStatement {
  const type = assetTypes.find((known) => known === statementType(value));
  if (type !== undefined) return parseStatement(type, value);
  const found = statementType(value);
  throw new InvalidInputError(`an asset is data, derived or model, not ${found}`, { data: { type: found } });
}

/** Checks a statement about a table; throws InvalidInputError when the asset is something else, e.g. a model. */
export function parseTableStatement(value: unknown): TableStatement {
  const type = statementType(value);
  if (type === "assay/data/1" || type === "assay/derived/1") return parseStatement(type, value);
  throw new InvalidInputError(`a table is wanted here, not ${type}`, { data: { type } });
}
