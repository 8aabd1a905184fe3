import type { AddressInfo } from "node:net";
import { InvalidInputError } from "@base/errors";
import { PortTakenError } from "@machines/chain";
import { type ServerType, serve } from "@hono/node-server";
import type { Hono } from "hono";

/** A server that listens. */
export interface Listening {
  readonly url: string;
  readonly port: number;
  /** Ends open connections after a second. */
  close(): Promise<void>;
}

/** Serves the app at host:port (0 picks a free port). Throws PortTakenError, InvalidInputError. */
export async function listen(
  app: Hono,
  { host = "127.0.0.1", port }: { host?: string; port: number },
): Promise<Listening> {
  const server = await new Promise<ServerType>((resolve, reject) => {
    const made = serve({ fetch: app.fetch, hostname: host, port }, () => resolve(made));
    made.once("error", (cause: NodeJS.ErrnoException) => reject(explain(cause, host, port)));
  });
  const bound = (server.address() as AddressInfo).port;
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${name}:${bound}`,
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        const all = () => "closeAllConnections" in server && server.closeAllConnections();
        setTimeout(all, 1_000).unref();
      }),
  };
}

function explain(cause: NodeJS.ErrnoException, host: string, port: number): Error {
  if (cause.code === "EADDRINUSE") {
    return new PortTakenError(`Port ${port} on ${host} is taken by another program.`, {
      cause,
      hints: ["Choose another port, or stop that program."],
      data: { host, port },
    });
  }
  return new InvalidInputError(`The node cannot listen on ${host}:${port}: ${cause.message}`, {
    cause,
    data: { host, port },
  });
}
