import { address, amount, file, hash, identity, page, uint } from "@kernel/capability/schemas.ts";
import { z } from "zod";

// Inputs and outputs of the room's actions, apart from their logic so that listing them loads nothing else.

const acts = identity.optional().describe("Identity that acts; the node's own unless said.");
const who = z.enum(["defender", "challenger"]);

const standing = {
  stand: uint
    .default(0n)
    .describe("Which of the identity's stands to use; a stand's bond serves one claim after another."),
  result: hash.optional().describe("Claims another result than the true one, to try the game out."),
  as: acts,
};

export const claimInput = z.object({ model: uint.describe("Id of the trained model's asset."), ...standing });
export const claimOutput = z.object({
  claim: z.string(),
  job: hash,
  result: hash,
  manifest: hash,
  steps: z.int(),
  tx: hash,
});

export const jobInput = z.object({ model: uint.describe("Id of the trained model's asset.") });
export const jobOutput = z.object({
  job: hash,
  result: hash,
  steps: z.int(),
  claims: z.array(z.object({ claim: z.string(), tx: hash, status: z.enum(["none", "standing", "final", "defeated"]) })),
});

export const answerInput = z.object({
  model: uint.describe("Id of the model's asset: a network trained here, or an imported ONNX model."),
  data: z
    .string()
    .regex(/^[1-9]\d{0,77}$/, "expected an asset's id, e.g. 3")
    .optional()
    .describe("Data asset with the row."),
  csv: file("CSV file with the row.").optional(),
  content: z.string().max(8_000_000).optional().describe("The row as CSV text."),
  row: z.int().min(0).optional().describe("Which row, 0 is the first; the last one unless said."),
  input: z.json().optional().describe('The numbers themselves, by input name, e.g. {"x": [[1, 2]]}.'),
  output: z.string().optional().describe("Output of an ONNX model that is the answer; as imported unless said."),
  ...standing,
});
export const answerOutput = z.object({
  claim: z.string(),
  about: z.string(),
  answer: z
    .array(z.number().nullable())
    .describe("What the model answers, before a recipe's clamp; the first 1,000 numbers."),
  job: hash,
  result: hash,
  manifest: hash,
  tx: hash,
});

export const challengeInput = z.object({ claim: z.string().describe("stand@claimant"), as: acts });
export const challengeOutput = z.object({
  claim: z.string(),
  result: hash,
  own: hash,
  agrees: z.boolean(),
  tx: hash.nullable(),
});

export const watchInput = z.object({
  rate: z.number().min(0).max(1).default(1).describe("Share of the claims that is run again."),
  seconds: z
    .number()
    .min(0)
    .max(86_400)
    .default(0)
    .describe("How long to go on following; 0: once over all that stands."),
  as: acts,
});
export const watchOutput = z.object({
  checked: z.array(
    z.object({ claim: z.string(), agrees: z.boolean().nullable(), tx: hash.nullable(), reason: z.string().nullable() }),
  ),
});

export const depositInput = z.object({ amount: amount(), as: acts });
export const depositOutput = z.object({ account: z.string(), free: uint, locked: uint, tx: hash });

export const showInput = z.object({ game: uint });
export const showOutput = z.object({
  game: uint,
  claim: z.string(),
  claimant: z.string(),
  challenger: z.string(),
  about: z.string().nullable().describe("What the claim's manifest says that its job is."),
  job: hash,
  result: hash,
  openedAt: uint,
  waitsFor: z.string().nullable(),
  turn: who.nullable(),
  deadline: uint.nullable(),
  step: uint.nullable(),
  operator: z.string().nullable(),
  element: uint.nullable(),
  claimed: z.string().nullable(),
  truth: z.string().nullable(),
  winner: who.nullable(),
  reward: uint.nullable(),
  burned: uint.nullable(),
  moves: z.array(z.object({ by: z.enum(["defender", "challenger", "chain"]), text: z.string(), at: uint, tx: hash })),
});

export const listInput = z.object({ limit: page.limit });
export const listOutput = z.object({ games: z.array(showOutput) });

export const claimsInput = z.object({ limit: page.limit });
export const claimsOutput = z.object({
  claims: z.array(
    z.object({
      claim: z.string(),
      claimant: z.string(),
      job: hash,
      result: hash,
      manifest: hash,
      at: uint,
      tx: hash,
      status: z.enum(["none", "standing", "final", "defeated"]),
      checked: z.enum(["agrees", "differs"]).nullable(),
      about: z.string().nullable().describe("What the manifest says that the job is, once this node has looked."),
      aboutHolds: z.boolean().nullable().describe("Whether the assets it names give this job."),
    }),
  ),
});

const dispute = uint.describe("Number of the dispute at the court.");

export const bindInput = z.object({
  model: uint.describe("Asset id of the model."),
  data: uint.optional().describe("Asset id of the table; the model's own parent unless said."),
  row: z.int().min(0).describe("Row of the table, 0 is the first."),
  as: acts,
});
export const bindOutput = z.object({ input: hash, job: hash, clamp: z.boolean(), tx: hash });

export const standInput = z.object({
  dispute,
  stand: uint.default(0n).describe("The identity's stand with the claim."),
  as: acts,
});
export const standOutput = z.object({ dispute: uint, claim: z.string(), value: z.number(), tx: hash });

export const settleInput = z.object({
  dispute,
  court: z
    .enum(["answers", "executions"])
    .default("answers")
    .describe("AnswerCourt (oracles), or Court (execution hashes)."),
  as: acts,
});
export const settleOutput = z.object({
  dispute: uint,
  ruling: z.enum(["pending", "defence", "claim", "neither", "refused"]),
  tx: hash,
});

export const evaluatorInput = z.object({
  provider: address.describe("Who may compute the job."),
  job: hash.describe("The job, as `disputes job` or `disputes answer` tells it."),
  as: acts,
});
export const validatorInput = z.object({ registry: address.describe("An ERC-8004 validation registry."), as: acts });
export const adapterOutput = z.object({ address, tx: hash });
