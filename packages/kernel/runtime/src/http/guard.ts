// Who may speak to the node. A page of another site must not drive a node on the user's own machine (CSRF), nor reach
// it under a name of its own (DNS rebinding); from other machines a token is needed to write.
import { createHash, timingSafeEqual } from "node:crypto";
import { InvalidInputError } from "@base/errors";
import type { MiddlewareHandler } from "hono";
import { HttpError } from "./problem.ts";

export interface GuardOptions {
  /** Address that the server listens on; 127.0.0.1 unless said. */
  readonly host?: string;
  /** Names under which the node may be called besides loopback ones, e.g. `node.example.org`. */
  readonly hosts?: readonly string[];
  /** Origins of pages on other sites that may call, e.g. `https://dashboard.example.org`. */
  readonly origins?: readonly string[];
  /** Bearer token that writes must carry. */
  readonly token?: string | undefined;
}

/** Whether an address or name means this machine only. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, "").toLowerCase();
  return name === "localhost" || name.endsWith(".localhost") || name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);
}

/** Throws InvalidInputError when the node would listen to other machines without a token. */
export function checkExposure({ host = "127.0.0.1", token }: GuardOptions): void {
  if (isLoopback(host) || token) return;
  throw new InvalidInputError(`Listening on ${host} lets other machines write, and no token is set.`, {
    hints: ["Set a token for writes, or listen on 127.0.0.1."],
    data: { host },
  });
}

/** Refuses wrong Host and Origin headers, for every route. */
export function guard(options: GuardOptions): MiddlewareHandler {
  const { host: listening = "127.0.0.1", hosts = [], origins = [] } = options;
  const anyName = !isLoopback(listening) && hosts.length === 0;
  return async (context, next) => {
    const url = new URL(context.req.url);
    const called = nameOf(context.req.header("host") ?? url.host);
    if (!anyName && !isLoopback(called) && !hosts.includes(called)) {
      throw new HttpError(421, "WrongHostError", `This node does not answer to the name "${called}".`, [
        "Call it as 127.0.0.1 or localhost, or add the name to its settings.",
      ]);
    }
    const origin = context.req.header("origin");
    const own = context.req.header("host") ?? url.host;
    const foreign = origin !== undefined && !origins.includes(origin) && hostOf(origin) !== own;
    // Reads go by GET, too, and some write a file or run a model: an image of another site's page must not ask for them,
    // while its links may lead to the dashboard. Only pages send this header.
    const site = context.req.header("sec-fetch-site");
    const elsewhere = origin === undefined && (site === "cross-site" || site === "same-site");
    const safe = context.req.method === "GET" || context.req.method === "HEAD";
    if (foreign || (elsewhere && !(safe && isPage(context.req.path)))) {
      throw new HttpError(403, "ForeignOriginError", "A page of another site may not call this node.", [
        "Add the page's origin to the node's settings if it is yours.",
      ]);
    }
    await next();
    context.res.headers.set("x-content-type-options", "nosniff");
    context.res.headers.set("referrer-policy", "no-referrer");
    context.res.headers.set("x-frame-options", "DENY");
  };
}

/** Throws a 401 HttpError unless the request carries the token (or none is set). */
export function checkToken(token: string | undefined, authorization: string | undefined): void {
  if (token === undefined) return;
  const given = /^Bearer (.+)$/i.exec(authorization ?? "")?.[1] ?? "";
  if (timingSafeEqual(digest(given), digest(token))) return;
  throw new HttpError(401, "TokenError", given ? "The token is wrong." : "This needs the node's token.", [
    "Send it as `Authorization: Bearer <token>`.",
  ]);
}

const digest = (text: string) => createHash("sha256").update(text).digest();

/** Whether a path is one of the dashboard's, not of the API. */
function isPage(path: string): boolean {
  return !/^\/(v1|mcp|metrics|openapi\.json|readyz|healthz)(\/|$)/i.test(path);
}

function nameOf(host: string): string {
  return host.replace(/:\d+$/, "").toLowerCase();
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
