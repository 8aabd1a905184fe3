import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { merkleRoot } from "@base/bytes/merkle.ts";
import { describe, expect, test } from "vitest";
import { folder, open, record, records, signer } from "../test/logs.ts";
import { JournalDamagedError, LogDiskError } from "./errors.ts";
import { folderSource, openReader } from "./reader.ts";

const journal = (dir: string) => join(dir, "journal", readdirSync(join(dir, "journal")).sort().at(-1) as string);

describe("crash", () => {
  test("the last write cut at every byte, or followed by zeros, leaves all acknowledged records and a working log", async () => {
    const dir = folder();
    const log = await open(dir);
    await log.append(records(0, 258));
    const before = readFileSync(journal(dir)).length;
    await log.append(records(258, 261));
    await log.close();
    const whole = readFileSync(journal(dir));
    expect(whole.length - before).toBeGreaterThan(60);
    const name = journal(dir).slice(dir.length);
    const expected = merkleRoot([...records(0, 258), record(900)]);
    for (let cut = before; cut <= whole.length; cut++) {
      for (const tail of cut % 16 ? [0] : [0, 64]) {
        const torn = folder();
        cpSync(dir, torn, { recursive: true });
        writeFileSync(join(torn, name), Buffer.concat([whole.subarray(0, cut), Buffer.alloc(tail)]));
        const again = await open(torn);
        expect(again.size).toBe(cut === whole.length ? 261 : 258);
        if (cut % 8 === 0 && cut < whole.length) {
          await again.append([record(900)]);
          expect((await again.checkpoint()).root).toBe(expected);
        }
        await again.close();
      }
    }
  });

  test("damage before the last frame is named, never cut off", async () => {
    const dir = folder();
    const log = await open(dir);
    await log.append(records(0, 5));
    const middle = readFileSync(journal(dir)).length;
    await log.append(records(5, 9));
    await log.close();
    const good = readFileSync(journal(dir));
    for (const at of [0, 9, 30, 40, middle - 80, middle - 1]) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] as number) ^ 4;
      writeFileSync(journal(dir), bad);
      await expect(open(dir)).rejects.toThrow(JournalDamagedError);
    }
    writeFileSync(journal(dir), good);
    expect((await open(dir)).size).toBe(9);
  });

  test("tiles that a crash tore are written again from the journal", async () => {
    const dir = folder();
    const log = await open(dir);
    await log.append(records(0, 600));
    await log.close();
    for (const path of ["tile/0/000", "tile/entries/001"]) {
      const file = join(dir, path);
      writeFileSync(file, readFileSync(file).subarray(0, 100));
    }
    const again = await open(dir);
    const { root } = await again.checkpoint();
    expect(root).toBe(merkleRoot(records(0, 600)));
    const trust = { origin: again.origin, keys: [signer.verifier] };
    await (await openReader({ source: folderSource(dir), trust })).audit();
  });

  test("a disk that fails ends acknowledging; opening again brings back what was acknowledged", async () => {
    const dir = folder();
    let nonces = 0;
    const random = (bytes: number) => {
      if (++nonces > 1) throw new LogDiskError("no space");
      return new Uint8Array(bytes).fill(nonces);
    };
    const log = await open(dir, { segmentBytes: 1_000, random });
    await log.append(records(0, 100));
    await expect(log.append(records(100, 101))).rejects.toThrow(LogDiskError);
    await expect(log.append(records(101, 102))).rejects.toThrow(LogDiskError);
    await expect(log.checkpoint()).rejects.toThrow(LogDiskError);
    await log.close();
    expect((await open(dir)).size).toBe(100);
  });

  test("killed at random moments, no acknowledged record is lost and no signed head is contradicted", async () => {
    const dir = folder();
    const child = fileURLToPath(new URL("../test/crashChild.ts", import.meta.url));
    let call = 0;
    let size = 0;
    for (let round = 0; round < 3; round++) {
      const killed = spawn(process.execPath, [child, dir, String(call)], { stdio: ["ignore", "pipe", "inherit"] });
      let text = "";
      killed.stdout.on("data", (data) => {
        text += data;
        if (text.split("\n").length > 15 + round * 17) killed.kill("SIGKILL");
      });
      await once(killed, "close");
      const lines = text.split("\n").slice(0, -1);
      expect(lines.length).toBeGreaterThan(10);

      const log = await open(dir, { origin: "crash.example/log" });
      expect(log.size).toBeGreaterThanOrEqual(size);
      const published = await log.checkpoint();
      const trust = { origin: log.origin, keys: [signer.verifier] };
      const reader = await openReader({ source: folderSource(dir), trust });
      await reader.audit();
      for (const line of lines) {
        if (line.startsWith("checkpoint")) {
          const [, at, root] = line.split(" ");
          const proof = await log.proveConsistency(Number(at));
          expect(proof.first.root).toBe(root);
          continue;
        }
        const [number, first, count] = line.split(" ").map(Number) as [number, number, number];
        for (const i of [0, count - 1]) {
          const bytes = await reader.record(first + i);
          expect(Buffer.from(bytes).toString()).toBe(`${number}:${i}:${"y".repeat(number % 50)}`);
        }
        call = number + 1;
      }
      size = published.size;
      call += 1; // the call under way may be in the log or not
      await log.close();
    }
  });
});
