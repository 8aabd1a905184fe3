import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hashes } from "../../packages/machines/engine/test/hashes.ts";
import { openBrowser } from "./browser.ts";

const opened = await openBrowser();
const browser = "reason" in opened ? undefined : opened;
if ("reason" in opened) console.warn(`The engine's browser tests are skipped: ${opened.reason}`);

const folder = mkdtempSync(join(tmpdir(), "assay-page-"));
const types: Record<string, string> = { ".html": "text/html", ".js": "text/javascript" };
let server: Server | undefined;
const threads = [1, 2, 4, 8];
/** The hashes of Node, computed once. */
const own = browser === undefined ? undefined : hashes(threads);
let warnings: string[] = [];

/** Answers with the built page; `/isolated/` with the headers that let a page share memory between its threads. */
async function serve(): Promise<Server> {
  const listening = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const isolated = path.startsWith("/isolated/");
    const name = path.replace(/^\/(isolated|plain)\//, "") || "page.html";
    const headers = isolated
      ? { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" }
      : {};
    try {
      const bytes = readFileSync(join(folder, "dist", name));
      response.writeHead(200, { "content-type": types[extname(name)] ?? "application/octet-stream", ...headers });
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  return listening;
}

beforeAll(async () => {
  if (browser === undefined) return;
  const page = join(import.meta.dirname, "../../packages/machines/engine/test/page.ts");
  writeFileSync(
    join(folder, "page.html"),
    `<!doctype html><title>engine</title><script type="module" src="/@fs${page}"></script>`,
  );
  warnings = [];
  await build({
    root: folder,
    base: "./",
    logLevel: "silent",
    build: {
      outDir: join(folder, "dist"),
      rollupOptions: { input: join(folder, "page.html"), onLog: (_level, log) => void warnings.push(log.message) },
    },
    worker: { format: "es" },
  });
  server = await serve();
});
afterAll(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly hashes: Record<string, string>;
  readonly helped: number;
  readonly shared: boolean;
  readonly error?: string;
}

async function inBrowser(path: string): Promise<Answer> {
  const page = await (browser as NonNullable<typeof browser>).newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.goto(`http://127.0.0.1:${((server as Server).address() as AddressInfo).port}${path}`);
  await page.waitForFunction(() => "answer" in globalThis, undefined, { timeout: 120_000 });
  const answer = (await page.evaluate(() => (globalThis as unknown as { answer: Answer }).answer)) as Answer;
  await page.close();
  expect([...problems, answer.error].filter(Boolean)).toEqual([]);
  return answer;
}

test.skipIf(!browser)("the engine's page needs nothing of Node", () => {
  expect(warnings.filter((text) => /externalized|node:/.test(text))).toEqual([]);
  for (const name of readdirSync(join(folder, "dist"), { recursive: true, encoding: "utf8" }))
    if (name.endsWith(".js"))
      expect(readFileSync(join(folder, "dist", name), "utf8")).not.toMatch(/from\s*["']node:|browser-external/);
});

test.skipIf(!browser)("Chromium and Node give the same hashes on 1, 2, 4 and 8 threads", async () => {
  const [node, page] = [(await own) as Awaited<ReturnType<typeof hashes>>, await inBrowser("/isolated/page.html")];
  expect(page.shared).toBe(true);
  expect(page.helped).toBeGreaterThan(0);
  expect(page.hashes).toEqual(node.hashes);
  expect(new Set(threads.map((count) => node.hashes[`network on ${count}`])).size).toBe(1);
});

test.skipIf(!browser)("a page that may not share memory stays on one thread and gives the same hashes", async () => {
  const [node, page] = [(await own) as Awaited<ReturnType<typeof hashes>>, await inBrowser("/plain/page.html")];
  expect(page.shared).toBe(false);
  expect(page.helped).toBe(0);
  expect(node.hashes).toMatchObject(page.hashes);
});
