// What a receipt is, as a file: nothing here needs a node.
import { InvalidInputError } from "@base/errors";
import { z } from "zod";
import { key } from "./lineage.ts";
import { addressSchema, hashSchema } from "./statements.ts";

const refSchema = z.strictObject({ kind: z.string().min(1).max(40), id: z.string().min(1).max(200) });

const entrySchema = z.strictObject({
  node: refSchema,
  /** SHA-256 of the statement's canonical JSON. */
  hash: hashSchema,
  statement: z.json(),
  signer: addressSchema.optional(),
  signature: z
    .string()
    .regex(/^0x[0-9a-f]{130}$/)
    .transform((text) => text as `0x${string}`)
    .optional(),
  /** Transaction and block that put it on chain. */
  tx: hashSchema.optional(),
  block: z.string().regex(/^\d+$/).optional(),
});

const hexSchema = z
  .string()
  .regex(/^0x([0-9a-f]{2})*$/)
  .transform((text) => text as `0x${string}`);

const evidenceSchema = z.strictObject({
  /** RLP of block headers, ascending; each names the hash of the one before where they are neighbours. */
  headers: z.array(hexSchema).max(4_096),
  /** Encoded transaction receipts by block and position, with their nodes of the receipts trie, root first. */
  receipts: z
    .array(
      z.strictObject({
        block: z.int().nonnegative(),
        index: z.int().nonnegative(),
        receipt: hexSchema,
        path: z.array(hexSchema).max(64),
      }),
    )
    .max(4_096),
});
export type Evidence = z.output<typeof evidenceSchema>;

/** A receipt: every statement from its subject down to the data, with signatures and transactions. */
export const receiptSchema = z.strictObject({
  type: z.literal("assay/receipt/1"),
  chainId: z.int().positive(),
  contracts: z.record(z.string(), addressSchema),
  subject: refSchema,
  nodes: z
    .array(z.strictObject({ ...refSchema.shape, label: z.string() }))
    .min(1)
    .max(2_000),
  edges: z.array(z.strictObject({ from: refSchema, to: refSchema, role: z.string() })).max(20_000),
  statements: z.array(entrySchema).min(1).max(2_000),
  /** What proves the events without a node: block headers, and transaction receipts with their paths. */
  evidence: evidenceSchema.optional(),
  /** Bytes that statements name, base64 by SHA-256, so that models run again without a node. */
  blobs: z.record(hashSchema, z.base64()).optional(),
});

export type Receipt = z.output<typeof receiptSchema>;
export type ReceiptEntry = z.output<typeof entrySchema>;

/** What checks files that are no receipts, by their type. */
const others = new Map([
  ["assay/row-proof/1", "This is a row proof: `assay row verify` checks it."],
  ["assay/log-proof/1", "This is a proof of the log: `assay log verify` checks it."],
]);

function hintFor(type: unknown): string {
  return others.get(type as string) ?? "A receipt is the JSON that `assay receipt <id>` writes.";
}

/** Reads a receipt from parsed JSON; throws InvalidInputError that names the field. */
export function parseReceipt(value: unknown): Receipt {
  const result = receiptSchema.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new InvalidInputError(
      `this is no receipt: ${issue?.path.join(".") || "it"}: ${issue?.message ?? "does not fit"}`,
      {
        hints: [hintFor((value as { type?: unknown } | null)?.type)],
      },
    );
  }
  const nodes = new Set(result.data.nodes.map(key));
  const { subject, statements, edges } = result.data;
  const named = [subject, ...statements.map((entry) => entry.node), ...edges.flatMap(({ from, to }) => [from, to])];
  const lost = named.find((ref) => !nodes.has(key(ref)));
  if (lost) throw new InvalidInputError(`this is no receipt: ${key(lost)} is not among its nodes`);
  return result.data;
}
