import { rename, writeFile } from "node:fs/promises";
import { parseHash } from "@base/bytes/hash.ts";
import { InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { gatherBlobs } from "./blobsOf.ts";
import { gatherEvidence } from "./evidence.ts";
import { type Receipt, type ReceiptEntry, receiptSchema } from "./receiptFile.ts";
import { scopeOf, statementHash } from "./sign.ts";
import { findSignature } from "./signatures.ts";
import { type LineageNode, lineageOf } from "./trace.ts";

export type { Receipt, ReceiptEntry } from "./receiptFile.ts";

export interface ReceiptInput {
  /** Any node of the lineage, as `assets.trace` takes it. */
  readonly id: string;
  /** File to write it to. */
  readonly out?: string | undefined;
  /** Puts tables and models into the file too, so that whoever gets it can run them again. */
  readonly bytes?: boolean | undefined;
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
  const names = context.contracts.list?.() ?? ["Assets"];
  const contracts = names.map((name) => [name, context.contracts.get(name).address.toLowerCase()]);
  const blobs = input.bytes === true ? await gatherBlobs(context, statements) : undefined;
  const evidence = await gatherEvidence(context, [...lineage.nodes, ...(blobs?.assets ?? [])]);
  const made: Receipt = receiptSchema.parse({
    type: "assay/receipt/1",
    chainId,
    contracts: { ...Object.fromEntries(contracts), Assets: assets.toLowerCase() },
    subject: lineage.subject,
    nodes: lineage.nodes.map(({ kind, id, label }) => ({ kind, id, label })),
    edges: lineage.edges.map(({ from, to, role }) => ({ from, to, role })),
    statements,
    ...(evidence === undefined ? {} : { evidence }),
    ...(blobs === undefined ? {} : { blobs: blobs.bytes }),
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
