// The dashboard's files. Names with a content hash are cached for good; unknown pages get index.html, so that deep links work.
import { readFile, stat } from "node:fs/promises";
import { extname, join, resolve, sep } from "node:path";
import type { MiddlewareHandler } from "hono";
import { getMimeType } from "hono/utils/mime";

const policy =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; worker-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** The page that verifies receipts alone: everything stands in it, and it may ask whatever node its reader names. */
const alone =
  "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'unsafe-inline'; connect-src http: https:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** Serves `folder` for GET and HEAD of paths that no route took. */
export function staticFiles(folder: string): MiddlewareHandler {
  const root = resolve(folder);
  return async (context, next) => {
    const { method, path } = context.req;
    if ((method !== "GET" && method !== "HEAD") || /^\/(v1|mcp)(\/|$)/.test(path)) return next();
    const file = await find(root, path);
    if (!file) return next();
    const bytes = new Uint8Array(await readFile(file));
    const hashed = /[-.][A-Za-z0-9_-]{8,}\.\w+$/.test(file) && path.startsWith("/assets/");
    return new Response(method === "HEAD" ? null : bytes, {
      headers: {
        "content-type": getMimeType(file) ?? "application/octet-stream",
        "cache-control": hashed ? "public, max-age=31536000, immutable" : "no-cache",
        "content-security-policy": path === "/verify.html" ? alone : policy,
      },
    });
  };
}

async function find(root: string, path: string): Promise<string | undefined> {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  if (decoded.includes("\0")) return undefined;
  const wanted = resolve(join(root, decoded));
  const inside = wanted === root || wanted.startsWith(root + sep);
  if (inside && (await isFile(wanted))) return wanted;
  const index = join(root, "index.html");
  const isPage = extname(decoded) === "" || decoded === "/";
  return isPage && (await isFile(index)) ? index : undefined;
}

const isFile = (path: string) =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
