import { type Hash, sha256Hex } from "@base/bytes/hash.ts";
import { NotFoundError, UnavailableError } from "@base/errors";
import { cidOf } from "./cid.ts";
import { download, reason } from "./s3.ts";

const TIMEOUT_MS = 20_000;

/** Somewhere blobs may be had; what comes from there is believed only once it is hashed. */
export interface BlobSource {
  readonly name: string;
  /** Bytes, unverified; undefined where there are none. Throws when it cannot be asked. */
  get(hash: Hash, limit: number): Promise<Uint8Array | undefined>;
}

/** Another node: GET {base}/v1/blobs/{hash}. */
export function nodeSource(base: string): BlobSource {
  return httpSource(base, (hash) => `/v1/blobs/${hash}`);
}

/** A trustless IPFS gateway (specs.ipfs.tech): GET {base}/ipfs/{cid}?format=raw. */
export function gatewaySource(base: string): BlobSource {
  return httpSource(base, (hash) => `/ipfs/${cidOf(hash)}?format=raw`, { accept: "application/vnd.ipld.raw" });
}

function httpSource(base: string, pathOf: (hash: Hash) => string, headers: Record<string, string> = {}): BlobSource {
  return {
    name: base,
    get: (hash, limit) =>
      download(async (range) => {
        const response = await fetch(`${base.replace(/\/+$/, "")}${pathOf(hash)}`, {
          signal: AbortSignal.timeout(TIMEOUT_MS),
          redirect: "error",
          headers: { ...headers, ...range },
        });
        if (response.ok || response.status === 404) return response;
        await response.body?.cancel();
        throw new UnavailableError(`answered ${response.status}`);
      }, limit),
  };
}

/**
 * Bytes of a blob from the first source that has them right, at most `limit` bytes.
 *
 * Throws NotFoundError when every source says it has no such blob, UnavailableError when one of them could not be asked
 * or sent other bytes.
 */
export async function fetchBlob(hash: Hash, sources: readonly BlobSource[], limit: number): Promise<Uint8Array> {
  const troubles: string[] = [];
  const names = sources.map(({ name }) => name);
  for (const source of sources) {
    try {
      const bytes = await source.get(hash, limit);
      if (!bytes) continue;
      if (sha256Hex(bytes) === hash) return bytes;
      troubles.push(`${source.name}: sent bytes with another hash`);
    } catch (error) {
      troubles.push(`${source.name}: ${reason(error)}`);
    }
  }
  const options = { details: troubles.join("; "), data: { hash, remotes: names } };
  if (troubles.length === 0)
    throw new NotFoundError(`Blob ${hash} is neither here nor at ${names.join(", ")}.`, options);
  throw new UnavailableError(`Blob ${hash} could not be fetched: ${troubles.join("; ")}.`, options);
}
