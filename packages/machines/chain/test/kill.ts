import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { openChain } from "../src/index.ts";

const victim = new URL("./victim.ts", import.meta.url).pathname;

/** Runs the writer until `after` milliseconds past its first acknowledged write, kills it, returns what it printed. */
async function runAndKill(dir: string, after: number): Promise<string[]> {
  const child = spawn(process.execPath, [victim, dir], { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  const ended = new Promise<[number | null, string | null]>((resolve) => {
    child.once("close", (...end) => resolve(end));
  });
  try {
    await once(child.stdout, "data");
    // While it lives, the folder is its own.
    await expect(openChain({ kind: "embedded", dir, port: false })).rejects.toMatchObject({ name: "FolderInUseError" });
    await new Promise((resolve) => setTimeout(resolve, after));
  } finally {
    child.kill("SIGKILL");
  }
  const [code, signal] = await ended;
  if (signal !== "SIGKILL") throw new Error(`the writer ended by itself with ${code}`);
  // A line that was cut while being printed was not seen by anyone.
  return out.split("\n").slice(0, -1);
}

/** Kills a writer `rounds` times in one folder; after each, everything it acknowledged must be there. Their number. */
export async function killRounds(rounds: number): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), "assay-kill-"));
  const acknowledged = new Map<string, string>();
  try {
    for (let round = 0; round < rounds; round++) {
      for (const line of await runAndKill(dir, 5 + Math.random() * 700)) {
        const [hash = "", block = ""] = line.split(" ");
        acknowledged.set(hash, block);
      }
      const chain = await openChain({ kind: "embedded", dir, port: false });
      for (const [hash, block] of acknowledged) {
        const receipt = await chain.client.getTransactionReceipt({ hash: hash as `0x${string}` });
        expect(receipt.blockHash).toBe(block);
        expect(receipt.status).toBe("success");
      }
      await chain.close();
    }
    expect(acknowledged.size).toBeGreaterThan(rounds);
    expect((await readdir(dir)).sort()).toEqual(["chain.log", "lock"]);
    console.info(`killed ${rounds} times: ${acknowledged.size} acknowledged transactions, all there with their blocks`);
    return acknowledged.size;
  } finally {
    await rm(dir, { recursive: true });
  }
}
