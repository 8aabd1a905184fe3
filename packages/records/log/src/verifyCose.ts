import { leafHash } from "@base/bytes/merkle.ts";
import { IntegrityError, InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { parseReceipt, parseVerifier, verifyReceipt } from "@machines/log";

/**
 * Checks a COSE receipt (RFC 9942) with its record: path and signature are one decision, by keys that the caller brings or,
 * for the node's own log, by its own. A receipt names no key that could be checked otherwise. Throws InvalidInputError.
 */
export async function verifyCose(
  { records }: Pick<Context, "records">,
  bytes: Uint8Array,
  record: Uint8Array | undefined,
  brought: readonly string[] = [],
) {
  if (!record) throw new InvalidInputError("A COSE receipt needs the record: --record <text> or --record-file <file>.");
  const receipt = parseReceipt(bytes);
  const given = brought.map(parseVerifier);
  const own = records?.trust;
  const keys = given.length || own?.origin !== receipt.origin ? given : (own?.keys ?? []);
  if (keys.length === 0) {
    throw new InvalidInputError(`The receipt is of ${receipt.origin ?? "an unnamed log"}: bring its key with --keys.`, {
      hints: ["`assay log head` at the log's node tells its keys."],
    });
  }
  const check = { name: "receipt", ok: true, skipped: false, detail: "", error: null as string | null };
  let root: string | undefined;
  try {
    const verified = verifyReceipt(receipt, leafHash(record), keys);
    root = verified.root;
    const place = receipt.placed ? "" : "; its place and the log's size are said, but not signed";
    check.detail = `the record leads to a root signed by ${verified.key.name} with ${verified.key.kind}${place}`;
  } catch (error) {
    if (!(error instanceof IntegrityError)) throw error;
    Object.assign(check, { ok: false, detail: error.shortMessage, error: error.name });
  }
  return {
    verified: check.ok,
    origin: receipt.origin ?? "",
    index: receipt.index,
    size: receipt.size,
    root: root ?? null,
    trusted: true,
    checks: [check],
  };
}
