import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { BaseError } from "@base/errors";
import { ContractRevertError, PortTakenError, RpcFaultError } from "../errors.ts";
import type { Rpc } from "../types.ts";

/** Largest request body, in bytes: eight transactions of the greatest size. */
export const maxBody: number = 2 << 20;
/** Most requests in one batch. */
export const maxBatch = 100;
const host = "127.0.0.1";

export interface RpcServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * JSON-RPC 2.0 over HTTP POST, on loopback only; port 0 takes a free one. Throws PortTakenError.
 *
 * Requests whose Host or Origin is another machine's name are refused, so that a web page cannot reach the chain by
 * pointing a name at 127.0.0.1.
 */
export async function serveRpc(rpc: Rpc, port = 0): Promise<RpcServer> {
  const server = createServer((request, response) => {
    handle(rpc, request, response).catch(() => {
      if (!response.headersSent) answer(response, 500, failure(null, -32_603, "internal error"));
      else response.destroy();
    });
  });
  server.requestTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE" && error.code !== "EACCES") return reject(error);
      reject(
        new PortTakenError(`Port ${port} on ${host} is taken.`, {
          cause: error,
          data: { port },
          hints: ["Choose another port, or leave it out to get a free one."],
        }),
      );
    });
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://${host}:${bound}`,
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface RpcCall {
  readonly id: string | number | null;
  readonly method: string;
  readonly params: readonly unknown[];
}

async function handle(rpc: Rpc, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isLocal(request.headers.host, false) || !isLocal(request.headers.origin, true)) {
    return answer(response, 403, failure(null, -32_600, "only requests to and from this machine are answered"));
  }
  cors(request, response);
  if (request.method === "OPTIONS") return answer(response, 204, undefined);
  if (request.method !== "POST") return answer(response, 405, failure(null, -32_600, "POST a JSON-RPC request"));
  const body = await readBody(request);
  if (body === undefined) {
    response.setHeader("connection", "close");
    return answer(response, 413, failure(null, -32_600, `request body exceeds ${maxBody} bytes`));
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return answer(response, 400, failure(null, -32_700, "request body is not JSON"));
  }
  if (!Array.isArray(parsed)) return answer(response, 200, await one(rpc, parsed));
  if (parsed.length === 0 || parsed.length > maxBatch) {
    return answer(response, 400, failure(null, -32_600, `a batch holds 1 to ${maxBatch} requests`));
  }
  answer(response, 200, await Promise.all(parsed.map((call) => one(rpc, call))));
}

async function one(rpc: Rpc, input: unknown): Promise<object> {
  const call = parseCall(input);
  if (call === undefined) return failure(null, -32_600, "not a JSON-RPC 2.0 request");
  try {
    return { jsonrpc: "2.0", id: call.id, result: await rpc.request(call.method, call.params) };
  } catch (error) {
    if (error instanceof RpcFaultError) return failure(call.id, error.code, error.shortMessage, error.payload);
    if (error instanceof ContractRevertError) return failure(call.id, 3, error.shortMessage, error.data.raw);
    if (error instanceof BaseError) return failure(call.id, -32_000, error.shortMessage);
    return failure(call.id, -32_603, "internal error");
  }
}

function parseCall(input: unknown): RpcCall | undefined {
  if (typeof input !== "object" || input === null) return undefined;
  const { jsonrpc, id, method, params } = input as Record<string, unknown>;
  if (jsonrpc !== "2.0" || typeof method !== "string" || method.length > 100) return undefined;
  if (params !== undefined && !Array.isArray(params)) return undefined;
  if (id !== undefined && id !== null && typeof id !== "number" && typeof id !== "string") return undefined;
  return { id: id ?? null, method, params: params ?? [] };
}

function failure(id: RpcCall["id"], code: number, message: string, data?: unknown): object {
  return { jsonrpc: "2.0", id, error: data === undefined ? { code, message } : { code, message, data } };
}

function isLocal(value: string | undefined, origin: boolean): boolean {
  if (value === undefined) return origin;
  try {
    const { hostname } = new URL(origin ? value : `http://${value}`);
    return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
  } catch {
    return false;
  }
}

function cors(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.origin === undefined) return;
  response.setHeader("access-control-allow-origin", request.headers.origin);
  response.setHeader("access-control-allow-headers", "content-type");
  response.setHeader("vary", "origin");
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBody) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function answer(response: ServerResponse, status: number, body: object | undefined): void {
  response.statusCode = status;
  if (body === undefined) return void response.end();
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(body));
}
