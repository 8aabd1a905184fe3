// The HTTP face of a node, made from its actions: one route per action, blobs, live events, health, metrics, MCP.
import { UnavailableError } from "@base/errors";
import type { Action, Progress } from "@kernel/capability";
import { fieldsOf, fromText } from "@kernel/capability/fields.ts";
import { fileFields, toWire } from "@kernel/capability/wire.ts";
import { type Context as HonoContext, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { streamSSE } from "hono/streaming";
import type { News } from "../news.ts";
import type { Runtime } from "../types.ts";
import { checkExposure, checkToken, type GuardOptions, guard, isLoopback } from "./guard.ts";
import { Idempotency, type Outcome } from "./idempotency.ts";
import { mcpHandler } from "./mcp.ts";
import { Metrics } from "./metrics.ts";
import { openApi, pathOf } from "./openapi.ts";
import { HttpError, problemOf, problemResponse } from "./problem.ts";
import { staticFiles } from "./static.ts";

export interface ApiOptions extends GuardOptions {
  /** Version told by OpenAPI, MCP and health; 0 unless said. */
  readonly version?: string;
  /** Largest request body in bytes; 1 MiB unless said. */
  readonly bodyLimit?: number;
  /** Folder of the dashboard's built files. */
  readonly staticDir?: string;
  /** Whether inputs may name files on this machine; only when listening on loopback unless said. */
  readonly files?: boolean;
  /** Fields that /healthz tells besides, e.g. the data folder on a loopback node. */
  readonly about?: Readonly<Record<string, string>>;
}

type Served = Omit<Runtime, "app">;

/** Makes the API. Throws InvalidInputError when other machines could write without a token. */
export function createApi(runtime: Served, options: ApiOptions): Hono {
  checkExposure(options);
  const { context } = runtime;
  const version = options.version ?? "0";
  const limit = options.bodyLimit ?? 1_048_576;
  const files = options.files ?? isLoopback(options.host ?? "127.0.0.1");
  const metrics = new Metrics();
  const idempotency = new Idempotency(context.db, context.clock);
  const app = new Hono();

  app.use(async (c, next) => {
    const began = performance.now();
    await next();
    const route =
      c.res.status === 404 && !runtime.actions.has(c.req.path.slice(4).replace("/", "."))
        ? "other"
        : routeOf(c.req.path);
    metrics.count("assay_http_requests_total", { method: c.req.method, route, status: String(c.res.status) });
    metrics.time("assay_http_request_seconds", { route }, (performance.now() - began) / 1_000);
  });
  app.use(guard(options));
  if (options.origins?.length) {
    app.use(
      "/v1/*",
      cors({ origin: [...options.origins], exposeHeaders: ["Idempotency-Replayed", "ETag"], maxAge: 600 }),
    );
  }
  const onError = () =>
    problemResponse(problemOf(new HttpError(413, "TooLargeError", `The body is larger than ${limit} bytes.`)));
  app.use(bodyLimit({ maxSize: limit, onError }));
  app.onError((error) => problemResponse(failed(runtime, error)));
  app.notFound((c) =>
    problemResponse(problemOf(new HttpError(404, "NotFoundError", `There is no ${c.req.path} here.`))),
  );

  const check = (action: Action, input: unknown) => {
    if (files) return;
    for (const name of fileFields(action.input)) {
      if ((input as Record<string, unknown> | null)?.[name] === undefined) continue;
      throw new HttpError(403, "RemoteFileError", `${name}: files of this machine are not for remote callers.`);
    }
  };

  const run = async (
    action: Action,
    input: unknown,
    request: Request,
    onProgress?: (step: Progress) => void,
  ): Promise<Outcome> => {
    // A write goes on when its caller hangs up: half a write helps nobody.
    const signal = action.kind === "read" ? request.signal : undefined;
    try {
      const result = toWire(await runtime.call(action.name, input, { onProgress, signal }));
      metrics.count("assay_action_calls_total", { action: action.name, outcome: "ok" });
      return { status: 200, body: result };
    } catch (error) {
      const problem = failed(runtime, error);
      metrics.count("assay_action_calls_total", { action: action.name, outcome: String(problem.name) });
      return { status: problem.status, body: problem };
    }
  };

  const post = async (c: HonoContext, action: Action) => {
    if (action.kind === "write") checkToken(options.token, c.req.header("authorization"));
    const input = await jsonBody(c);
    check(action, input);
    const key = action.kind === "write" ? c.req.header("idempotency-key") : undefined;
    const work = (onProgress?: (step: Progress) => void) => {
      const once = () => run(action, input, c.req.raw, onProgress);
      return key === undefined
        ? once().then((outcome) => ({ ...outcome, replayed: false }))
        : idempotency.once(key, action.name, input, once);
    };
    if (c.req.header("accept")?.includes("text/event-stream")) return streamed(c, runtime, work);
    const outcome = await work();
    return json(outcome, outcome.replayed);
  };

  for (const action of runtime.actions.values()) {
    app.post(pathOf(action), (c) => post(c, action));
    if (action.kind !== "read") continue;
    app.get(pathOf(action), async (c) => {
      const input = fromQuery(action, new URL(c.req.url).searchParams);
      check(action, input);
      return json(await run(action, input, c.req.raw));
    });
  }

  for (const route of runtime.capabilities.flatMap(({ routes }) => routes ?? [])) {
    app.on(route.method, route.path, async (c) => {
      if (route.kind === "write") checkToken(options.token, c.req.header("authorization"));
      const answer = await route.load();
      return answer(context, c.req.raw);
    });
  }

  const described = () => openApi(runtime.capabilities, version);
  let description: ReturnType<typeof described> | undefined;
  app.get("/openapi.json", (c) => {
    description ??= described();
    return c.json(description);
  });
  app.get("/v1/blobs/:hash", (c) => blob(c, runtime));
  app.get("/v1/events", (c) => eventStream(c, runtime));
  app.get("/v1/status", async (c) => c.json(await status(runtime)));
  app.get("/healthz", (c) => c.json({ name: "assay", ok: true, version, ...options.about }));
  app.get("/readyz", (c) => ready(c, runtime));
  app.get("/metrics", async (c) =>
    c.text(metrics.render(await gauges(runtime)), 200, { "content-type": "text/plain; version=0.0.4" }),
  );
  const mcp = mcpHandler(runtime, { version, limit, check });
  app.all("/mcp", (c) => {
    checkToken(options.token, c.req.header("authorization"));
    return mcp(c.req.raw);
  });
  if (options.staticDir) app.use(staticFiles(options.staticDir));
  return app;
}

const routeOf = (path: string) =>
  path.startsWith("/v1/blobs/")
    ? "/v1/blobs"
    : path.startsWith("/log/")
      ? "/log"
      : /^\/(v1|mcp|healthz|readyz|metrics|openapi)/.test(path)
        ? path
        : "static";

function failed(runtime: Served, error: unknown) {
  const problem = problemOf(error);
  if (problem.status >= 500 && problem.status !== 503) {
    const stack = error instanceof Error ? error.stack : String(error);
    runtime.context.log.error("a call failed", { error: String(error), stack });
  }
  return problem;
}

function json(outcome: Outcome, replayed = false): Response {
  const type = outcome.status >= 400 ? "application/problem+json" : "application/json";
  const headers: Record<string, string> = { "content-type": type, "cache-control": "no-store" };
  if (replayed) headers["idempotency-replayed"] = "true";
  if (outcome.status === 503) headers["retry-after"] = "1";
  return new Response(JSON.stringify(outcome.body), { status: outcome.status, headers });
}

async function jsonBody(c: HonoContext): Promise<unknown> {
  const type = c.req.header("content-type") ?? "";
  if (!/^application\/json\b/i.test(type)) {
    throw new HttpError(415, "MediaTypeError", "Send the input as JSON.", ["Set `Content-Type: application/json`."]);
  }
  const text = await c.req.text();
  try {
    return text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    throw new HttpError(400, "InvalidInputError", "The body is not valid JSON.");
  }
}

function fromQuery(action: Action, query: URLSearchParams): Record<string, unknown> {
  const fields = new Map(fieldsOf(action.input).map((field) => [field.name, field]));
  const input: Record<string, unknown> = {};
  for (const name of new Set(query.keys())) {
    const field = fields.get(name);
    input[name] = field ? fromText(field, query.getAll(name)) : query.get(name);
  }
  return input;
}

/** Progress as it happens, then `result` or `error`; comments keep the line open. */
function streamed(
  c: HonoContext,
  runtime: Served,
  work: (onProgress: (step: Progress) => void) => Promise<Outcome>,
): Response {
  return streamSSE(c, async (stream) => {
    const beat = setInterval(() => void stream.write(": still here\n\n"), 10_000);
    try {
      const { status: code, body } = await work((step) => {
        void stream.writeSSE({ event: "progress", data: JSON.stringify(step) });
      });
      await stream.writeSSE({ event: code < 400 ? "result" : "error", data: JSON.stringify(body) });
    } catch (error) {
      await stream.writeSSE({ event: "error", data: JSON.stringify(failed(runtime, error)) });
    } finally {
      clearInterval(beat);
    }
  });
}

async function blob(c: HonoContext, { context }: Served): Promise<Response> {
  const hash = (c.req.param("hash") ?? "").toLowerCase() as `0x${string}`;
  if (!/^0x[0-9a-f]{64}$/.test(hash))
    throw new HttpError(400, "InvalidInputError", "A blob's name is 0x and 64 hex digits.");
  const headers = {
    etag: `"${hash}"`,
    "cache-control": "public, max-age=31536000, immutable",
    "content-type": "application/octet-stream",
    "content-security-policy": "sandbox; default-src 'none'",
  };
  // Asked first, so that two nodes that name each other as remotes do not ask in circles.
  if (!(await context.store.has(hash))) throw new HttpError(404, "NotFoundError", `There is no blob ${hash} here.`);
  if (c.req.header("if-none-match")?.includes(`"${hash}"`)) return new Response(null, { status: 304, headers });
  const bytes = (await context.store.get(hash)) as Uint8Array<ArrayBuffer>;
  // One range without an end: what a download that broke off asks for (RFC 9110, 14.2); other ranges get the whole.
  const from = Number(/^bytes=(\d{1,15})-$/.exec(c.req.header("range") ?? "")?.[1] ?? 0);
  const common = { ...headers, "accept-ranges": "bytes" };
  if (from > 0 && from >= bytes.length) {
    return new Response(null, { status: 416, headers: { ...common, "content-range": `bytes */${bytes.length}` } });
  }
  const part = { "content-length": String(bytes.length - from) };
  if (from === 0) return new Response(bytes, { headers: { ...common, ...part } });
  const range = { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
  return new Response(bytes.subarray(from), { status: 206, headers: { ...common, ...part, ...range } });
}

const streams = new WeakMap<Served, number>();

function eventStream(c: HonoContext, runtime: Served): Response {
  const open = streams.get(runtime) ?? 0;
  if (open >= 200) throw new UnavailableError("Too many live streams are open on this node.");
  streams.set(runtime, open + 1);
  const types = c.req.query("types")?.split(",").filter(Boolean);
  const since = c.req.header("last-event-id") ?? c.req.query("since");
  const wanted = ({ type }: News) => type === "reset" || !types?.length || types.includes(type);
  return streamSSE(c, async (stream) => {
    const send = ({ id, type, data }: News) => stream.writeSSE({ id, event: type, data: JSON.stringify(data) });
    await stream.write("retry: 1000\n\n");
    for (const news of runtime.news.since(since)) if (wanted(news)) await send(news);
    const unsubscribe = runtime.news.subscribe((news) => {
      if (wanted(news)) void send(news);
    });
    const beat = setInterval(() => void stream.write(": still here\n\n"), 15_000);
    const stopped = runtime.context.signal;
    await new Promise<void>((resolve) => {
      stream.onAbort(resolve);
      if (stopped.aborted) resolve();
      stopped.addEventListener("abort", () => resolve(), { once: true });
    });
    clearInterval(beat);
    unsubscribe();
    streams.set(runtime, (streams.get(runtime) ?? 1) - 1);
  });
}

async function status({ context, indexer, jobs }: Served) {
  const { block, head, settled, events, error } = indexer.status();
  return {
    chain: {
      id: context.chain.chainId,
      kind: context.chain.kind,
      url: context.chain.url,
      head: head.toString(),
      settled: settled.toString(),
    },
    index: { block: block.toString(), events, ...(error === undefined ? {} : { error }) },
    jobs: await jobs.counts(),
    identities: context.identities.list().map(({ name, address }) => ({ name, address })),
    duties: context.duties,
  };
}

async function ready(c: HonoContext, { context, indexer }: Served): Promise<Response> {
  const attempt = (work: Promise<unknown>) =>
    work.then(
      () => "ok",
      (error) => String((error as Error)?.message ?? error).split("\n")[0],
    );
  const { block, head, error } = indexer.status();
  const behind = head - block;
  const checks = {
    database: await attempt(context.db.kysely.selectFrom("index_cursor").select("id").execute()),
    chain: await attempt(context.chain.head()),
    index: error ?? (behind > 50n ? `${behind} blocks behind` : "ok"),
  };
  const ok = Object.values(checks).every((state) => state === "ok");
  return c.json({ ok, checks }, ok ? 200 : 503);
}

async function gauges({ indexer, jobs }: Served) {
  const { block, head, settled, events } = indexer.status();
  const counts = Object.entries(await jobs.counts());
  return [
    ["assay_chain_head", head],
    ["assay_chain_settled", settled],
    ["assay_index_block", block],
    ["assay_index_events", events],
    ...counts.map(([state, count]) => ["assay_jobs", count, { state }] as const),
    ["process_resident_memory_bytes", process.memoryUsage.rss()],
    ["process_uptime_seconds", Math.round(process.uptime())],
  ] as const;
}
