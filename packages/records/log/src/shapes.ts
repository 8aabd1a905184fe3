// Inputs and outputs of this room's actions.
import { file, hash, identity, page, uint } from "@kernel/capability/schemas.ts";
import { openingSchema } from "@machines/statements/disclose.ts";
import { z } from "zod";
import { kindNames } from "./kinds.ts";
import { anchorSchema } from "./proofs.ts";

const index = z.int().nonnegative();
const what = z
  .string()
  .min(1)
  .max(400)
  .describe("Its number, or what it is about: asset:1, decision:0x…, tx:0x…, run:…, job:…");
const keys = z.array(z.string().max(4_000)).default([]);

export const appendInput = z.object({
  file: file("File of JSON lines, a record each; - reads what is piped in.").optional(),
  records: z.array(z.json()).max(100_000).default([]).describe("The records themselves, any JSON."),
  kind: z.enum(kindNames).optional().describe("Makes each record a statement of this kind and checks its fields."),
  about: z
    .array(z.string().min(1).max(300))
    .default([])
    .describe("What the statements are about: asset:1, or name=<sha256>."),
  sign: identity
    .optional()
    .describe(
      "Who signs each statement (DSSE): an identity's wallet, or `node` for the node's Ed25519 and ML-DSA-44 keys.",
    ),
  seal: z.boolean().default(false).describe("Log only the root of the salted fields, to be shown in part later."),
});
export const appendOutput = z.object({
  count: z.int(),
  duplicates: z.int().describe("Records that the log had already."),
  first: index.nullable(),
  last: index.nullable(),
  indexes: z.array(index).describe("Where each stands, for up to 1,000 records."),
  size: index,
  openings: z
    .array(openingSchema)
    .describe("For sealed records: keep them secret, nobody can open the records without."),
});

const record = {
  index,
  kind: z.string(),
  about: z.string(),
  leaf: hash,
  bytes: z.int(),
  value: z.json().describe("The record, where it is JSON."),
};
export const showInput = z.object({ record: what });
export const showOutput = z.object({ ...record, text: z.string() });

export const listInput = z.object({
  kind: z.string().max(200).optional().describe("event, openlineage, sealed, or a kind of `log append`."),
  about: z.string().max(400).optional(),
  ...page,
});
export const listOutput = z.object({
  records: z.array(z.object(record)),
  total: index.describe("Records in the log, of any kind."),
  next: z.string().nullable(),
});

export const proveInput = z.object({
  record: what,
  out: file("File to write the proof to; .tlog-proof for the form of C2SP, .cose for a COSE receipt.").optional(),
  recordOut: file("File to write the record to: what a .tlog-proof or .cose goes beside.").optional(),
});
export const proveOutput = z.object({
  type: z.literal("assay/log-proof/1"),
  origin: z.string(),
  index,
  record: z.string().describe("Base64."),
  leaf: hash,
  proof: z.array(hash),
  checkpoint: z.string(),
  keys: z.array(z.string()),
  anchor: anchorSchema.nullable(),
  tlogProof: z.string(),
  cose: z.string().nullable().describe("COSE receipt (RFC 9942) in base64; null for a log without an Ed25519 key."),
  proofBytes: z.int(),
});

export const verifyInput = z.object({
  file: file("File with a proof.").optional(),
  proof: z.json().optional().describe("The proof itself, instead of a file; a COSE receipt in base64."),
  record: z.string().optional().describe("The record's text, for a tlog-proof or a COSE receipt."),
  recordFile: file("File with the record's bytes, instead of its text.").optional(),
  keys: keys.describe("Verifier keys of the log that you trust; this node's own for its own log, unless said."),
  witnesses: keys.describe("Verifier keys of witnesses."),
  quorum: z.int().min(0).optional().describe("How many witnesses must have signed; all, unless said."),
  disclosure: z.json().optional().describe("Shown fields of a sealed record, checked against the proof."),
});
export const verifyOutput = z.object({
  verified: z.boolean(),
  origin: z.string(),
  index,
  size: index,
  root: hash.nullable().describe("Null where a receipt leads to none that was signed."),
  trusted: z.boolean().describe("False when only the keys that the proof names itself were checked."),
  checks: z.array(
    z.object({
      name: z.string(),
      ok: z.boolean(),
      skipped: z.boolean(),
      detail: z.string(),
      error: z.string().nullable(),
    }),
  ),
});

export const headOutput = z.object({
  origin: z.string(),
  size: index,
  root: hash,
  note: z.string(),
  keys: z.array(z.string()),
  witnesses: z.array(z.object({ name: z.string(), signed: z.boolean(), problem: z.string().nullable() })),
  witness: z.string().nullable().describe("Key with which this node signs the heads of other logs."),
  anchors: z
    .object({
      contract: z.string(),
      signer: z.string(),
      chainId: z.int(),
      count: z.int(),
      newest: z.array(z.object({ size: index, root: hash, accumulator: hash, block: uint, settled: z.boolean() })),
    })
    .nullable(),
});

export const auditInput = z.object({
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("Another log, e.g. http://node/log; this node's unless said."),
  keys: keys.describe("Verifier keys of that log."),
  witnesses: keys.describe("Verifier keys of witnesses."),
  quorum: z.int().min(0).optional(),
});
export const auditOutput = z.object({
  origin: z.string(),
  size: index,
  root: hash,
  records: z.int(),
  tiles: z.int(),
  witnesses: z.array(z.string()),
  anchors: z.int().nullable().describe("Anchored heads that were checked."),
  events: z.int().nullable().describe("Events of the chain that are on record."),
});

export const anchorInput = z.object({ as: identity.optional() });
export const anchorOutput = z.object({
  origin: z.string(),
  size: index,
  root: hash,
  signer: z.string(),
  block: uint,
  accumulator: hash,
  existing: z.boolean(),
});

export const discloseInput = z.object({
  opening: z.json().describe("What `log append --seal` handed out."),
  fields: z.array(z.string().startsWith("/")).min(1).describe("Fields to show, e.g. /patient/age."),
});
export const discloseOutput = z.looseObject({ type: z.literal("assay/disclosure/1") });
