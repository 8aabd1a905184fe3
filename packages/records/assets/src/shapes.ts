// Inputs and outputs of this room's actions.
import { address, amount, bps, file, hash, identity, page, signature, uint } from "@kernel/capability/schemas.ts";
import { formats } from "@machines/statements/formats.ts";
import { z } from "zod";
import { columnSchema } from "./statements.ts";

const assetId = z
  .string()
  .regex(/^[1-9]\d{0,77}$/, "expected an asset's id, e.g. 3")
  .describe("Id of an asset.");
const id = z
  .union([assetId, z.int().positive().transform(String)])
  .meta({ wire: { type: "string", pattern: "^[1-9]\\d*$" }, description: "Id of an asset." });
const node = z
  .string()
  .min(1)
  .max(250)
  .describe("What to look at: asset:1, run:0x…, decision:0x…, policy:1, payout:1; the bare id where it is clear.");
const as = identity.optional();

const terms = {
  licence: z
    .string()
    .min(1)
    .max(200)
    .default("LicenseRef-All-Rights-Reserved")
    .describe("SPDX identifier or name of the licence."),
  price: amount(18, "Price of access in whole units of the currency, e.g. 5; 0 is free.").default(0n),
  royaltyBps: bps.default(0).describe("Share of every descendant's revenue, in basis points: 500 is 5 %."),
  missing: z.enum(["error", "null"]).default("error").describe("What an empty cell is: a mistake, or a missing value."),
  provenance: z.string().max(20_000).optional().describe("Where it comes from, in your words."),
  salted: z.boolean().default(false).describe("Hash rows with a secret that this node keeps."),
  as,
};
const storing = {
  seal: z
    .boolean()
    .default(false)
    .describe(
      "Encrypt the stored chunks with a key of this asset alone, kept by this node. Size, schema and terms stay public.",
    ),
  inPlace: z.boolean().default(false).describe("Leave the bytes in the file: faster, no copy; keep the file as it is."),
  provable: z
    .boolean()
    .default(false)
    .describe("Put a second root on record, so that possession can be proven on chain."),
  profile: z
    .boolean()
    .optional()
    .describe("Put the profile on record: statistics, never rows. On unless said, but for sealed assets."),
};
const format = z
  .enum(["auto", "csv", "jsonl", "parquet", "arrow", "png", "jpeg", "safetensors", "onnx", "text", "binary"])
  .default("auto")
  .describe("What the file is; found out unless said. `binary` publishes any bytes as they are.");
const source = {
  file: file("A file: a CSV, JSON lines, Parquet or Arrow table, or anything else.").optional(),
  content: z.string().max(8_000_000).optional().describe("The CSV text itself, instead of a file."),
};
const published = z.object({
  id: assetId,
  root: hash,
  statement: hash,
  existing: z.boolean().describe("True when you had published these bytes before."),
  tx: hash.nullable(),
  gasUsed: uint.nullable(),
  name: z.string(),
  rows: z.int(),
  size: z.int(),
  schema: z.array(columnSchema),
  mediaType: z.string(),
  profile: hash.nullable().describe("Blob with the profile on record."),
});

export const publishInput = z.object({
  ...source,
  name: z.string().min(1).max(200).optional(),
  format,
  ...terms,
  ...storing,
});
export const publishOutput = published.extend({ rows: z.int().nullable().describe("Rows of a table.") });

export const downloadInput = z.object({
  id,
  out: file("File to write."),
  car: z
    .boolean()
    .default(false)
    .describe("Write a CAR, the stored bytes as IPFS blocks, instead of the bytes themselves."),
});
export const downloadOutput = z.object({ out: z.string(), bytes: z.int(), sha256: hash, cid: z.string() });
const { content: _, ...fromFile } = source;
const { inPlace: __, ...stored } = storing;
export const importInput = z.object({
  ...fromFile,
  file: file("A CAR file with one UnixFS file."),
  name: z.string().min(1).max(200).optional(),
  format,
  ...terms,
  ...stored,
});
export const possessionInput = z.object({
  id,
  seed: hash.optional().describe("Randomness of the challenge; the newest settled block's hash unless said."),
  count: z.int().min(1).max(64).default(5).describe("Sectors to show."),
});
export const possessionOutput = z.object({
  root: hash,
  sectors: z.int(),
  seed: hash,
  count: z.int(),
  held: z.boolean(),
  proofs: z.array(z.object({ index: z.int(), data: z.string(), path: z.array(hash) })),
});
export const pinInput = z.object({ id });
export const pinOutput = z.object({ cid: z.string(), by: z.array(z.string()), status: z.string() });

const fileOrAsset = (description: string) => file(`${description}: an asset's id, or a file.`);
export const profileInput = z.object({
  file: fileOrAsset("What to look at").optional(),
  asset: assetId.optional(),
  format,
});
export const profileOutput = z.looseObject({
  type: z.literal("assay/profile/1"),
  format: z.string(),
  mediaType: z.string(),
  size: z.int(),
  onRecord: z.boolean().describe("True when the publisher signed this profile."),
});
export const driftInput = z.object({ before: fileOrAsset("Earlier version"), after: fileOrAsset("Later version") });
export const driftOutput = z.object({
  rows: z.tuple([z.int(), z.int()]),
  columns: z.array(z.looseObject({ name: z.string(), verdict: z.string() })),
  drifted: z.array(z.string()),
});

