// The TypeScript client of a node: typed by the capabilities, fetch only, runs in browsers and Node.
import type { Capability } from "@kernel/capability";
import { type CallOptions, type ClientOptions, RemoteError, request, send } from "./request.ts";
import { readEvents, type ServerEvent } from "./sse.ts";

export { type CallOptions, type ClientOptions, RemoteError, request } from "./request.ts";
export { readEvents, type ServerEvent } from "./sse.ts";

/** What crosses JSON in place of a value: bigints become decimal strings. */
export type Wire<T> = T extends bigint
  ? string
  : T extends readonly (infer U)[]
    ? readonly Wire<U>[]
    : T extends (...args: never[]) => unknown
      ? never
      : T extends object
        ? { readonly [K in keyof T]: Wire<T[K]> }
        : T;

type Actions<C extends Capability> = C extends unknown ? NonNullable<C["actions"]>[number] : never;

type RoomOf<N> = N extends `${infer R}.${string}` ? R : never;

type Method<A> = A extends { readonly types?: { readonly input: infer I; readonly output: infer O } }
  ? (
      ...args: Record<string, never> extends I ? [input?: I, options?: CallOptions] : [input: I, options?: CallOptions]
    ) => Promise<Wire<O>>
  : never;

/** `client.assets.publish(input)` for each action of the capabilities. */
export type Rooms<C extends Capability> = {
  readonly [R in RoomOf<Actions<C>["name"]>]: {
    readonly [A in Actions<C> as A["name"] extends `${R}.${infer V}` ? V : never]: Method<A>;
  };
};

/** What every client has besides its rooms. */
export interface ClientBase {
  /** Calls an action by name, untyped. */
  $call(name: string, input?: unknown, options?: CallOptions): Promise<unknown>;
  /** The bytes of a blob, checked against its hash. Throws RemoteError, also when the bytes differ. */
  $blob(hash: string, signal?: AbortSignal): Promise<Uint8Array>;
  /** Follows what happens on the node, over broken lines, until the signal ends it; see `/v1/events`. */
  $events(options?: EventOptions): AsyncGenerator<ServerEvent>;
}

export interface EventOptions {
  /** Only these: rows, head, rollback, event, job, progress. */
  readonly types?: readonly string[];
  /** Resume after this id. */
  readonly since?: string;
  readonly signal?: AbortSignal;
  /** Milliseconds before a broken line is tried again; 1,000 unless said. */
  readonly retry?: number;
}

/**
 * Makes a client. Its methods come from the names alone, so no capability is loaded:
 * `createClient<typeof assets | typeof oracle>({ url })`.
 */
export function createClient<C extends Capability = never>(options: ClientOptions): ClientBase & Rooms<C> {
  const base: ClientBase = {
    $call: (name, input, callOptions) => request(options, name, input, callOptions),
    $blob: (hash, signal) => blob(options, hash, signal),
    $events: (eventOptions) => events(options, eventOptions ?? {}),
  };
  const rooms = new Map<string, unknown>();
  return new Proxy(base, {
    get(target, key) {
      if (typeof key !== "string" || key in target) return target[key as keyof ClientBase];
      // Not a promise: `await createClient()` must not call a room named "then".
      if (key === "then") return undefined;
      if (!rooms.has(key)) rooms.set(key, room(options, key));
      return rooms.get(key);
    },
  }) as ClientBase & Rooms<C>;
}

function room(options: ClientOptions, name: string): unknown {
  return new Proxy(
    {},
    {
      get: (_, verb) =>
        typeof verb !== "string" || verb === "then"
          ? undefined
          : (input?: unknown, callOptions?: CallOptions) => request(options, `${name}.${verb}`, input, callOptions),
    },
  );
}

async function blob(options: ClientOptions, hash: string, signal?: AbortSignal): Promise<Uint8Array> {
  const response = await send(options, `/v1/blobs/${hash}`, { signal: signal ?? null });
  if (!response.ok)
    throw new RemoteError(response.status, (await response.json().catch(() => ({}))) as Record<string, unknown>);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const got = `0x${Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  if (got === hash.toLowerCase()) return bytes;
  throw new RemoteError(200, {
    name: "IntegrityError",
    message: `The node answered other bytes than ${hash}.`,
    data: { got },
  });
}

async function* events(
  options: ClientOptions,
  { types, since, signal, retry = 1_000 }: EventOptions,
): AsyncGenerator<ServerEvent> {
  let last = since;
  while (!signal?.aborted) {
    const query = new URLSearchParams();
    if (types?.length) query.set("types", types.join());
    if (last !== undefined) query.set("since", last);
    try {
      const response = await send(options, `/v1/events?${query}`, { signal: signal ?? null });
      if (!response.ok) throw new RemoteError(response.status, (await response.json().catch(() => ({}))) as never);
      for await (const event of readEvents(response)) {
        if (event.id !== undefined) last = event.id;
        yield event;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof RemoteError && error.kind !== "retryable") throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, retry));
  }
}
