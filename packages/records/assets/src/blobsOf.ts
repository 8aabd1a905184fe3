import { isHash, type Hash } from "@base/bytes/hash.ts";
import { BaseError, InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { NodeRef } from "./lineage.ts";
import type { ReceiptEntry } from "./receiptFile.ts";

/** Bytes that one receipt carries at most. */
const MAX_BYTES = 48 * 1024 * 1024;

/**
 * The bytes that a receipt's statements name, base64 by hash: chunks of tables, models, and the inputs of decisions
 * with the tables they point at (`assets`). What is not at hand is left out. Throws InvalidInputError beyond 48 MB.
 */
export async function gatherBlobs(
  context: Pick<Context, "store" | "chain" | "contracts">,
  statements: readonly ReceiptEntry[],
): Promise<{ bytes: Record<Hash, string>; assets: NodeRef[] }> {
  const bytes: Record<Hash, string> = {};
  const assets: NodeRef[] = [];
  let size = 0;
  const add = async (hash: unknown): Promise<Uint8Array | undefined> => {
    if (!isHash(hash) || bytes[hash] !== undefined) return undefined;
    try {
      const blob = await context.store.get(hash);
      size += blob.length;
      if (size > MAX_BYTES) throw new InvalidInputError("the bytes are too many for one receipt: leave out --bytes");
      bytes[hash] = Buffer.from(blob).toString("base64");
      return blob;
    } catch (error) {
      if (error instanceof BaseError && (error.name === "NotFoundError" || error.kind === "retryable"))
        return undefined;
      throw error;
    }
  };
  const addTable = async (statement: { manifest?: { chunks?: unknown[] } }) => {
    for (const chunk of statement.manifest?.chunks ?? []) await add(chunk);
  };
  for (const { statement } of statements) {
    const said = statement as {
      type?: string;
      root?: unknown;
      manifest?: { chunks?: unknown[] };
      request?: { inputHash?: unknown };
    };
    await addTable(said);
    if (said.type === "assay/model/1") await add(said.root);
    const input = await add(said.request?.inputHash);
    if (!input) continue;
    const { data } = JSON.parse(new TextDecoder().decode(input)) as { data?: { asset?: string; statement?: unknown } };
    const named = await add(data?.statement);
    if (!named || data?.asset === undefined) continue;
    assets.push({ kind: "asset", id: data.asset });
    await addTable(JSON.parse(new TextDecoder().decode(named)));
  }
  return { bytes, assets };
}
