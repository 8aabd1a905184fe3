// A bucket for tests, on loopback: checks every request's Signature Version 4 by itself, keeps objects in memory.
import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface S3Double {
  readonly url: string;
  readonly keys: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly objects: Map<string, Buffer>;
  /** Method and path of every request that was let in. */
  readonly log: string[];
  /** Looks at a request first; true when it has answered by itself. */
  before: (request: IncomingMessage, response: ServerResponse) => boolean;
  close(): Promise<void>;
}

const sha = (data: string | Buffer) => createHash("sha256").update(data).digest("hex");
const hmac = (key: string | Buffer, data: string) => createHmac("sha256", key).update(data).digest();

/** AWS Signature Version 4 over the request as it came: canonical request, string to sign, four nested keys. */
function problemOf(request: IncomingMessage, body: Buffer, secret: string): string | undefined {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? "",
    );
  if (!match) return "AccessDenied";
  const [, , date, region, signed, signature] = match as unknown as string[];
  const claimed = String(request.headers["x-amz-content-sha256"]);
  if (claimed !== sha(body)) return "XAmzContentSHA256Mismatch";
  const url = new URL(request.url ?? "", "http://host");
  const query = [...url.searchParams]
    .map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`)
    .sort()
    .join("&");
  const headers = (signed as string)
    .split(";")
    .map((name) => `${name}:${String(request.headers[name]).trim()}\n`)
    .join("");
  const canonical = [request.method, url.pathname, query, headers, signed, claimed].join("\n");
  const time = String(request.headers["x-amz-date"]);
  const scope = `${date}/${region}/s3/aws4_request`;
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, date as string), region as string), "s3"), "aws4_request");
  const expected = hmac(key, ["AWS4-HMAC-SHA256", time, scope, sha(canonical)].join("\n")).toString("hex");
  return expected === signature ? undefined : "SignatureDoesNotMatch";
}

export async function openS3Double(): Promise<S3Double> {
  const keys = { accessKeyId: "test-key", secretAccessKey: "test secret/with+signs" };
  const objects = new Map<string, Buffer>();
  const uploads = new Map<string, Map<number, Buffer>>();
  const log: string[] = [];
  const refuse = (response: ServerResponse, status: number, code: string) =>
    response.writeHead(status, { "content-type": "application/xml" }).end(`<Error><Code>${code}</Code></Error>`);

  function answer(request: IncomingMessage, response: ServerResponse, body: Buffer): unknown {
    const url = new URL(request.url ?? "", "http://host");
    const [path, upload, part] = [url.pathname, url.searchParams.get("uploadId"), url.searchParams.get("partNumber")];
    const parts = upload === null ? undefined : uploads.get(upload);
    if (request.method === "POST" && url.searchParams.has("uploads")) {
      const id = `upload+${uploads.size}/=`;
      uploads.set(id, new Map());
      return response.end(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
    }
    if (upload !== null && !parts) return refuse(response, 404, "NoSuchUpload");
    if (request.method === "PUT" && parts) {
      parts.set(Number(part), body);
      return response.writeHead(200, { etag: `"${sha(body)}"` }).end();
    }
    if (request.method === "POST" && parts) {
      const listed = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>"([0-9a-f]+)"<\/ETag>/g)];
      if (listed.length !== parts.size || listed.some(([, n, tag]) => sha(parts.get(Number(n)) ?? "") !== tag))
        return refuse(response, 400, "InvalidPart");
      objects.set(path, Buffer.concat(listed.map(([, n]) => parts.get(Number(n)) as Buffer)));
      uploads.delete(upload as string);
      return response.end("<CompleteMultipartUploadResult/>");
    }
    if (request.method === "DELETE" && parts) {
      uploads.delete(upload as string);
      return response.writeHead(204).end();
    }
    if (request.method === "PUT") {
      objects.set(path, body);
      return response.writeHead(200, { etag: `"${sha(body)}"` }).end();
    }
    const object = objects.get(path);
    if (!object) return refuse(response, 404, "NoSuchKey");
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const slice = object.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { "content-length": slice.length });
    return response.end(request.method === "HEAD" ? undefined : slice);
  }

  const double: Omit<S3Double, "url" | "close"> = { keys, objects, log, before: () => false };
  const server = createServer(async (request, response) => {
    const received: Buffer[] = [];
    for await (const part of request) received.push(part as Buffer);
    const body = Buffer.concat(received);
    if ((double as S3Double).before(request, response)) return;
    const problem = problemOf(request, body, keys.secretAccessKey);
    if (problem) return refuse(response, 403, problem);
    log.push(`${request.method} ${request.url}`);
    answer(request, response, body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(double as S3Double, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/bucket/assay`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
