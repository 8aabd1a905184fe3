// Inputs and outputs of the actions on single rows.
import { file } from "@kernel/capability/schemas.ts";
import { z } from "zod";

const answer = z
  .record(z.string(), z.object({ included: z.boolean(), count: z.int() }))
  .describe("By part: `all` of a table; `train`, `test` of a model.");

export const proveInput = z.object({
  of: z
    .union([
      z.string().regex(/^[1-9]\d{0,77}$/, "expected an asset's id, e.g. 3"),
      z.int().positive().transform(String),
    ])
    .meta({ wire: { type: "string", pattern: "^[1-9]\\d*$" }, description: "Id of a table or model." }),
  row: z.string().max(1_000_000).optional().describe("The row: JSON by column, or a CSV line."),
  index: z.int().nonnegative().optional().describe("Its position instead; the first is 0."),
  column: z.string().optional().describe("With an index: prove this cell too."),
  out: file("File to write the proof to.").optional(),
});
export const proveOutput = z.object({
  answer,
  text: z.string(),
  proof: z.looseObject({ type: z.literal("assay/row-proof/1") }),
});

export const verifyInput = z.object({
  file: file("File with a row proof.").optional(),
  proof: z.json().optional().describe("The proof itself, instead of a file."),
});
export const verifyOutput = z.object({
  verified: z.boolean(),
  answer,
  text: z.string(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), skipped: z.boolean().optional(), detail: z.string() })),
});
