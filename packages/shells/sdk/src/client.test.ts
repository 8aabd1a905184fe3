import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { defineAction, defineCapability } from "@kernel/capability";
import { amount, uint } from "@kernel/capability/schemas.ts";
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { createClient, readEvents } from "./index.ts";

const assets = defineCapability({
  name: "assets",
  summary: "",
  actions: [
    defineAction({
      name: "assets.publish",
      summary: "",
      kind: "write",
      input: z.object({ name: z.string(), price: amount().default(0n) }),
      output: z.object({ id: uint, shares: z.array(z.object({ bps: z.int(), amount: uint })) }),
      load: async () => async () => ({ id: 1n, shares: [] }),
    }),
    defineAction({
      name: "assets.list",
      summary: "",
      kind: "read",
      input: z.object({ limit: z.int().default(10) }),
      output: z.object({}),
      load: async () => async () => ({}),
    }),
  ],
});

interface Seen {
  readonly url: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

let server: Server;
let url = "";
let seen: Seen[] = [];
let connections = 0;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    seen.push({ url: request.url ?? "", headers: request.headers, body: text && JSON.parse(text) });
    const sse = { "content-type": "text/event-stream" };
    if (request.url?.startsWith("/v1/events")) {
      connections++;
      response.writeHead(200, sse);
      response.write(
        `retry: 1\n\nid: r-${connections}\r\nevent: job\r\ndata: {"n":${connections},\r\ndata: "two":2}\r\n\r\n`,
      );
      return void setTimeout(() => response.end(), 5);
    }
    if (request.url === "/v1/blobs/0xbad") return void response.end("other bytes");
    if (request.url === "/v1/assets/hangup") {
      response.writeHead(200, sse);
      return void response.end('event: progress\ndata: {"label":"x"}\n\n');
    }
    if (request.url === "/v1/assets/list") {
      response.writeHead(404, { "content-type": "application/problem+json" });
      const problem = {
        name: "NotFoundError",
        message: "no list",
        kind: "user",
        hints: ["look"],
        data: { id: "7" },
        status: 404,
      };
      return void response.end(JSON.stringify(problem));
    }
    if (request.url === "/v1/assets/html") return void response.end("<html>");
    if (request.headers.accept === "text/event-stream") {
      response.writeHead(200, sse);
      response.write('event: progress\ndata: {"label":"writing","done":1,"total":2}\n\n: still here\n\n');
      return void response.end('event: result\ndata: {"id":"8"}\n\n');
    }
    response.end('{"id":"7"}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise<void>((resolve) => void server.close(() => resolve())));

describe("the client", () => {
  it("has a method for each action, typed", async () => {
    seen = [];
    const client = createClient<typeof assets>({ url, token: "t" });
    const result = await client.assets.publish({ name: "rain", price: 10n ** 20n }, { idempotencyKey: "k" });
    expectTypeOf(result.id).toEqualTypeOf<string>();
    expectTypeOf(result.shares).toEqualTypeOf<readonly { readonly bps: number; readonly amount: string }[]>();
    expectTypeOf(client.assets.publish)
      .parameter(0)
      .toEqualTypeOf<{ name: string; price?: string | number | bigint | undefined }>();
    expect(result).toEqual({ id: "7" });
    expect(seen[0]).toMatchObject({
      url: "/v1/assets/publish",
      headers: { authorization: "Bearer t", "idempotency-key": "k", "content-type": "application/json" },
      body: { name: "rain", price: "100000000000000000000" },
    });
  });

  it("tells of progress", async () => {
    const steps: unknown[] = [];
    const result = await createClient({ url }).$call("assets.publish", {}, { onProgress: (step) => steps.push(step) });
    expect([steps, result]).toEqual([[{ label: "writing", done: 1, total: 2 }], { id: "8" }]);
  });

  it("gives the node's errors their names", async () => {
    const client = createClient<typeof assets>({ url });
    await expect(client.assets.list()).rejects.toMatchObject({
      name: "NotFoundError",
      status: 404,
      hints: ["look"],
      data: { id: "7" },
    });
    await expect(client.$call("assets.html")).rejects.toMatchObject({ name: "NotJsonError" });
    const hangup = client.$call("assets.hangup", {}, { onProgress: () => undefined });
    await expect(hangup).rejects.toMatchObject({ name: "UnavailableError", kind: "retryable" });
    await expect(createClient({ url: "http://127.0.0.1:1" }).$call("a.b")).rejects.toMatchObject({
      name: "UnavailableError",
    });
    await expect(client.$blob("0xbad")).rejects.toMatchObject({ name: "IntegrityError" });
  });

  it("follows events over broken lines, resuming after the last id", async () => {
    const abort = new AbortController();
    seen = [];
    const got: unknown[] = [];
    for await (const event of createClient({ url }).$events({ types: ["job"], signal: abort.signal, retry: 1 })) {
      got.push([event.id, event.type, JSON.parse(event.data).two]);
      if (got.length === 3) abort.abort();
    }
    expect(got).toEqual(["r-1", "r-2", "r-3"].map((id) => [id, "job", 2]));
    expect(seen.map((one) => one.url)).toEqual([
      "/v1/events?types=job",
      "/v1/events?types=job&since=r-1",
      "/v1/events?types=job&since=r-2",
    ]);
  });

  it("reads events however the bytes are cut", async () => {
    const text = "id: 1\r\nevent: a\r\ndata: über\r\n\r\n: note\n\ndata: x\n\n";
    for (let size = 1; size < 9; size++) {
      const bytes = new TextEncoder().encode(text);
      const stream = new ReadableStream({
        start(controller) {
          for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
          controller.close();
        },
      });
      const events = [];
      for await (const event of readEvents(new Response(stream))) events.push(event);
      expect(events, String(size)).toEqual([
        { id: "1", type: "a", data: "über" },
        { id: undefined, type: "message", data: "x" },
      ]);
    }
  });
});
