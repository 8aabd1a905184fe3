import { rename, writeFile } from "node:fs/promises";
import { parseHash } from "@base/bytes/hash.ts";
import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { z } from "zod";
import { key } from "./lineage.ts";
import { scopeOf, statementHash } from "./sign.ts";
import { findSignature } from "./signatures.ts";
import { addressSchema, hashSchema } from "./statements.ts";
import { type LineageNode, lineageOf } from "./trace.ts";

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
});

export type Receipt = z.output<typeof receiptSchema>;
export type ReceiptEntry = z.output<typeof entrySchema>;

export interface ReceiptInput {
  /** Any node of the lineage, as `assets.trace` takes it. */
  readonly id: string;
  /** File to write it to. */
  readonly out?: string | undefined;
}

/**
 * Gathers everything that `assets.verify` needs about one payout, decision or asset, down to the data.
 *
 * Throws NotFoundError when the subject, or a statement that it stands on, is not on this node; InvalidInputError when
 * the lineage is larger than a receipt may be. SPEC S10.
 */
export async function receipt(
  context: Pick<Context, "db" | "store" | "chain" | "contracts">,
  input: ReceiptInput,
): Promise<Receipt> {
  const lineage = await lineageOf(context, { id: input.id, direction: "sources", depth: 64 });
  if (lineage.truncated) throw new InvalidInputError(`the lineage of ${input.id} is too large for one receipt`);
  const statements: ReceiptEntry[] = [];
  for (const node of lineage.nodes) {
    const entry = await entryOf(context, node);
    if (entry) statements.push(entry);
  }
  const { chainId, assets } = scopeOf(context);
  const made: Receipt = receiptSchema.parse({
    type: "assay/receipt/1",
    chainId,
    contracts: { Assets: assets.toLowerCase() },
    subject: lineage.subject,
    nodes: lineage.nodes.map(({ kind, id, label }) => ({ kind, id, label })),
    edges: lineage.edges.map(({ from, to, role }) => ({ from, to, role })),
    statements,
  });
  if (input.out !== undefined) {
    await writeFile(`${input.out}.part`, `${JSON.stringify(made, null, 2)}\n`, { flush: true });
    await rename(`${input.out}.part`, input.out);
  }
  return made;
}

async function entryOf(context: Pick<Context, "db" | "store">, node: LineageNode): Promise<ReceiptEntry | undefined> {
  const where = {
    node: { kind: node.kind, id: node.id },
    ...(node.tx === null ? {} : { tx: parseHash(node.tx) }),
    ...(node.block === null ? {} : { block: node.block }),
  };
  if (node.statement !== null) {
    const hash = parseHash(node.statement);
    const statement = (await context.store.getJson(hash)) as ReceiptEntry["statement"];
    return { ...where, hash, statement, ...(await findSignature(context, hash)) };
  }
  if (node.facts === null) return undefined;
  return { ...where, hash: statementHash(node.facts), statement: node.facts as ReceiptEntry["statement"] };
}

/** Reads a receipt from parsed JSON; throws InvalidInputError that names the field. */
export function parseReceipt(value: unknown): Receipt {
  const result = receiptSchema.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new InvalidInputError(
      `this is no receipt: ${issue?.path.join(".") || "it"}: ${issue?.message ?? "does not fit"}`,
      {
        hints: ["A receipt is the JSON that `assay receipt <id>` writes."],
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
