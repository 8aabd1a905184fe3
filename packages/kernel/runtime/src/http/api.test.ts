import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeChain, fakeMachines, payments } from "../../test/fakes.ts";
import { counters, letGo, toys } from "../../test/toys.ts";
import { createRuntime } from "../runtime.ts";
import type { Runtime } from "../types.ts";
import type { ApiOptions } from "./api.ts";

let runtime: Runtime;
let machines: Awaited<ReturnType<typeof fakeMachines>>;

async function make(api: ApiOptions = {}, more: object = {}) {
  machines = await fakeMachines([toys, payments]);
  runtime = await createRuntime({ capabilities: [toys, payments], ...machines, poll: 5, api, ...more });
  return runtime.app;
}

const send = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  runtime.app.request(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

beforeEach(async () => {
  counters.writes = 0;
  await make();
});
afterEach(async () => {
  await runtime.stop();
  await machines.db.close();
  await machines.remove();
});

describe("routes from actions", () => {
  it("carries bigints as decimal strings, by POST and by GET", async () => {
    const big = (2n ** 200n).toString();
    const posted = await send("/v1/toys/add", { a: big, b: 2, tags: ["x"], times: 3 });
    expect(posted.status).toBe(200);
    const sum = ((2n ** 200n + 2n) * 3n).toString();
    expect(await posted.json()).toMatchObject({ sum, tags: ["x"] });
    const got = await runtime.app.request(`/v1/toys/add?a=${big}&b=2&tags=x&times=3`);
    expect(await got.json()).toMatchObject({ sum, tags: ["x"] });
    expect((await runtime.app.request("/v1/toys/buy?name=bear")).status).toBe(404);
  });

  it("names what does not fit", async () => {
    const bad = await send("/v1/toys/buy", { nme: "bear", price: "1e3" });
    expect(bad.status).toBe(400);
    expect(bad.headers.get("content-type")).toBe("application/problem+json");
    const problem = await bad.json();
    expect(problem).toMatchObject({
      name: "InvalidInputError",
      kind: "user",
      status: 400,
      type: "urn:assay:error:InvalidInputError",
    });
    expect(problem.message).toContain('nme: unknown field; did you mean "name"?');
    expect(problem.message).toContain("price: expected an amount such as 12.5");
    expect((await send("/v1/toys/buy", "{not json")).status).toBe(400);
    expect((await send("/v1/toys/buy", "[]")).status).toBe(400);
    expect((await send("/v1/toys/add", {}, { "content-type": "text/plain" })).status).toBe(415);
    expect((await runtime.app.request("/v1/toys/add?a=1&times=many")).status).toBe(400);
    expect((await send("/v1/toys/dance", {})).status).toBe(404);
  });

  it.each([
    ["user", 400, "InvalidInputError"],
    ["missing", 404, "NotFoundError"],
    ["integrity", 409, "IntegrityError"],
    ["away", 503, "UnavailableError"],
    ["bug", 500, "BugError"],
    ["lie", 500, "BugError"],
  ])("answers a %s error with %i, no stack, no internals", async (how, status, name) => {
    const response = await send("/v1/toys/refuse", { how });
    const text = await response.text();
    expect([response.status, JSON.parse(text).name]).toEqual([status, name]);
    expect(text).not.toMatch(/secret internals|\bat \/|node_modules|stack/);
    if (how === "user") expect(JSON.parse(text)).toMatchObject({ hints: ["Mend row 3."], data: { row: "3" } });
    if (status === 503) expect(response.headers.get("retry-after")).toBe("1");
  });

  it("limits the body", async () => {
    await make({ bodyLimit: 1_000 });
    expect((await send("/v1/toys/buy", { name: "x".repeat(2_000) })).status).toBe(413);
    expect((await send("/v1/toys/buy", { name: "x".repeat(100) })).status).toBe(200);
  });

  it("streams progress and the result when asked for events", async () => {
    const response = await send("/v1/toys/buy", { name: "bear", price: "1.5" }, { accept: "text/event-stream" });
    const text = await response.text();
    const events = [...text.matchAll(/event: (\w+)\ndata: (.*)\n/g)].map(([, type, data]) => [
      type,
      JSON.parse(data as string),
    ]);
    expect(events).toEqual([
      ["progress", { label: "wrapping", done: 1, total: 2, unit: "toys" }],
      ["progress", { label: "wrapping", done: 2, total: 2, unit: "toys" }],
      ["result", { name: "bear", price: "1500000000000000000", count: 1 }],
    ]);
    const refused = await (await send("/v1/toys/refuse", { how: "missing" }, { accept: "text/event-stream" })).text();
    expect(refused).toContain("event: error");
  });
});

describe("idempotency keys", () => {
  it("do a write once, refuse another body, retry what may pass", async () => {
    const key = { "idempotency-key": "k-1" };
    const first = await (await send("/v1/toys/buy", { name: "bear" }, key)).json();
    const second = await send("/v1/toys/buy", { name: "bear" }, key);
    expect([await second.json(), second.headers.get("idempotency-replayed"), counters.writes]).toEqual([
      first,
      "true",
      1,
    ]);
    expect((await send("/v1/toys/buy", { name: "doll" }, key)).status).toBe(422);
    expect((await send("/v1/toys/buy", { name: "doll" }, { "idempotency-key": "x".repeat(300) })).status).toBe(400);
    const away = { "idempotency-key": "k-2" };
    expect((await send("/v1/toys/refuse", { how: "away" }, away)).status).toBe(503);
    expect((await send("/v1/toys/refuse", { how: "away" }, away)).headers.get("idempotency-replayed")).toBeNull();
    const gone = { "idempotency-key": "k-3" };
    await send("/v1/toys/refuse", { how: "missing" }, gone);
    expect((await send("/v1/toys/refuse", { how: "missing" }, gone)).headers.get("idempotency-replayed")).toBe("true");
  });

  it("join a write that is still running, and admit when its end is unknown", async () => {
    const key = { "idempotency-key": "k-4" };
    const both = [
      send("/v1/toys/buy", { name: "bear", slow: true }, key),
      send("/v1/toys/buy", { name: "bear", slow: true }, key),
    ];
    const free = setInterval(letGo, 20);
    const [one, two] = await Promise.all(both);
    clearInterval(free);
    expect([await one?.json(), counters.writes]).toEqual([await two?.json(), 1]);
    await machines.db.kysely.updateTable("idempotency").set({ state: "running" }).execute();
    const unknown = await send("/v1/toys/buy", { name: "bear", slow: true }, key);
    expect([unknown.status, (await unknown.json()).name]).toEqual([409, "OutcomeUnknownError"]);
  });
});

describe("the guard", () => {
  const call = (headers: Record<string, string>) => send("/v1/toys/buy", { name: "bear" }, headers);

  it("answers only to loopback names, against DNS rebinding", async () => {
    expect((await call({ host: "127.0.0.1:8080" })).status).toBe(200);
    expect((await call({ host: "[::1]:8080" })).status).toBe(200);
    expect((await call({ host: "evil.example:8080" })).status).toBe(421);
    expect((await runtime.app.request("http://evil.example/v1/status")).status).toBe(421);
    await make({ hosts: ["node.example"] });
    expect((await call({ host: "node.example" })).status).toBe(200);
  });

  it("refuses pages of other sites", async () => {
    expect((await call({ host: "localhost:8080", origin: "http://localhost:8080" })).status).toBe(200);
    expect((await call({ origin: "https://evil.example" })).status).toBe(403);
    expect((await call({ origin: "null" })).status).toBe(403);
    expect((await call({ origin: "http://localhost:9999", host: "localhost:8080" })).status).toBe(403);
    expect((await call({ "sec-fetch-site": "cross-site" })).status).toBe(403);
    const image = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" };
    for (const path of ["/v1/toys/add?a=1", "/v1/toys/read?path=/etc/hostname", "/v1/blobs/0x00", "/V1/status"]) {
      expect((await runtime.app.request(path, { headers: image })).status, path).toBe(403);
      expect((await runtime.app.request(path, { headers: { "sec-fetch-site": "same-site" } })).status, path).toBe(403);
    }
    expect(
      (await runtime.app.request("/v1/toys/add?a=1", { headers: { "sec-fetch-site": "same-origin" } })).status,
    ).toBe(200);
    expect((await runtime.app.request("/decisions/7", { headers: image })).status).toBe(404);
    await make({ origins: ["https://dash.example"] });
    const allowed = await call({ origin: "https://dash.example" });
    expect([allowed.status, allowed.headers.get("access-control-allow-origin")]).toEqual([200, "https://dash.example"]);
  });

  it("wants a token for writes where one is set, and always when other machines can reach it", async () => {
    await make({ token: "hunter22" });
    expect((await call({})).status).toBe(401);
    expect((await call({ authorization: "Bearer wrong" })).status).toBe(401);
    expect((await call({ authorization: "Bearer hunter22" })).status).toBe(200);
    expect((await send("/v1/toys/add", { a: 1 })).status).toBe(200);
    expect((await send("/mcp", { jsonrpc: "2.0", id: 1, method: "tools/list" })).status).toBe(401);
    await expect(make({ host: "0.0.0.0" })).rejects.toThrow("no token is set");
    await make({ host: "0.0.0.0", token: "hunter22" });
    const remote = await send(
      "/v1/toys/read",
      { path: "/etc/passwd" },
      { authorization: "Bearer hunter22", host: "node.example" },
    );
    expect([remote.status, (await remote.json()).name]).toEqual([403, "RemoteFileError"]);
  });
});

describe("blobs, files, health", () => {
  it("serves blobs as what never changes", async () => {
    const hash = await machines.store.put(new TextEncoder().encode("rain"));
    const first = await runtime.app.request(`/v1/blobs/${hash}`);
    expect([first.status, await first.text(), first.headers.get("etag")]).toEqual([200, "rain", `"${hash}"`]);
    expect(first.headers.get("cache-control")).toContain("immutable");
    const rest = await runtime.app.request(`/v1/blobs/${hash}`, { headers: { range: "bytes=2-" } });
    const whole = new Uint8Array(await (await runtime.app.request(`/v1/blobs/${hash}`)).arrayBuffer());
    expect(rest.status).toBe(206);
    expect(rest.headers.get("content-range")).toBe(`bytes 2-${whole.length - 1}/${whole.length}`);
    expect(new Uint8Array(await rest.arrayBuffer())).toEqual(whole.subarray(2));
    const beyond = await runtime.app.request(`/v1/blobs/${hash}`, { headers: { range: "bytes=9999-" } });
    expect(beyond.status).toBe(416);
    const again = await runtime.app.request(`/v1/blobs/${hash}`, { headers: { "if-none-match": `"${hash}"` } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    expect((await runtime.app.request(`/v1/blobs/0x${"1".repeat(64)}`)).status).toBe(404);
    expect((await runtime.app.request("/v1/blobs/..%2f..%2fetc")).status).toBe(400);
  });

  it("serves the dashboard's files and nothing beside them", async () => {
    const folder = mkdtempSync(join(tmpdir(), "static-"));
    mkdirSync(join(folder, "web", "assets"), { recursive: true });
    writeFileSync(join(folder, "secret.txt"), "secret");
    writeFileSync(join(folder, "web", "index.html"), "<title>Assay</title>");
    writeFileSync(join(folder, "web", "assets", "app-B7xQ2kLm.js"), "1");
    const app = await make({ staticDir: join(folder, "web") });
    expect(await (await app.request("/")).text()).toContain("Assay");
    expect(await (await app.request("/decisions/7")).text()).toContain("Assay");
    expect((await app.request("/assets/app-B7xQ2kLm.js")).headers.get("cache-control")).toContain("immutable");
    expect((await app.request("/assets/missing.js")).status).toBe(404);
    expect((await app.request("/v1/nothing")).status).toBe(404);
    for (const path of ["/..%2fsecret.txt", "/%2e%2e/secret.txt", "/..\\secret.txt", "/%00", "/%E0%A4%A"]) {
      expect(await (await app.request(path)).text(), path).not.toContain("secret\n");
      expect((await app.request(path)).headers.get("content-type"), path).not.toContain("text/plain");
    }
    rmSync(folder, { recursive: true });
  });

  it("tells health, readiness, status and metrics", async () => {
    await runtime.start();
    await runtime.indexer.indexed(0n);
    await send("/v1/toys/buy", { name: "bear" });
    expect(await (await runtime.app.request("/healthz")).json()).toMatchObject({ name: "assay", ok: true });
    expect(await (await runtime.app.request("/readyz")).json()).toEqual({
      ok: true,
      checks: { database: "ok", chain: "ok", index: "ok" },
    });
    expect(await (await runtime.app.request("/v1/status")).json()).toMatchObject({
      chain: { id: 31337 },
      index: { block: "0" },
    });
    const metrics = await (await runtime.app.request("/metrics")).text();
    expect(metrics).toContain('assay_http_requests_total{method="POST",route="/v1/toys/buy",status="200"} 1');
    expect(metrics).toContain('assay_action_calls_total{action="toys.buy",outcome="ok"} 1');
    expect(metrics).toContain("assay_index_block 0");
    (machines.chain as unknown as FakeChain).failing = 1;
    expect((await runtime.app.request("/readyz")).status).toBe(503);
  });

  it("describes itself in OpenAPI 3.1", async () => {
    const document = await (await runtime.app.request("/openapi.json")).json();
    expect(document.openapi).toBe("3.1.0");
    expect(document.paths["/v1/toys/buy"].post.requestBody.content["application/json"].schema).toMatchObject({
      required: ["name"],
      properties: { price: { type: "string", format: "amount" }, name: { description: "Which toy." } },
    });
    expect(document.paths["/v1/toys/add"].get.parameters.map(({ name }: { name: string }) => name)).toEqual([
      "a",
      "b",
      "tags",
      "times",
    ]);
    expect(document.paths["/v1/toys/buy"].get).toBeUndefined();
    expect(JSON.stringify(document)).not.toContain("$schema");
  });
});

describe("live events", () => {
  async function read(path: string, until: (text: string) => boolean, headers: Record<string, string> = {}) {
    const abort = new AbortController();
    const response = await runtime.app.request(path, { headers, signal: abort.signal });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let text = "";
    while (!until(text)) {
      const { value, done } = await reader.read();
      if (done) break;
      text += new TextDecoder().decode(value);
    }
    await reader.cancel();
    abort.abort();
    return text;
  }

  it("tells of new rows, jobs and progress, and resumes after an id", async () => {
    await make({}, { contracts: {} });
    const reading = read("/v1/events?types=progress,job", (text) => text.includes("event: job"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await send("/v1/toys/buy", { name: "bear" });
    await runtime.context.enqueue("unknown", "k", null);
    const text = await reading;
    expect(text).toContain('"label":"wrapping"');
    expect(text).toContain('"action":"toys.buy"');
    const [first] = [...text.matchAll(/^id: ?(.*)$/gm)].map(([, id]) => id as string);
    const resumed = await read("/v1/events", (all) => all.includes("event: job"), { "last-event-id": first as string });
    expect(resumed).not.toContain('"done":1,');
    expect(resumed).toContain('"done":2,');
    expect(await read("/v1/events?since=other-5", (all) => all.includes("event:"))).toContain("event: reset");
  });
});

describe("MCP", () => {
  const rpc = async (method: string, params: unknown, id = 1) => {
    const response = await send(
      "/mcp",
      { jsonrpc: "2.0", id, method, params },
      {
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2025-06-18",
      },
    );
    const text = await response.text();
    const data = /^data: (.*)$/m.exec(text)?.[1] ?? text;
    return { status: response.status, body: JSON.parse(data) };
  };

  it("shakes hands, lists the actions as tools, and calls them", async () => {
    const hello = await rpc("initialize", {
      protocolVersion: "2025-06-18",
      capabilities: {},
      clientInfo: { name: "test", version: "1" },
    });
    expect(hello.body.result).toMatchObject({ serverInfo: { name: "assay" }, capabilities: { tools: {} } });
    const { tools } = (await rpc("tools/list", {})).body.result;
    expect(tools.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(["toys_add", "toys_buy", "toys_refuse", "toys_read", "jobs_list", "jobs_retry"]),
    );
    const buy = tools.find(({ name }: { name: string }) => name === "toys_buy");
    expect(buy).toMatchObject({
      description: "Buy a toy.",
      annotations: { readOnlyHint: false },
      inputSchema: { required: ["name"] },
    });
    const called = await rpc("tools/call", { name: "toys_add", arguments: { a: "18446744073709551616", b: "1" } });
    expect(called.body.result).toMatchObject({ structuredContent: { sum: "18446744073709551617" } });
    const refused = await rpc("tools/call", { name: "toys_refuse", arguments: { how: "bug" } });
    expect(refused.body.result.isError).toBe(true);
    expect(JSON.stringify(refused.body)).not.toContain("secret internals");
    const wrong = await rpc("tools/call", { name: "toys_add", arguments: { a: "-1" } });
    expect(JSON.stringify(wrong.body)).toContain("expected a whole number");
  });
});
