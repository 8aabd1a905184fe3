import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { type Answers, answers } from "./fixture.answers.ts";

const types: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** A server that answers as a node does, from fixed data, and serves the built dashboard. */
export interface Fixture {
  readonly url: string;
  /** Swaps what it answers; a function may throw to show a failing node. */
  answer(next: Answers): void;
  /** Sends one event to all open streams. */
  tell(type: string, data: unknown): void;
  close(): Promise<void>;
}

export async function serve(folder: string, port = 0): Promise<Fixture> {
  let current: Answers = answers;
  let count = 0;
  const streams = new Set<ServerResponse>();
  const json = (response: ServerResponse, code: number, body: unknown) => {
    response.writeHead(code, { "content-type": code < 400 ? "application/json" : "application/problem+json" });
    response.end(JSON.stringify(body));
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (url.pathname === "/v1/events") {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      response.write("retry: 300\n\n");
      streams.add(response);
      request.on("close", () => streams.delete(response));
      return;
    }
    if (url.pathname.startsWith("/v1/")) {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const action = url.pathname.slice(4).replace("/", ".");
        try {
          const body = chunks.length > 0 ? (JSON.parse(Buffer.concat(chunks).toString()) as unknown) : undefined;
          const found = current[action]?.(url.searchParams, body);
          if (found !== undefined) return json(response, 200, found);
          json(response, 404, {
            name: "NotFoundError",
            message: `There is no ${url.searchParams.get("id") ?? action} here.`,
            hints: ["Look at the lists."],
            status: 404,
          });
        } catch (error) {
          json(response, 503, {
            name: "UnavailableError",
            message: String((error as Error).message),
            hints: ["Try again."],
            status: 503,
          });
        }
      });
      return;
    }
    const path = normalize(url.pathname === "/" ? "/index.html" : url.pathname);
    readFile(join(folder, path)).then(
      (bytes) => {
        response.writeHead(200, { "content-type": types[extname(path)] ?? "application/octet-stream" });
        response.end(bytes);
      },
      () => json(response, 404, {}),
    );
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answer: (next) => {
      current = next;
    },
    tell: (type, data) => {
      count++;
      for (const stream of streams) stream.write(`id: f-${count}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    close: async () => {
      for (const stream of streams) stream.end();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
