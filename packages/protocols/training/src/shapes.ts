// Inputs and outputs of this room's actions.
import { amount, bps, day, file, hash, identity, int, uint } from "@kernel/capability/schemas.ts";
import type { Recipe, Report } from "@machines/engine";
import { z } from "zod";

export const assetId = z
  .union([z.string().regex(/^[1-9]\d{0,77}$/, "expected an asset's id, e.g. 3"), z.int().positive().transform(String)])
  .meta({ wire: { type: "string", pattern: "^[1-9]\\d*$" }, description: "Id of an asset." });
const data = z
  .array(assetId)
  .min(1)
  .max(16)
  .describe("Data assets; the rows of several with the same columns are joined in this order.");

const wishes = {
  window: z
    .int()
    .min(1)
    .max(3660)
    .optional()
    .describe("Days of history that one answer sees; one row alone unless said."),
  bins: z.int().min(1).max(3660).optional().describe("Parts that the window is cut into."),
  inputs: z.array(z.string()).min(1).optional().describe("Columns to learn from; all that serve unless said."),
  epochs: z.int().min(1).max(100_000).optional().describe("Passes over the training rows."),
  seed: z.int().min(0).optional().describe("Number that weights and batch order follow from."),
};
const recipe = z
  .custom<Recipe>((value) => typeof value === "object")
  .describe("The recipe, as `training.train` takes it.");

const terms = {
  licence: z
    .string()
    .min(1)
    .max(200)
    .default("LicenseRef-All-Rights-Reserved")
    .describe("SPDX identifier or name of the licence."),
  price: amount(18, "Price of access in whole units of the currency; 0 is free.").default(0n),
  royaltyBps: bps.default(0).describe("Share of every descendant's revenue, in basis points: 500 is 5 %."),
};

export const trainInput = z.object({
  data,
  target: z.string().min(1).optional().describe("Column to predict."),
  ...wishes,
  recipe: z.json().optional().describe("The whole recipe as JSON, instead of a suggested one."),
  recipeFile: file("File with the recipe as JSON.").optional(),
  name: z.string().min(1).max(200).optional(),
  ...terms,
  intendedUse: z.string().max(20_000).optional().describe("What the model is for, and what not."),
  fresh: z.boolean().default(false).describe("Start over, even where an interrupted training can go on."),
  threads: z
    .int()
    .min(1)
    .max(16)
    .optional()
    .describe("Threads for a network's steps; the bytes are the same with any."),
  salted: z.boolean().optional().describe("Hash the rows that trained with a secret that this node keeps."),
  buy: z.boolean().default(false).describe("Buy access to the data first where it is missing."),
  as: identity.optional(),
});

const errors = { rmse: z.number(), mae: z.number() };
const metrics = z.object({
  trainRows: z.int(),
  testRows: z.int(),
  ...errors,
  baselineRmse: z.number().describe("Error of the better of two plain rivals."),
  baselineMae: z.number(),
  baselines: z.object({ mean: z.object(errors), strongest: z.object({ input: z.string(), ...errors }) }),
  binary: z.object({ logLoss: z.number(), accuracy: z.number(), auc: z.number().nullable() }).optional(),
  report: z
    .custom<Report>()
    .optional()
    .describe("Scores, curves and tables of the test samples (recipes of version 2)."),
});

export const trainOutput = z.object({
  id: assetId,
  root: hash,
  statement: hash,
  run: hash,
  existing: z.boolean().describe("True when you had published this very model before."),
  tx: hash.nullable(),
  gasUsed: uint.nullable(),
  name: z.string(),
  recipe,
  metrics,
  parents: z.array(assetId),
  steps: z.int(),
  ms: z.int(),
});

export const imagesInput = z.object({
  path: file("Folder or ZIP with one folder of PNG images (8 bits a channel, all of one size) per class."),
  label: z.string().min(1).max(200).default("label").describe("Column that gets the folder's name."),
  name: z.string().min(1).max(200).optional(),
  ...terms,
  as: identity.optional(),
});
export const imagesOutput = z.object({
  id: assetId,
  root: hash,
  statement: hash,
  existing: z.boolean().describe("True when you had published these images before."),
  tx: hash.nullable(),
  gasUsed: uint.nullable(),
  name: z.string(),
  rows: z.int(),
  size: z.int(),
  shape: z.array(z.int()).describe("Channels, height, width: for the recipe's layout."),
});

export const schemaInput = z.object({});
export const schemaOutput = z.record(z.string(), z.unknown()).describe("JSON Schema, draft 2020-12.");

export const suggestInput = z.object({ data, target: z.string().min(1).describe("Column to predict."), ...wishes });
export const suggestOutput = z.object({ recipe, rows: z.int(), columns: z.array(z.string()) });

export const runInput = z.object({
  model: assetId,
  data: assetId.optional().describe("Data asset whose rows to look at."),
  file: file("CSV file with the rows.").optional(),
  content: z.string().max(8_000_000).optional().describe("The rows as CSV text."),
  from: day.optional().describe("First day."),
  to: day.optional().describe("Last day."),
  row: z.int().min(0).optional().describe("Last row instead of days; 0 is the first row."),
});

const contribution = z.object({
  name: z.string(),
  value: z.number(),
  column: z.string(),
  aggregate: z.string().optional(),
  bin: z.int().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  input: z.number().optional(),
  typical: z.number().optional(),
  cell: z.string().optional().describe("The word in the cell, where the column holds words."),
});
const answer = {
  model: assetId,
  target: z.string(),
  output: z.number(),
  outputWad: int.describe("What contracts get: 1000000000000000000 is one."),
  confidenceBps: bps,
  base: z.number().describe("Answer for the typical sample."),
  label: z.string().optional().describe("Several classes: the likeliest one."),
  probabilities: z
    .array(z.object({ label: z.string(), probability: z.number() }))
    .optional()
    .describe("Several classes: how likely each is."),
  from: z.string().nullable(),
  to: z.string().nullable(),
};
export const runOutput = z.object({
  ...answer,
  contributions: z.array(contribution).describe("What each input added; with the base they add up to the answer."),
});
export const explainOutput = z.object({
  ...answer,
  reasons: z.array(z.object({ name: z.string(), value: z.number(), share: z.number(), sentence: z.string() })),
  text: z.string().describe("The reasons in words."),
});
