import { createServer, type Server } from "node:http";
import { afterEach, expect, it } from "vitest";
import { openRpc } from "./rpc.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

/** A node that answers what it is told to; a number is an HTTP status. */
async function node(answers: (method: string, count: number) => unknown): Promise<string> {
  let count = 0;
  server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { id, method } = JSON.parse(body) as { id: number; method: string };
    const answer = answers(method, ++count);
    if (typeof answer === "number") response.writeHead(answer).end("busy");
    else response.end(JSON.stringify({ jsonrpc: "2.0", id, ...(answer as object) }));
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

it("settles by the finalized tag where there is one, else by depth", async () => {
  let finalized: unknown = { result: { number: "0x20" } };
  const url = await node((method) => {
    if (method === "eth_chainId") return { result: "0x1" };
    return finalized;
  });
  expect(await (await openRpc({ url })).settled()).toBe(32n);
  let head = "0x64";
  server?.removeAllListeners("request");
  server?.on("request", async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: unknown[] };
    const latest = { result: { number: head, hash: "0x", timestamp: "0x1" } };
    const reply = method === "eth_chainId" ? { result: "0x1" } : params[0] === "finalized" ? finalized : latest;
    response.end(JSON.stringify({ jsonrpc: "2.0", id, ...(reply as object) }));
  });
  for (finalized of [{ result: null }, { error: { code: -39001, message: "unknown block" } }]) {
    expect(await (await openRpc({ url })).settled()).toBe(88n);
    expect(await (await openRpc({ url, depth: 3 })).settled()).toBe(97n);
  }
  head = "0x5";
  expect(await (await openRpc({ url })).settled()).toBe(0n);
});

it("tries again, then says that the node is down, without the path that may hold a key", async () => {
  const url = await node((_method, count) => (count < 3 ? 503 : { result: "0x7" }));
  expect((await openRpc({ url })).chainId).toBe(7);
  server?.closeAllConnections();
  server?.close();
  const down = await openRpc({ url: `${url}/v3/secret`, attempts: 2 }).catch((error: unknown) => error);
  expect(down).toMatchObject({ name: "RpcUnavailableError", kind: "retryable" });
  expect(JSON.stringify(down)).not.toContain("secret");
  expect(String(down)).not.toContain("secret");
});

it("refuses what is no RPC address, and a depth below 0", async () => {
  await expect(openRpc({ url: "localhost" })).rejects.toMatchObject({ name: "InvalidInputError" });
  await expect(openRpc({ url: "ftp://x" })).rejects.toMatchObject({ name: "InvalidInputError" });
  await expect(openRpc({ url: "http://127.0.0.1:1", depth: -1 })).rejects.toMatchObject({ name: "InvalidInputError" });
  const page = await node(() => 404);
  await expect(openRpc({ url: page, attempts: 1 })).rejects.toMatchObject({ name: "RpcUnavailableError" });
});