export const deriveInput = z.object({
  ...source,
  name: z.string().min(1).max(200),
  parents: z.array(id).min(1).max(16).describe("Assets it was made from."),
  transform: z.string().min(1).max(200).describe("Name and version of what made it, e.g. mine/clean/1."),
  parameters: z.json().optional(),
  ...terms,
});
export const deriveOutput = published;

const assetShape = {
  id: assetId,
  publisher: address,
  kind: z.string(),
  state: z.string(),
  royaltyBps: bps,
  price: uint,
  root: hash,
  statement: hash,
};
export const showInput = z.object({ id });
export const showOutput = z.object({
  ...assetShape,
  name: z.string().nullable(),
  owner: address,
  priceText: z.string(),
  split: z.array(z.object({ id: assetId, bps })).describe("Who is paid how much of its revenue."),
  signature: signature.nullable(),
  document: z.unknown().describe("The signed statement, when a node has it."),
  problem: z.string().nullable(),
});

export const listInput = z.object({
  kind: z.enum(["data", "derived", "model", "service"]).optional(),
  owner: address.optional(),
  ...page,
});
export const listOutput = z.object({
  assets: z.array(
    z.object({
      id: assetId,
      kind: z.string(),
      name: z.string().nullable(),
      owner: address,
      publisher: address,
      price: z.string(),
      state: z.string(),
      royaltyBps: bps,
      root: hash,
      parents: z.array(assetId),
      at: z.string(),
    }),
  ),
  next: z.string().nullable(),
});

export const buyInput = z.object({
  id,
  maxPrice: amount(18, "Most you pay, in whole units; the price of now unless said.").optional(),
  as,
});
export const buyOutput = z.object({
  id: assetId,
  price: uint,
  already: z.boolean(),
  tx: hash.nullable(),
  gasUsed: uint.nullable(),
});

export const withdrawInput = z.object({ as });
export const withdrawOutput = z.object({ amount: uint, tx: hash.nullable() });

export const offerInput = z.object({
  id,
  price: amount(18, "New price in whole units.").optional(),
  state: z.enum(["active", "closed", "retired"]).optional().describe("closed: no new sale; retired: for good."),
  as,
});
export const offerOutput = z.object({ id: assetId, price: uint, state: z.string() });

const ref = { kind: z.string(), id: z.string() };
export const traceInput = z.object({
  id: node,
  direction: z
    .enum(["sources", "uses", "both"])
    .default("both")
    .describe("What it stands on, what stands on it, or both."),
  depth: z.int().min(1).max(64).default(32).describe("Steps to follow."),
  kinds: z.array(z.string().min(1).max(40)).min(1).optional().describe("Kinds to show, e.g. asset; all unless said."),
  owner: address.optional().describe("Only what this address owns, published, signed, asked for or received."),
  since: z.string().max(40).optional().describe("First block, or a day or moment (UTC)."),
  until: z.string().max(40).optional().describe("Last block, or a day or moment (UTC)."),
});
export const traceOutput = z.object({
  subject: z.object(ref),
  nodes: z.array(
    z.object({
      ...ref,
      label: z.string(),
      statement: z.string().nullable(),
      facts: z.json(),
      block: z.string().nullable(),
      tx: z.string().nullable(),
    }),
  ),
  edges: z.array(
    z.object({
      from: z.object(ref),
      to: z.object(ref),
      role: z.string(),
      via: z.array(z.object(ref)).optional().describe("What a filter took out between the two."),
      proof: z
        .object({
          block: z.string(),
          logIndex: z.int(),
          tx: z.string(),
          statement: z.string().nullable(),
          signer: z.string().nullable(),
          signature: z.string().nullable(),
        })
        .describe("Event that says so, and the statement of the newer end with its signature."),
    }),
  ),
  truncated: z.boolean(),
  tree: z.string().describe("The same as a picture in text."),
});

export const exportInput = z.object({
  id: node,
  format: z.enum(formats).describe("What to write."),
  out: file("File to write the document to.").optional(),
  at: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("Where the subject is to be had, for formats that say it."),
  sign: identity
    .optional()
    .describe(
      "Signs SLSA provenance (DSSE): an identity's wallet, or `node` for the node's Ed25519 and ML-DSA-44 keys.",
    ),
});
export const exportOutput = z.object({
  subject: z.string(),
  format: z.string(),
  mediaType: z.string(),
  document: z.unknown(),
});

export const receiptInput = z.object({
  id: node,
  out: file("File to write the receipt to.").optional(),
  bytes: z.boolean().default(false).describe("Put tables and models in too, so that they run again without a node."),
});
export const receiptOutput = z.looseObject({ type: z.literal("assay/receipt/1") });

export const verifyInput = z.object({
  file: file("File with a receipt.").optional(),
  receipt: z.json().optional().describe("The receipt itself, instead of a file."),
  offline: z.boolean().default(false).describe("Use nothing but the file: no chain, no store, no index."),
  header: file("With --offline: file with the JSON of a block that you trust.").optional(),
});
export const verifyOutput = z.object({
  subject: z.string(),
  verified: z.boolean(),
  passed: z.int(),
  failed: z.int(),
  skipped: z.int(),
  checks: z.array(
    z.object({
      about: z.string(),
      name: z.string(),
      ok: z.boolean(),
      skipped: z.boolean().optional(),
      detail: z.string(),
    }),
  ),
});
