import { writeFile } from "node:fs/promises";
import { BaseError, InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { anchorName, listAnchors } from "@machines/log/anchor.ts";
import { formatVerifier, type LogReader, proofBytes } from "@machines/log";
import { anchorScope } from "./chain.ts";
import { keeperOf } from "./keeper.ts";
import { type RecordProof, toTlogProof } from "./proofs.ts";
import { indexOf } from "./show.ts";

/**
 * The proof that a record stands in the log, complete in itself: `log verify` and the dashboard check it offline. For
 * other tools also as C2SP tlog-proof and as COSE receipt (RFC 9942), which go beside the record.
 *
 * Under the newest anchored head that holds the record where there is one, so that the chain vouches for it too. SPEC L5.
 */
export async function prove(
  context: Context,
  input: { readonly record: string; readonly out?: string | undefined; readonly recordOut?: string | undefined },
): Promise<RecordProof & { readonly tlogProof: string; readonly cose: string | null; readonly proofBytes: number }> {
  const index = await indexOf(context, input.record);
  const keeper = keeperOf(context);
  const reader = await keeper.reader(index);
  const { leaf, proof } = await reader.proveInclusion(index);
  const made: RecordProof = {
    type: "assay/log-proof/1",
    origin: keeper.log.origin,
    index,
    record: Buffer.from(await reader.record(index)).toString("base64"),
    leaf,
    proof: [...proof],
    checkpoint: reader.checkpoint.note,
    keys: keeper.trust.keys.map(formatVerifier),
    anchor: await anchorOf(context, reader, index),
  };
  const tlogProof = toTlogProof(made);
  const receipt = await keeper.log.receipt(index);
  if (input.out !== undefined) {
    const ending = /\.(tlog-proof|cose)$/.exec(input.out)?.[1];
    const json = `${JSON.stringify(made, null, 2)}\n`;
    const written = ending === "cose" ? receipt : ending === "tlog-proof" ? tlogProof : json;
    if (written === undefined) throw new InvalidInputError("A COSE receipt needs an Ed25519 key among the log's.");
    await writeFile(input.out, written, { flush: true });
  }
  if (input.recordOut !== undefined)
    await writeFile(input.recordOut, Buffer.from(made.record, "base64"), { flush: true });
  return {
    ...made,
    tlogProof,
    cose: receipt ? Buffer.from(receipt).toString("base64") : null,
    proofBytes: proofBytes(made),
  };
}

/** The newest settled anchor over a head that holds the record; null where none is, or the contract is not here. */
async function anchorOf(context: Context, reader: LogReader, index: number): Promise<RecordProof["anchor"]> {
  let scope: ReturnType<typeof anchorScope>;
  try {
    scope = anchorScope(context);
  } catch (error) {
    if (error instanceof BaseError && error.kind === "user") return null;
    throw error;
  }
  const [anchors, settled] = [await listAnchors(scope, await scope.chain.head()), await scope.chain.settled()];
  const at = anchors.findLastIndex(({ size, blockNumber }) => {
    return size > index && size <= reader.size && blockNumber <= settled;
  });
  const found = anchors[at];
  if (!found) return null;
  const later = anchors.slice(at + 1).map(({ before, size, root }) => ({ before, size, root }));
  const { proof } = await reader.proveConsistency(found.size, reader.size);
  return {
    chainId: context.chain.chainId,
    contract: context.contracts.get("Anchor").address.toLowerCase(),
    signer: scope.chain.signer,
    log: anchorName(scope.origin),
    head: { before: found.before, size: found.size, root: found.root },
    later,
    block: found.blockNumber.toString(),
    consistency: [...proof],
  };
}
