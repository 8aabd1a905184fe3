// Inputs and outputs of the reports on a model: what it does to groups, and which rows an answer comes from.
import { day, file, hash, identity } from "@kernel/capability/schemas.ts";
import { z } from "zod";
import { assetId } from "./shapes.ts";

const rate = z.number().nullable();
const signed = {
  statement: hash.describe("The signed report in the store."),
  id: z.string().describe("Its name in the lineage, behind `fairness:` or `influence:`."),
  signer: z.string(),
};

export const fairnessInput = z.object({
  model: assetId,
  data: assetId.describe("Table with the model's inputs, its target and the group."),
  group: z.string().min(1).describe("Column whose values are the groups."),
  threshold: z.number().min(0).max(1).default(0.5).describe("Probability from which the answer counts as yes."),
  part: z
    .enum(["all", "train", "valid", "test"])
    .default("all")
    .describe("Only the rows that the training used so; test rows are those that the model has not seen."),
  as: identity.optional(),
});

/** What a fairness report measures. */
export const fairnessFigures = {
  rows: z.int(),
  left: z.int().describe("Rows without target or group."),
  trained: z.int().nullable().describe("Of the rows, those that trained the model; null where that is not known."),
  groups: z.array(
    z.object({
      group: z.string(),
      rows: z.int(),
      selected: z.int(),
      selectionRate: z.number(),
      truePositiveRate: rate,
      falsePositiveRate: rate,
      precision: rate,
      accuracy: z.number(),
      said: z.number().describe("Mean probability that was said."),
      seen: z.number().describe("Share that turned out yes."),
    }),
  ),
  disparateImpact: rate.describe("Lowest selection rate over the highest."),
  fourFifths: z.boolean().nullable().describe("Whether that is 0.8 or more."),
  demographicParityDifference: z.number(),
  truePositiveDifference: rate,
  falsePositiveDifference: rate,
  equalisedOddsDifference: rate,
  calibrationGap: z.number(),
  calibration: z
    .array(
      z.object({
        group: z.string(),
        bins: z.array(z.object({ from: z.number(), rows: z.int(), said: z.number(), seen: z.number() })),
        expectedError: z.number(),
        largestError: z.number(),
      }),
    )
    .describe("By group and tenth of the probability: what was said and what was seen."),
};
export const fairnessOutput = z.object({ ...signed, ...fairnessFigures, text: z.string() });

export const influenceInput = z.object({
  model: assetId,
  data: assetId.optional().describe("Data asset with the row in question."),
  file: file("CSV file with the row in question.").optional(),
  content: z.string().max(8_000_000).optional().describe("The row in question as CSV text."),
  from: day.optional().describe("First day."),
  to: day.optional().describe("Last day."),
  row: z.int().min(0).optional().describe("Last row instead of days; 0 is the first row."),
  top: z.int().min(1).max(100).default(10).describe("Training rows to name on each side."),
  threshold: z.number().min(0).max(1).default(0.5).describe("Probability from which the answer counts as yes."),
  as: identity.optional(),
});

const leaf = z.object({ hash, count: z.int(), index: z.int(), path: z.array(hash).readonly() });
const named = z.object({
  row: z.int().describe("Position in the training data as joined; the first is 0."),
  asset: assetId,
  at: z.int().describe("Position in that asset's table."),
  first: z.int().optional().describe("First row of the sample, where it spans several."),
  value: z.number().describe("What the row added to the score."),
  share: z.number().describe("Part of what all rows moved, 0 to 1."),
  hash: hash.nullable(),
});
export const influenceFigures = {
  method: z.enum(["leaf-removal", "last-layer-influence-function"]),
  unit: z.enum(["log-odds", "score of the class", "target"]),
  output: z.number(),
  label: z.string().optional(),
  answer: z.string().describe("What was decided."),
  score: z.number().describe("The answer before its link: what the values add up in."),
  samples: z.int().describe("Training samples that were weighed."),
  for: z.array(named).describe("Rows that moved the answer to where it is, the strongest first."),
  against: z.array(named).describe("Rows that pulled it the other way."),
};
export const influenceOutput = z.object({
  ...signed,
  ...influenceFigures,
  for: z.array(named.extend({ proof: z.object({ leaf }).nullable(), cells: z.string().nullable() })),
  against: z.array(named.extend({ proof: z.object({ leaf }).nullable(), cells: z.string().nullable() })),
  trained: z.object({ root: hash, size: z.int(), rows: z.int(), salted: z.boolean() }).nullable(),
  limits: z.array(z.string()).describe("What the method cannot say."),
  text: z.string(),
});

export const listInput = z.object({ model: assetId });
export const listOutput = z.object({
  fairness: z.array(
    z.looseObject({
      statement: hash,
      id: z.string(),
      signer: z.string(),
      createdAt: z.string(),
      data: z.looseObject({ asset: assetId }),
      group: z.string(),
      threshold: z.number(),
      part: z.string(),
      ...fairnessFigures,
    }),
  ),
  influence: z.array(
    z.looseObject({ statement: hash, id: z.string(), signer: z.string(), createdAt: z.string(), ...influenceFigures }),
  ),
});

export const verifyInput = z.object({
  report: z.string().min(1).describe("Hash of a report, or its name in the lineage."),
});
export const verifyOutput = z.object({
  verified: z.boolean(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), skipped: z.boolean().optional(), detail: z.string() })),
});
