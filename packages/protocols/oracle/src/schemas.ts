import {
  address,
  amount,
  bps,
  day,
  hash,
  identity,
  int,
  page,
  seconds,
  signature,
  uint,
} from "@kernel/capability/schemas.ts";
import { inputSchema } from "@records/assets/input.ts";
import { z } from "zod";
import { answerSchema, policySchema, requestSchema, rulings, statuses } from "./types.ts";

// Inputs and outputs of the room's actions, apart from their logic so that listing them loads nothing else.

const as = identity.optional().describe("Identity that acts; the node's own unless said.");

export const attestInput = z.object({ id: hash, answer: answerSchema });

export const attestOutput = z.object({ signatures: z.array(z.object({ signer: z.string(), signature })) });

export const challengeInput = z.object({ id: hash, as });

export const challengeOutput = z.object({
  id: hash,
  disputed: z.boolean(),
  own: hash,
  standing: hash,
  tx: hash.optional(),
  gas: uint.optional(),
});

export const depositInput = z.object({
  amount: amount(),
  as,
  to: address.optional().describe("Account to credit; the payer's own unless said."),
});

export const depositOutput = z.object({ account: address, free: uint, locked: uint, tx: hash });

export const withdrawInput = z.object({
  as,
  amount: amount().optional().describe("All that is free unless said."),
});

export const withdrawOutput = z.object({ amount: uint, free: uint, locked: uint, tx: hash });

export const registerPolicyInput = z.object({
  operators: z.array(address).max(64).default([]).describe("Who may answer; anyone with a bond when empty."),
  threshold: z.int().min(1).max(32).default(1).describe("Signers an answer needs."),
  window: seconds.default(3600).describe("Seconds in which an answer may be challenged."),
  courtTime: seconds.default(86_400).describe("Seconds the court has."),
  bond: amount().describe("Locked per signer."),
  royaltyBps: bps.default(5000).describe("Share of the fee that goes to the model's lineage."),
  arbiter: address.optional().describe("The court; the re-execution panel unless said."),
  as,
});

export const registerPolicyOutput = z.object({ policyId: hash, tx: hash });

export const requestInput = z.object({
  model: uint.describe("Asset id of the model."),
  input: hash.describe("Hash of the committed input (see oracle.decide to make one)."),
  policy: hash.optional().describe("The newest registered policy unless said."),
  fee: amount().default(1_000_000_000_000_000_000n),
  value: amount().default(0n).describe("What a wrong answer could move."),
  expiresIn: seconds.default(86_400),
  as,
});

export const requestOutput = z.object({ id: hash, policy: hash, tx: hash, gas: uint, block: uint });

export const decideInput = z.object({
  model: uint.describe("Asset id of the model."),
  data: uint.optional().describe("Asset id of the table to decide on; the model's own parent unless said."),
  from: day.optional().describe("First day of the rows, for models of time windows."),
  to: day.optional().describe("Last day of the rows."),
  row: z.int().min(0).optional().describe("Row of the table (the first is 0), for models of single rows."),
  column: z.string().default("date").describe("The table's date column."),
  fee: amount().default(1_000_000_000_000_000_000n),
  policy: hash.optional(),
  as,
  wait: z
    .int()
    .min(0)
    .max(3600)
    .default(60)
    .describe("Seconds to wait for a final answer; on a devnet the clock is moved on."),
});

export const decideOutput = z.object({
  id: hash,
  status: z.string(),
  output: int.optional(),
  value: z.number().optional().describe("The output as a plain number."),
  confidenceBps: bps.optional(),
  base: z.number().optional(),
  reasons: z.array(z.object({ name: z.string(), value: z.number() })).optional(),
  signers: z.array(z.string()).optional(),
  final: z.boolean(),
});

const whySchema = z.object({
  base: z.number(),
  contributions: z.array(z.object({ name: z.string(), value: z.number() })),
});
const answered = answerSchema.extend({ value: z.number(), why: whySchema.nullable() });

export const showInput = z.object({ id: hash });

export const showOutput = z.object({
  id: hash,
  status: z.enum(statuses),
  request: requestSchema,
  policy: policySchema,
  askedAt: uint,
  askedTx: hash,
  now: uint.describe("Unix seconds of the newest block."),
  input: inputSchema.nullable(),
  answer: answered.extend({ signers: z.array(address), deadline: uint, tx: hash }).nullable(),
  answers: z
    .array(answered.extend({ signers: z.array(address), deadline: uint, tx: hash }))
    .describe("Every answer that operators sent, overruled ones included."),
  challenges: z.array(
    z.object({
      challenger: address,
      arbiter: address,
      disputeId: uint,
      claim: answered,
      deadline: uint,
      tx: hash,
      ruling: z.enum(rulings).nullable(),
      resolvedTx: hash.nullable(),
    }),
  ),
  checks: z.array(z.object({ watcher: z.string(), answer: hash, own: hash, agrees: z.boolean(), at: z.number() })),
  final: z.object({ output: int, delivered: z.boolean(), royalty: uint, tx: hash }).nullable(),
  royalties: z.array(z.object({ owner: address, amount: uint, tx: hash })),
  slashes: z.array(z.object({ account: address, amount: uint, burned: uint, tx: hash })),
});

export const listInput = z.object({ limit: page.limit });

export const listOutput = z.object({
  decisions: z.array(
    z.object({
      id: hash,
      status: z.enum(statuses),
      model: uint,
      requester: z.string(),
      askedAt: uint,
      output: int.nullable(),
      value: z.number().nullable(),
      deadline: uint.nullable(),
      challenged: z.boolean(),
    }),
  ),
});
