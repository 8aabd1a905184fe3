import { InvalidInputError } from "@base/errors";
import { RpcFaultError, RpcUnavailableError } from "./errors.ts";
import type { Rpc } from "./types.ts";

export interface HttpRpcOptions {
  /** Milliseconds for one request; 20,000 unless given. */
  readonly timeout?: number;
  /** Tries for a request that got no answer; 3 unless given. */
  readonly attempts?: number;
}

/**
 * JSON-RPC over HTTP(S). A request without an answer is tried again after 0.2 s, 0.4 s, ...; then RpcUnavailableError.
 *
 * Sending the same raw transaction twice is harmless, so sends are retried as well.
 */
export function httpRpc(url: string, options: HttpRpcOptions = {}): Rpc {
  const target = parseUrl(url);
  const { timeout = 20_000, attempts = 3 } = options;
  let id = 0;
  return {
    async request(method, params = []) {
      const body = JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params });
      for (let attempt = 1; ; attempt++) {
        try {
          return await post(target, body, timeout, method);
        } catch (error) {
          if (!(error instanceof RpcUnavailableError) || attempt >= attempts) throw error;
          await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** attempt));
        }
      }
    },
  };
}

function parseUrl(url: string): URL {
  try {
    const parsed = new URL(url);
    if (parsed.protocol === "http:" || parsed.protocol === "https:") return parsed;
  } catch {
    // falls through to the one sentence below
  }
  throw new InvalidInputError(`Not an RPC address: ${url.slice(0, 100)}`, {
    hints: ["It looks like http://127.0.0.1:8545 or https://..."],
  });
}

async function post(url: URL, body: string, timeout: number, method: string): Promise<unknown> {
  // The path and user part of a hosted node's address often hold a key: errors name the host only.
  const where = url.host;
  let status = 0;
  let text: string;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      signal: AbortSignal.timeout(timeout),
    });
    status = response.status;
    text = await response.text();
  } catch (cause) {
    throw new RpcUnavailableError(`No answer from the RPC node at ${where}.`, {
      cause,
      data: { host: where, method },
      hints: ["Is it running, and is the address right?"],
    });
  }
  const answer = parseAnswer(text);
  if (answer?.error !== undefined) {
    if (status === 429 || status >= 500) throw unavailable(where, method, status);
    throw new RpcFaultError(Number(answer.error.code ?? 0), String(answer.error.message ?? ""), answer.error.data);
  }
  if (status !== 200 || answer === undefined) throw unavailable(where, method, status);
  return answer.result ?? null;
}

interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly code?: unknown; readonly message?: unknown; readonly data?: unknown };
}

function parseAnswer(text: string): Answer | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "jsonrpc" in value ? (value as Answer) : undefined;
  } catch {
    return undefined;
  }
}

function unavailable(host: string, method: string, status: number): RpcUnavailableError {
  return new RpcUnavailableError(`The RPC node at ${host} answered ${method} with HTTP ${status}.`, {
    data: { host, method, status },
  });
}
