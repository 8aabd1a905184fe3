// One call of one action over HTTP, with fetch alone: works in browsers and Node.
import { BaseError, type ErrorKind, UnavailableError } from "@base/errors";
import type { Progress } from "@kernel/capability";
import { readEvents } from "./sse.ts";

export interface ClientOptions {
  /** Address of the node, e.g. http://127.0.0.1:4400; empty means the page's own origin. */
  readonly url: string;
  /** Token for writes, where the node wants one. */
  readonly token?: string | undefined;
  /** In place of the global fetch. */
  readonly fetch?: typeof fetch | undefined;
}

export interface CallOptions {
  readonly onProgress?: ((step: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** For writes: the node does the same key's work once. */
  readonly idempotencyKey?: string | undefined;
}

/** An error that the node told of: `name`, `kind`, `hints` and `data` are those of the error there. */
export class RemoteError extends BaseError {
  override name: string;
  /** HTTP status; 0 when the answer came in a stream. */
  readonly status: number;
  constructor(status: number, problem: Readonly<Record<string, unknown>>) {
    const kinds: readonly unknown[] = ["retryable", "user", "bug"];
    super(String(problem["message"] ?? problem["detail"] ?? `The node answered ${status}.`), {
      kind: kinds.includes(problem["kind"]) ? (problem["kind"] as ErrorKind) : status >= 500 ? "retryable" : "user",
      hints: Array.isArray(problem["hints"]) ? problem["hints"].map(String) : [],
      data: (problem["data"] as Record<string, unknown> | undefined) ?? {},
    });
    this.name = String(problem["name"] ?? "RemoteError");
    this.status = status;
  }
}

/**
 * Calls an action and gives its JSON result (bigints as decimal strings). Throws RemoteError for what the node refuses,
 * UnavailableError when it does not answer.
 */
export async function request(
  client: ClientOptions,
  name: string,
  input: unknown,
  options: CallOptions = {},
): Promise<unknown> {
  const headers: Record<string, string> = { "content-type": "application/json", accept: "application/json" };
  if (options.onProgress) headers["accept"] = "text/event-stream";
  if (client.token !== undefined) headers["authorization"] = `Bearer ${client.token}`;
  if (options.idempotencyKey !== undefined) headers["idempotency-key"] = options.idempotencyKey;
  const body = JSON.stringify(input ?? {}, (_, value) => (typeof value === "bigint" ? value.toString() : value));
  const path = `/v1/${name.split(".").map(encodeURIComponent).join("/")}`;
  const signal = options.signal ?? null;
  const response = await send(client, path, { method: "POST", headers, body, signal });
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) return follow(client, response, options);
  const answer = await parse(response);
  if (!response.ok) throw new RemoteError(response.status, answer as Record<string, unknown>);
  return answer;
}

async function follow(client: ClientOptions, response: Response, options: CallOptions): Promise<unknown> {
  for await (const { type, data } of readEvents(response)) {
    const value = JSON.parse(data);
    if (type === "progress") options.onProgress?.(value as Progress);
    if (type === "result") return value;
    if (type === "error") throw new RemoteError(Number(value.status ?? 0), value);
  }
  throw new UnavailableError(`The node at ${client.url || "this address"} hung up before it was done.`, {
    hints: ["The work may have gone on: look at the result before you call again."],
  });
}

/** Sends a request to the node. Throws UnavailableError when there is no answer. */
export async function send(client: ClientOptions, path: string, init: RequestInit): Promise<Response> {
  try {
    return await (client.fetch ?? fetch)(`${client.url.replace(/\/$/, "")}${path}`, init);
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new UnavailableError(`There is no answer from the node at ${client.url || "this address"}.`, {
      cause,
      hints: ["Start it with `npm start`, or name another with its URL."],
    });
  }
}

async function parse(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new RemoteError(response.status, {
      name: "NotJsonError",
      message: `The node answered ${response.status} without JSON: is it a node?`,
    });
  }
}
