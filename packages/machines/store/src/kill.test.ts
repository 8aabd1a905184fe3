import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Hash } from "@base/bytes/hash.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { storeOptions } from "../test/killFile.ts";
import { openStore } from "./blobs.ts";
import { openDatabase } from "./database.ts";
import { lockFolder } from "./lock.ts";
import { type FileManifest, parseManifest } from "./manifest.ts";

const child = fileURLToPath(new URL("../test/killChild.ts", import.meta.url));
const fileChild = fileURLToPath(new URL("../test/killFile.ts", import.meta.url));

let dir: string;
const running: ChildProcess[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "assay-kill-"));
});
afterEach(() => {
  for (const process of running.splice(0)) process.kill("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
});

/** A writing process; `lines` holds what it has acknowledged so far. */
function start(
  script: string,
  ...args: string[]
): {
  process: ChildProcess;
  lines: string[];
  ready: Promise<void>;
  ended: Promise<number | null>;
} {
  const started = spawn(process.execPath, [script, dir, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  running.push(started);
  let text = "";
  const lines: string[] = [];
  let isReady = () => {};
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  started.stdout.on("data", (data) => {
    text += data;
    const complete = text.split("\n");
    text = complete.pop() ?? "";
    lines.push(...complete);
    if (lines.length) isReady();
  });
  const ended = new Promise<number | null>((resolve) => {
    started.on("close", (code) => {
      isReady();
      resolve(code);
    });
  });
  return { process: started, lines, ready, ended };
}

test("killed at random moments, nothing acknowledged is lost and nothing half-written is seen", {
  timeout: 120_000,
}, async () => {
  const blobs = new Set<Hash>();
  const rows = new Map<number, string>();
  const files = new Set<Hash>();
  // At least three rounds, and more on a machine so busy that little is written before each kill.
  for (let round = 0; round < 3 || ((blobs.size <= 20 || files.size <= 2) && round < 40); round++) {
    const writer = start(child, String(round * 100_000));
    await writer.ready;
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 250));
    writer.process.kill("SIGKILL");
    await writer.ended;
    for (const line of writer.lines) {
      const [what, a, b] = line.split(" ");
      if (what === "blob") blobs.add(a as Hash);
      if (what === "row") rows.set(Number(a), b as string);
      if (what === "file") files.add(a as Hash);
    }

    const lock = await lockFolder(dir); // the dead process's lock is no obstacle
    const store = await openStore({ dir });
    for (const hash of blobs) expect(await store.get(hash)).toBeDefined();
    for (const hash of files) {
      const manifest: FileManifest = parseManifest(await store.getJson(hash));
      expect((await store.readFileBytes(manifest)).length).toBe(manifest.size);
    }
    for (const folder of readdirSync(join(dir, "blobs"))) {
      for (const name of readdirSync(join(dir, "blobs", folder))) await store.get(`0x${folder}${name}`);
    }
    const db = await openDatabase({ dir }, []);
    const found = await db.kysely.selectFrom("kept").selectAll().orderBy("id").execute();
    const kept = new Map(found.map((row) => [row.id, row.hash]));
    for (const [id, hash] of rows) expect(kept.get(id)).toBe(hash);
    expect(found.length % 2).toBe(0); // both rows of a transaction, or none
    for (const row of found) expect(await store.has(row.hash)).toBe(true);
    await db.close();
    await lock.release();
  }
  expect(blobs.size).toBeGreaterThan(20);
  expect(files.size).toBeGreaterThan(2);
});

test.each([
  ["copied", {}],
  ["in place", { inPlace: true }],
  ["sealed", { key: "07".repeat(32) }],
])(
  "a large file that was being stored when its process was killed goes on where it stopped: %s",
  {
    timeout: 120_000,
  },
  async (_, options) => {
    const source = join(dir, "large.bin");
    const part = Buffer.alloc(1 << 20);
    for (let i = 0; i < 32; i++) {
      part.fill(i).writeUInt32BE(i * 7919);
      appendFileSync(source, part);
    }
    const storing = (stop: string) => start(fileChild, source, JSON.stringify(options), stop);
    const killed = storing("0.5");
    await killed.ended; // it kills itself in the middle
    const again = storing("2");
    expect(await again.ended).toBe(0);
    const resumed = Number(again.lines.find((line) => line.startsWith("resumed"))?.split(" ")[1] ?? 0);
    expect(resumed).toBeGreaterThan(8 << 20);
    expect(resumed).toBeLessThan(32 << 20);
    const manifest = parseManifest(JSON.parse(again.lines.at(-1) as string));
    const store = await openStore({ dir });
    const fresh = await store.putFile(source, storeOptions(options));
    expect(manifest.root).toBe(fresh.root);
    expect((await store.readFileBytes(manifest)).length).toBe(manifest.size);
    expect(readdirSync(join(dir, "resume"))).toEqual([]);
  },
);

test("a source that changed after the kill is stored from the start", { timeout: 60_000 }, async () => {
  const source = join(dir, "large.bin");
  writeFileSync(source, Buffer.alloc(32 << 20, 1));
  await start(fileChild, source, "{}", "0.5").ended;
  writeFileSync(source, Buffer.alloc(32 << 20, 2));
  const again = start(fileChild, source, "{}", "2");
  expect(await again.ended).toBe(0);
  expect(again.lines.some((line) => line.startsWith("resumed"))).toBe(false);
  const manifest = parseManifest(JSON.parse(again.lines.at(-1) as string));
  const store = await openStore({ dir });
  expect((await store.get(manifest.chunks[0] as Hash))[0]).toBe(2);
});

test("a second process on the same folder is told who holds it", async () => {
  const writer = start(child, "0");
  await writer.ready;
  const refused = lockFolder(dir);
  await expect(refused).rejects.toMatchObject({ name: "UnavailableError", kind: "retryable" });
  await expect(refused).rejects.toThrow(`Another process (${writer.process.pid}) works on ${dir}`);
  writer.process.kill("SIGKILL");
  await writer.ended;
  const lock = await lockFolder(dir);
  await expect(lockFolder(dir)).rejects.toThrow(`(${process.pid})`);
  await lock.release();
  await lock.release();
  await (await lockFolder(dir)).release();
});

test.skipIf(process.platform === "win32")("a full disk is named and leaves nothing half-written", async () => {
  // A limit on the size of one file stands in for a disk without room: the write fails in the middle.
  const script = `
    import { openStore } from "@machines/store";
    const store = await openStore({ dir: process.argv[1] });
    const error = await store.put(new Uint8Array(1 << 20)).catch((error) => error);
    console.log(JSON.stringify({ name: error.name, kind: error.kind, message: error.message }));
  `;
  const limited = `trap '' XFSZ; ulimit -f 64; exec "$0" --input-type=module -e "$1" "$2"`;
  const run = spawn("bash", ["-c", limited, process.execPath, script, dir], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
  });
  running.push(run);
  let output = "";
  run.stdout.on("data", (data) => {
    output += data;
  });
  await new Promise((resolve) => run.on("close", resolve));
  expect(JSON.parse(output)).toMatchObject({
    name: "UnavailableError",
    kind: "retryable",
    message: expect.stringContaining("No space left"),
  });
  expect(readdirSync(join(dir, "incoming"))).toEqual([]);
  const store = await openStore({ dir });
  const hash = await store.put(new Uint8Array(1 << 20));
  expect(await store.get(hash)).toHaveLength(1 << 20);
});
