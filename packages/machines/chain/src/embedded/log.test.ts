import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ChainLog, type LogHeader, type LogRecord } from "./log.ts";

const header: LogHeader = {
  k: "log",
  format: "assay-chain-log/1",
  chainId: 1,
  genesisTime: 2,
  hardfork: "osaka",
  faucet: `0x${"00".repeat(20)}`,
  supply: "3",
  genesisHash: `0x${"00".repeat(32)}`,
};
const record: LogRecord = { k: "drop", h: `0x${"ab".repeat(32)}` };
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "assay-log-"));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

async function records(path: string): Promise<LogRecord[]> {
  const seen: LogRecord[] = [];
  const log = await ChainLog.open(path, async () => async (next) => void seen.push(next));
  await log?.close();
  return seen;
}

it("gives back what was appended", async () => {
  const path = join(dir, "chain.log");
  const log = await ChainLog.create(path, header);
  await log.append(record);
  await log.append({ k: "mark" });
  await log.close();
  expect(await records(path)).toEqual([record, { k: "mark" }]);
  expect(await records(join(dir, "none"))).toEqual([]);
});

it("survives being cut at any byte: whole records stay, the rest goes", async () => {
  const path = join(dir, "chain.log");
  const log = await ChainLog.create(path, header);
  const start = log.size;
  await log.append(record);
  const middle = log.size;
  await log.append(record);
  const end = log.size;
  await log.close();
  const whole = await readFile(path);
  for (let cut = start; cut <= end; cut++) {
    const file = await open(path, "w");
    await file.writeFile(whole.subarray(0, cut));
    await file.close();
    expect((await records(path)).length).toBe(cut < middle ? 0 : cut < end ? 1 : 2);
    expect((await readFile(path)).length).toBe(cut < middle ? start : cut < end ? middle : end);
  }
});

it("sees every flipped bit in front of a good record", async () => {
  const path = join(dir, "chain.log");
  const log = await ChainLog.create(path, header);
  await log.append(record);
  await log.append(record);
  const size = log.size;
  await log.close();
  const whole = await readFile(path);
  for (let at = 0; at < size / 2; at += 7) {
    const flipped = Buffer.from(whole);
    flipped[at] = (flipped[at] ?? 0) ^ 4;
    const file = await open(path, "w");
    await file.writeFile(flipped);
    await file.close();
    await expect(records(path)).rejects.toMatchObject({ name: "IntegrityError", data: { path } });
  }
});

it("takes a half-written record back when the sync fails", async () => {
  const path = join(dir, "chain.log");
  await (await ChainLog.create(path, header)).close();
  const file = await open(path, "r+");
  const { size } = await file.stat();
  const log = new ChainLog(path, header, file, size);
  vi.spyOn(file, "datasync").mockRejectedValueOnce(new Error("input/output error"));
  await expect(log.append(record)).rejects.toMatchObject({ name: "DiskError" });
  expect((await file.stat()).size).toBe(size);
  await log.append({ k: "mark" });
  await log.close();
  expect(await records(path)).toEqual([{ k: "mark" }]);
});

it("stays shut after a failure that it could not take back", async () => {
  if (process.platform !== "linux") return;
  const file = await open("/dev/full", "r+");
  const log = new ChainLog("/dev/full", header, file, 0);
  await expect(log.append(record)).rejects.toThrow(/ENOSPC|no space/);
  await expect(log.append(record)).rejects.toThrow(/failed before/);
  await log.close();
});
