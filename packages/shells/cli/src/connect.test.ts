import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect, findNode } from "./connect.ts";

let dir: string;
let url = "";
let name = "assay";
const server = createServer((request, response) => {
  if (request.url === "/healthz") return void response.end(JSON.stringify({ name, ok: true }));
  response.writeHead(200, { "content-type": "text/event-stream" });
  const { authorization = "none" } = request.headers;
  response.end(
    `event: progress\ndata: {"label":"working"}\n\nevent: result\ndata: ${JSON.stringify({ url: request.url, authorization })}\n\n`,
  );
});

beforeEach(async () => {
  name = "assay";
  dir = mkdtempSync(join(tmpdir(), "connect-"));
  if (!server.listening) await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.unref();
});
afterEach(() => rmSync(dir, { recursive: true }));

const write = (file: unknown) =>
  writeFileSync(join(dir, "node.json"), typeof file === "string" ? file : JSON.stringify(file));

describe("the way to a node", () => {
  it("is HTTP when a node listens for the data folder", async () => {
    write({ url, pid: 1 });
    const opened = () => Promise.reject(new Error("opened here"));
    const connection = await connect({ dir, token: "t", open: opened });
    const steps: unknown[] = [];
    const result = await connection.call("assets.list", {}, (step) => steps.push(step));
    expect([result, steps]).toEqual([{ url: "/v1/assets/list", authorization: "Bearer t" }, [{ label: "working" }]]);
    await connection.close();
    const elsewhere = await connect({ dir: "/nowhere", url, open: opened });
    expect(await elsewhere.call("a.b", {}, () => undefined)).toMatchObject({ url: "/v1/a/b" });
  });

  it.each([
    ["no file", undefined],
    ["no JSON", "{"],
    ["no address", {}],
    ["nobody there", { url: "http://127.0.0.1:1", pid: 1 }],
  ])("is this process when there is %s", async (_, file) => {
    if (file !== undefined) write(file);
    const here = { call: async () => "here", close: async () => undefined };
    expect(await connect({ dir, open: async () => here })).toBe(here);
  });

  it("does not take another program for a node", async () => {
    name = "something else";
    write({ url, pid: 1 });
    expect(await findNode(dir)).toBeUndefined();
  });
});
