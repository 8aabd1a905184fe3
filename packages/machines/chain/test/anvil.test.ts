import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openChain } from "../src/index.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "assay-anvil-"));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

const index = new URL("../src/index.ts", import.meta.url).href;
const holder = `
  const { openChain } = await import(${JSON.stringify(index)});
  const chain = await openChain({ kind: "anvil", dir: process.argv[1] });
  process.stdout.write(chain.url + "\\n");
  setInterval(() => {}, 1000);`;

async function gone(url: string): Promise<boolean> {
  for (let i = 0; i < 100; i++) {
    try {
      await fetch(url);
    } catch {
      if ((await readdir(dir)).length === 0) return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

it("leaves no process and no file behind, whether closed or killed", async () => {
  const chain = await openChain({ kind: "anvil", dir });
  expect((await readdir(dir)).length).toBe(1);
  await chain.close();
  expect(await gone(chain.url ?? "")).toBe(true);

  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", holder, dir], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const url = await new Promise<string>((resolve) =>
      child.stdout.once("data", (d: Buffer) => resolve(String(d).trim())),
    );
    expect((await fetch(url, { method: "POST", body: "{}" })).status).toBeGreaterThan(0);
    child.kill(signal);
    expect(await gone(url)).toBe(true);
  }
});

it("names a port that is taken", async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
  const { port } = blocker.address() as { port: number };
  await expect(openChain({ kind: "anvil", dir, port })).rejects.toMatchObject({
    name: "PortTakenError",
    data: { port },
  });
  blocker.close();
  expect(await readdir(dir)).toEqual([]);
});
