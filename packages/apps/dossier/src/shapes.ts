// The dossier's JSON, and the input and output of this room's action.
import { file } from "@kernel/capability/schemas.ts";
import { z } from "zod";

const text = z.string();
const maybe = z.string().nullable();

/** What shows that an answer is true; null where the thing has no such part. */
export const proofSchema = z.strictObject({
  what: text.describe("What is proved: asset:1, run:0x…, record 7."),
  statement: maybe.describe("SHA-256 of the statement."),
  signer: maybe.describe("Address whose EIP-712 signature over it is at hand."),
  tx: maybe,
  block: maybe,
  logIndex: z.int().nullable().describe("Position of the chain's event in its block."),
  record: z.int().nullable().describe("Position in the verifiable log."),
  command: text.describe("Checks it, or computes it again."),
});

export const answerSchema = z.strictObject({
  basis: z
    .enum(["record", "system"])
    .describe("record: somebody put it on record. system: it follows from how Assay works, for every model."),
  label: text,
  text: text,
  table: z.strictObject({ head: z.array(text), rows: z.array(z.array(text)) }).optional(),
  proofs: z.array(proofSchema),
});

export const gapSchema = z.strictObject({ missing: text, close: text.describe("Command that closes it.") });

export const itemSchema = z.strictObject({
  id: text.describe("IV.2.d: what a note names in its field `item` to answer it."),
  part: text,
  law: text,
  title: text,
  asks: text,
  status: z.enum(["answered", "partial", "gap"]),
  answers: z.array(answerSchema),
  gaps: z.array(gapSchema),
});

export const recordSchema = z.strictObject({
  index: z.int().nonnegative(),
  kind: text,
  about: text,
  says: text.describe("The record's statement as JSON, cut after 2,000 characters."),
  signed: z
    .array(z.strictObject({ key: text, checked: z.boolean() }))
    .describe("Keys that its envelope names; checked: the signature holds by a key that this node knows."),
  leaf: text,
  inclusion: z.array(text).describe("Path from the leaf to the head's root (RFC 9162)."),
  command: text,
});

export const logSchema = z.strictObject({
  origin: text,
  size: z.int(),
  root: text,
  note: text.describe("The signed head (C2SP checkpoint)."),
  keys: z.array(text),
  witnesses: z.array(text).describe("Witnesses that signed the head."),
  anchor: z.strictObject({ chainId: z.int(), contract: text, size: z.int(), root: text, block: text }).nullable(),
  records: z.array(recordSchema),
  truncated: z.boolean(),
});

export const dossierSchema = z.strictObject({
  type: z.literal("assay/dossier/1"),
  version: z.literal(1),
  law: z.literal("Regulation (EU) 2024/1689"),
  madeAt: z.iso.datetime(),
  chainId: z.int(),
  contract: text,
  model: z.strictObject({ asset: text, name: text, publisher: text, root: text, statement: text }),
  counts: z.strictObject({ answered: z.int(), partial: z.int(), gap: z.int(), gaps: z.int() }),
  items: z.array(itemSchema),
  log: logSchema.nullable(),
});

export type Proof = z.output<typeof proofSchema>;
export type Answer = z.output<typeof answerSchema>;
export type Gap = z.output<typeof gapSchema>;
export type Item = z.output<typeof itemSchema>;
export type Signed = LogRecord["signed"][number];
export type LogRecord = z.output<typeof recordSchema>;
export type LogExtract = z.output<typeof logSchema>;
export type Dossier = z.output<typeof dossierSchema>;

export const writeInput = z.object({
  model: z
    .union([
      z.string().regex(/^[1-9]\d{0,77}$/, "expected an asset's id, e.g. 3"),
      z.int().positive().transform(String),
    ])
    .meta({ wire: { type: "string", pattern: "^[1-9]\\d*$" }, description: "Id of a model asset." }),
  out: file("HTML file to write, or PDF where the name ends so; the JSON is put beside it.").optional(),
});
export const writeOutput = z.object({
  dossier: dossierSchema,
  html: text,
  files: z.array(text).describe("Files that were written."),
});
