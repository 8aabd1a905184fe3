import { BaseError, UnavailableError } from "@base/errors";
import { openChain } from "@machines/chain";
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Config } from "./config.ts";

/** One thing that was looked at. */
export interface Diagnosis {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly todo?: string;
}

/** Free space below which a node should not be started, in bytes. */
const ROOM = 200_000_000;

/** Looks at Node, settings, data folder, disk, port, keys, chain and database, and says what to do about each. */
export async function doctor(
  readConfig: () => Promise<Config>,
): Promise<{ ok: boolean; checks: Diagnosis[]; text: string }> {
  const checks: Diagnosis[] = [];
  const look = async (name: string, work: () => Promise<string>, todo?: string) => {
    try {
      checks.push({ name, ok: true, detail: await work() });
    } catch (error) {
      const known = error instanceof BaseError;
      const hint = known && error.hints[0] ? error.hints[0] : todo;
      checks.push({
        name,
        ok: false,
        detail: known ? error.shortMessage : String((error as Error).message),
        ...(hint && { todo: hint }),
      });
    }
  };
  await look("node", async () => `${process.versions.node} on ${process.platform} ${process.arch}`);
  let config: Config | undefined;
  await look("settings", async () => {
    config = await readConfig();
    return `data in ${config.dir}, chain ${config.chain}, database ${config.databaseUrl ? "PostgreSQL" : "embedded"}`;
  });
  if (config) await lookAt(config, look);
  const text = checks
    .map(
      ({ name, ok, detail, todo }) =>
        `${ok ? "ok  " : "WRONG"} ${name.padEnd(12)} ${detail}${todo ? `\n      ${todo}` : ""}`,
    )
    .join("\n");
  return { ok: checks.every(({ ok }) => ok), checks, text };
}

type Look = (name: string, work: () => Promise<string>, todo?: string) => Promise<void>;

async function lookAt(config: Config, look: Look): Promise<void> {
  await look(
    "data folder",
    async () => {
      mkdirSync(config.dir, { recursive: true });
      accessSync(config.dir, constants.W_OK);
      return config.dir;
    },
    "Choose another folder with --dir, or change its permissions.",
  );
  await look(
    "disk",
    async () => {
      const { bavail, bsize } = statfsSync(config.dir);
      const free = bavail * bsize;
      if (free < ROOM)
        throw new UnavailableError(`${Math.round(free / 1e6)} MB are free; a node wants ${ROOM / 1e6} MB`);
      return `${(free / 1e9).toFixed(1)} GB free`;
    },
    "Free some space or choose another folder with --dir.",
  );
  const running = runningNode(config.dir);
  await look(
    "port",
    async () => (running ? `a node of this folder serves at ${running}` : await tryPort(config.host, config.port)),
    "Stop the program that has it, or choose another with --port.",
  );
  await look("keys", async () => {
    const dir = join(config.dir, "keys");
    const names = existsSync(dir) ? readdirSync(dir).filter((file) => file.endsWith(".json")) : [];
    const { Keystore } = await import("./keystore.ts");
    const first = names[0]?.slice(0, -5);
    if (first !== undefined) new Keystore(dir, config.password).get(first);
    return `${names.length} keys${first === undefined ? "" : ", and they open"}`;
  });
  await look("chain", async () => {
    if (config.chain !== "rpc" || !config.rpcUrl) return `${config.chain}, started with the node`;
    const id = config.chainId === undefined ? {} : { chainId: config.chainId };
    const chain = await openChain({ kind: "rpc", url: config.rpcUrl, ...id });
    const { number } = await chain.head();
    await chain.close();
    return `chain ${chain.chainId} at block ${number}`;
  });
  await look("database", async () => {
    if (!config.databaseUrl) return "embedded, in the data folder";
    const { openDatabase } = await import("@machines/store");
    const db = await openDatabase({ url: config.databaseUrl }, []);
    await db.close();
    return "PostgreSQL answers";
  });
}

function runningNode(dir: string): string | undefined {
  try {
    const { url, pid } = JSON.parse(readFileSync(join(dir, "node.json"), "utf8")) as { url: string; pid: number };
    process.kill(pid, 0);
    return url;
  } catch {
    return undefined;
  }
}

function tryPort(host: string, port: number): Promise<string> {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once("error", (error) =>
      failed(new UnavailableError(`${host}:${port} is taken (${(error as NodeJS.ErrnoException).code})`)),
    );
    server.listen(port, host, () => server.close(() => done(`${host}:${port} is free`)));
  });
}
