// Inputs and outputs of this room's actions.
import { amount, bps, file, hash, identity, uint } from "@kernel/capability/schemas.ts";
import { z } from "zod";

const assetId = z
  .union([z.string().regex(/^[1-9]\d{0,77}$/, "expected an asset's id, e.g. 3"), z.int().positive().transform(String)])
  .meta({ wire: { type: "string", pattern: "^[1-9]\\d*$" }, description: "Id of an asset." });
const source = {
  model: assetId.optional().describe("Model asset."),
  file: file("ONNX file that is not published, instead of an asset.").optional(),
};
const rows = {
  data: assetId.optional().describe("Data asset with the rows."),
  csv: file("CSV file with the rows.").optional(),
  content: z.string().max(8_000_000).optional().describe("The rows as CSV text."),
};
const seconds = z.int().min(1).max(3600).default(120).describe("Most seconds that the model may take.");

/** A list that nobody changes. */
const list = <T extends z.ZodType>(entry: T) => z.array(entry).readonly();

const slot = z.object({
  name: z.string(),
  kind: z.string(),
  dtype: z.string().optional(),
  shape: list(z.union([z.number(), z.string(), z.null()])).optional(),
});
const step = z.object({
  node: z.string(),
  operator: z.string(),
  gives: z.string().describe("Results with type and extents."),
  multiplyAdds: z.number(),
});
const report = {
  producer: z.string(),
  opsets: z.record(z.string(), z.int()),
  nodes: z.int(),
  operators: list(z.object({ operator: z.string(), count: z.int() })).describe("Operators of the main graph."),
  parameters: z.int().describe("Numbers in the file."),
  multiplyAdds: z.number().nullable().describe("Multiply-adds of one run with open dimensions at 1."),
  extents: z.record(z.string(), z.number()),
  inputs: list(slot),
  outputs: list(slot),
  refused: list(z.object({ node: z.string(), operator: z.string(), domain: z.string(), why: z.string() })).describe(
    "Nodes that are not supported.",
  ),
  problem: z.string().nullable().describe("Why there was no trial run."),
  steps: list(step),
};
const reading = z.object({
  inputs: list(z.object({ input: z.string(), columns: list(z.string()) })),
  output: z.string(),
  index: z.int(),
});
const published = {
  id: assetId,
  root: hash,
  statement: hash,
  existing: z.boolean().describe("True when you had published this very model before."),
  tx: hash.nullable(),
  gasUsed: uint.nullable(),
  name: z.string(),
};
const terms = {
  name: z.string().min(1).max(200).optional(),
  licence: z
    .string()
    .min(1)
    .max(200)
    .default("LicenseRef-All-Rights-Reserved")
    .describe("SPDX identifier or name of the licence."),
  price: amount(18, "Price of access in whole units of the currency; 0 is free.").default(0n),
  royaltyBps: bps.default(0).describe("Share of every descendant's revenue, in basis points: 500 is 5 %."),
  intendedUse: z.string().max(20_000).optional().describe("What the model is for, and what not."),
  as: identity.optional(),
};

export const importInput = z.object({
  file: file("ONNX file."),
  ...terms,
  parents: z.array(assetId).max(16).default([]).describe("Assets that it was trained on or made from."),
  columns: z.array(z.string().min(1)).default([]).describe("Columns of a table that fill its inputs, in order."),
  output: z.string().optional().describe("Output that holds the answer; the last one unless said."),
  index: z.int().min(0).optional().describe("Element of that output which is the answer; the first unless said."),
  fold: z.boolean().default(true).describe("Fold batch normalisation into convolutions: faster, other last bits."),
  seconds,
});
export const importOutput = z.object({
  ...published,
  source: hash.describe("SHA-256 of the file as it was given."),
  rewrites: list(z.string()),
  reading: reading.nullable().describe("How a row of a table becomes an answer."),
  report: z.object(report),
});

export const inspectInput = z.object({
  ...source,
  extents: z.json().optional().describe('Extents for open dimensions, e.g. {"batch": 4}.'),
  seconds,
});
export const inspectOutput = z.object({ model: z.string(), format: z.string(), size: z.int(), ...report });

export const runInput = z.object({
  ...source,
  ...rows,
  row: z.int().min(0).optional().describe("First row, 0 is the first; the last one unless said."),
  rows: z.int().min(1).max(10_000).optional().describe("How many rows; 1 unless said."),
  tensors: z.array(file()).default([]).describe("Tensor files (.npy or .pb), by input name or in order."),
  input: z.json().optional().describe('Tensors as JSON, e.g. {"x": [[1, 2]]} or {"ids": {"int64": [1, 2]}}.'),
  seconds,
});
export const runOutput = z.object({
  model: z.string(),
  rows: list(z.object({ row: z.int(), answer: z.number().nullable(), outputs: z.record(z.string(), z.unknown()) })),
  outputs: list(z.object({ name: z.string(), type: z.string(), value: z.unknown() })),
  ms: z.int(),
});

export const exportInput = z.object({ ...source, out: file("Where to write the ONNX file.").optional() });
export const exportOutput = z.object({
  model: z.string(),
  size: z.int(),
  root: hash,
  out: z.string().nullable(),
  base64: z.string().nullable().describe("The file, when it was not written."),
  features: list(z.string()).describe("What the numbers of input x mean, in order."),
});

export const explainInput = z.object({
  ...source,
  ...rows,
  row: z.int().min(0).optional().describe("Row to explain, 0 is the first; the last one unless said."),
  seconds,
});
export const explainOutput = z.object({
  model: z.string(),
  method: z.string(),
  row: z.int(),
  output: z.number(),
  base: z.number(),
  reasons: list(z.object({ column: z.string(), value: z.number(), share: z.number() })),
});

export const quantizeInput = z.object({
  model: assetId.describe("Model asset to make small."),
  data: assetId.describe("Data asset whose rows give the ranges, and the comparison."),
  calibrate: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.5)
    .describe("Share of the rows, from the first, that the ranges come from."),
  target: z.string().min(1).optional().describe("Column with the truth; a trained model knows it."),
  ...terms,
  seconds,
});
const part = z.number().nullable();
export const quantizeOutput = z.object({
  ...published,
  calibration: z.object({ first: z.int(), count: z.int() }),
  evaluation: z.object({ first: z.int(), count: z.int() }),
  samples: z.int().describe("Rows on which floats and integers were compared."),
  rmsDifference: z.number(),
  worstDifference: z.number(),
  agreement: part.describe("Share of rows on which both say the same."),
  rmseBefore: part.describe("Error against the target, in floats."),
  rmseAfter: part.describe("Error against the target, in integers."),
  accuracyBefore: part,
  accuracyAfter: part,
  bytesBefore: z.int(),
  bytesAfter: z.int(),
});
