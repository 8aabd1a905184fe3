import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "@kernel/capability";
import { answerAddCheckpoint } from "@machines/log/witnessHttp.ts";
import { keeperOf } from "./keeper.ts";

/** What of a log is public (C2SP tlog-tiles); the journal and the lock are not. */
const PUBLIC = /^(checkpoint|tile\/(\d+|entries)(\/x\d{3})*\/\d{3}(\.p\/\d{1,3})?)$/;

/** Serves the log's files, so that any C2SP client reads and audits it: `/log/checkpoint`, `/log/tile/...`. SPEC L7. */
export async function tiles(context: Context, request: Request): Promise<Response> {
  const path = new URL(request.url).pathname.replace(/^\/log\//, "");
  const missing = () => new Response("not found\n", { status: 404, headers: { "content-type": "text/plain" } });
  if (!PUBLIC.test(path)) return missing();
  const keeper = keeperOf(context);
  if (path === "checkpoint") await keeper.publish();
  const bytes = await readFile(join(keeper.log.dir, path)).catch(() => undefined);
  if (!bytes) return missing();
  const head = path === "checkpoint";
  return new Response(new Uint8Array(bytes), {
    headers: {
      "content-type": head ? "text/plain; charset=utf-8" : "application/octet-stream",
      "cache-control": head ? "no-cache" : "public, max-age=31536000, immutable",
      "content-security-policy": "sandbox; default-src 'none'",
    },
  });
}

/** Signs the checkpoints of the logs that this node watches (C2SP tlog-witness): `POST /witness/add-checkpoint`. */
export async function addCheckpoint(context: Context, request: Request): Promise<Response> {
  const { witness } = keeperOf(context);
  if (!witness) return new Response("this node is no witness\n", { status: 404 });
  const { status, type, body } = await answerAddCheckpoint(witness, await request.text());
  return new Response(body, { status, headers: { "content-type": type } });
}
