// How the command line reaches its actions: a node that runs on the data folder, or the runtime in this process.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Connection } from "./program.ts";

/** What a running node writes to <dir>/node.json. */
export interface NodeFile {
  readonly url: string;
  readonly pid: number;
}

/** The node that serves this data folder, or undefined when none answers there. */
export async function findNode(dir: string): Promise<NodeFile | undefined> {
  const text = await readFile(join(dir, "node.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  let file: Partial<NodeFile>;
  try {
    file = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof file.url !== "string" || typeof file.pid !== "number") return undefined;
  try {
    const answer = await fetch(new URL("/healthz", file.url), { signal: AbortSignal.timeout(2_000) });
    const { name } = (await answer.json()) as { name?: unknown };
    return name === "assay" ? { url: file.url, pid: file.pid } : undefined;
  } catch {
    return undefined;
  }
}

/** Talks to the node of the data folder (or at `url`) over HTTP, else opens the runtime with `open`. */
export async function connect(options: {
  readonly dir: string;
  /** A node elsewhere: no look at the data folder. */
  readonly url?: string | undefined;
  readonly token?: string | undefined;
  readonly open: () => Promise<Connection>;
}): Promise<Connection> {
  const url = options.url ?? (await findNode(options.dir))?.url;
  if (url === undefined) return options.open();
  const { request } = await import("@shells/sdk/request.ts");
  return {
    call: (name, input, onProgress) => request({ url, token: options.token }, name, input, { onProgress }),
    close: async () => undefined,
  };
}
