import { type Hash, sha256Hex } from "@base/bytes/hash.ts";
import { concatBytes } from "@base/bytes/hex.ts";
import { NotFoundError, UnavailableError } from "@base/errors";

const TIMEOUT_MS = 20_000;

/**
 * Bytes of a blob from the first remote that has them right, at most `limit` bytes.
 *
 * Throws NotFoundError when every remote says it has no such blob, UnavailableError when one of them could not be asked
 * or sent other bytes.
 */
export async function fetchBlob(hash: Hash, remotes: readonly string[], limit: number): Promise<Uint8Array> {
  const troubles: string[] = [];
  for (const base of remotes) {
    try {
      const bytes = await fetchOne(`${base.replace(/\/+$/, "")}/v1/blobs/${hash}`, limit);
      if (!bytes) continue;
      if (sha256Hex(bytes) === hash) return bytes;
      troubles.push(`${base}: sent bytes with another hash`);
    } catch (error) {
      troubles.push(`${base}: ${reason(error)}`);
    }
  }
  const options = { details: troubles.join("; "), data: { hash, remotes: [...remotes] } };
  if (troubles.length === 0)
    throw new NotFoundError(`Blob ${hash} is neither here nor at ${remotes.join(", ")}.`, options);
  throw new UnavailableError(`Blob ${hash} could not be fetched: ${troubles.join("; ")}.`, options);
}

/** Bytes at the address; undefined when there are none (404). */
async function fetchOne(url: string, limit: number): Promise<Uint8Array | undefined> {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: "error" });
  if (response.status === 404) {
    await response.body?.cancel();
    return undefined;
  }
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new UnavailableError(`answered ${response.status}`);
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body) {
    size += part.length;
    if (size > limit) throw new UnavailableError(`sent more than ${limit} bytes`);
    parts.push(part);
  }
  return concatBytes(...parts);
}

function reason(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error ? inner.message : String(inner);
}
