import { setTimeout as sleep } from "node:timers/promises";
import type { Hash } from "@base/bytes/hash.ts";
import { sha256Hex } from "@base/bytes/hash.ts";
import { concatBytes } from "@base/bytes/hex.ts";
import { UnavailableError } from "@base/errors";
import { AwsV4Signer } from "aws4fetch";

/** An S3-compatible bucket that keeps a copy of every blob. */
export interface S3Options {
  /** Endpoint, bucket and optional prefix, path style: `https://s3.example.org/bucket/prefix`. */
  readonly url: string;
  /** `us-east-1` unless said. */
  readonly region?: string | undefined;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Milliseconds before the second try; doubled for each further one. 200 unless said. */
  readonly pause?: number;
  /** Bytes of a part of a large blob; 8 MiB unless said (S3 takes no less than 5 MiB). */
  readonly partBytes?: number;
}

/** Blobs in a bucket, named `prefix/ab/cdef...`. */
export interface S3 {
  readonly name: string;
  /** Keeps a blob, unless an object of its name and size is there. Throws UnavailableError. */
  put(hash: Hash, bytes: Uint8Array): Promise<void>;
  /** Bytes of a blob, unverified; undefined where there is none. Throws UnavailableError. */
  get(hash: Hash, limit: number): Promise<Uint8Array | undefined>;
}

const TRIES = 5;
const TIMEOUT_MS = 60_000;

/** A client of one bucket: Signature Version 4 with the payload's hash, so that the service refuses bytes that changed on the way. */
export function openS3({
  url,
  region = "us-east-1",
  pause = 200,
  partBytes = 8 * 1024 * 1024,
  ...keys
}: S3Options): S3 {
  const base = url.replace(/\/+$/, "");
  const addressOf = (hash: Hash) => `${base}/${hash.slice(2, 4)}/${hash.slice(4)}`;

  async function once(
    method: string,
    address: string,
    body?: Uint8Array,
    more: Record<string, string> = {},
  ): Promise<Response> {
    const headers = { "x-amz-content-sha256": sha256Hex(body ?? new Uint8Array(0)).slice(2), ...more };
    const signed = await new AwsV4Signer({ method, url: address, headers, service: "s3", region, ...keys }).sign();
    return fetch(signed.url, {
      method: signed.method,
      headers: signed.headers,
      ...(body ? { body: body as Uint8Array<ArrayBuffer> } : {}),
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: "error",
    });
  }

  /** Tries again where that may help: no answer, 429 and 5xx. Every other refusal is told at once. */
  async function send(
    method: string,
    address: string,
    body?: Uint8Array,
    more?: Record<string, string>,
  ): Promise<Response> {
    let trouble = "";
    for (let tried = 0; tried < TRIES; tried++) {
      if (tried > 0) await sleep(pause * 2 ** (tried - 1));
      try {
        const response = await once(method, address, body, more);
        if (response.ok || response.status === 404) return response;
        trouble = `answered ${response.status}: ${codeOf(await response.text())}`;
        if (response.status !== 429 && response.status < 500) break;
      } catch (error) {
        trouble = reason(error);
      }
    }
    throw unavailable(`${method} ${address}: ${trouble}`);
  }

  async function has(hash: Hash, size: number): Promise<boolean> {
    const response = await send("HEAD", addressOf(hash));
    return response.ok && Number(response.headers.get("content-length")) === size;
  }

  async function putParts(address: string, bytes: Uint8Array): Promise<void> {
    const begun = await (await send("POST", `${address}?uploads=`)).text();
    const upload = /<UploadId>([^<]+)<\/UploadId>/.exec(begun)?.[1];
    if (!upload) throw unavailable(`POST ${address}?uploads: no upload id came back`);
    const id = encodeURIComponent(upload);
    try {
      const parts = Array.from({ length: Math.ceil(bytes.length / partBytes) }, async (_, i) => {
        const part = bytes.subarray(i * partBytes, (i + 1) * partBytes);
        const response = await send("PUT", `${address}?partNumber=${i + 1}&uploadId=${id}`, part);
        return `<Part><PartNumber>${i + 1}</PartNumber><ETag>${response.headers.get("etag") ?? ""}</ETag></Part>`;
      });
      const list = `<CompleteMultipartUpload>${(await Promise.all(parts)).join("")}</CompleteMultipartUpload>`;
      const answer = await (await send("POST", `${address}?uploadId=${id}`, new TextEncoder().encode(list))).text();
      // The service may answer 200 and tell of a failure in the body.
      if (/<Error>/.test(answer)) throw unavailable(`POST ${address}: ${codeOf(answer)}`);
    } catch (error) {
      await send("DELETE", `${address}?uploadId=${id}`).catch(() => {});
      throw error;
    }
  }

  return {
    name: base,
    async put(hash, bytes) {
      if (await has(hash, bytes.length)) return;
      if (bytes.length > partBytes) await putParts(addressOf(hash), bytes);
      else await send("PUT", addressOf(hash), bytes);
    },
    get: (hash, limit) => download((range) => send("GET", addressOf(hash), undefined, range), limit),
  };
}

/**
 * The whole body of an answer; where the line breaks, it goes on from there with a range request, at most four times.
 * Undefined on 404. Throws UnavailableError beyond `limit` bytes.
 */
export async function download(
  ask: (headers: Record<string, string>) => Promise<Response>,
  limit: number,
): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (let breaks = 0; ; ) {
    const response = await ask(size > 0 ? { range: `bytes=${size}-` } : {});
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    if (size > 0 && response.status !== 206) {
      // No ranges here: from the start again.
      parts.length = 0;
      size = 0;
    }
    try {
      for await (const part of response.body ?? []) {
        size += part.length;
        if (size > limit) throw unavailable(`sent more than ${limit} bytes`);
        parts.push(part);
      }
      return concatBytes(...parts);
    } catch (error) {
      if (error instanceof UnavailableError || ++breaks > 4) throw error;
    }
  }
}

const unavailable = (message: string) =>
  new UnavailableError(message, { hints: ["Check the settings of the bucket, and try again."] });
const codeOf = (body: string) => /<Code>([^<]+)<\/Code>/.exec(body)?.[1] ?? body.slice(0, 200);

/** What went wrong on the wire, in the words of the innermost error. */
export function reason(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error ? inner.message : String(inner);
}
