import { spawnSync } from "node:child_process";
import { createCipheriv } from "node:crypto";
import { createWriteStream } from "node:fs";
import { copyFile, mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";

/** One line of `npm run bench -- --json`; a ratio above 1 means that Assay is ahead of `against`. */
export interface Result {
  readonly bench: string;
  readonly value: number;
  readonly unit: string;
  readonly against: string;
  readonly ratio: number;
}

const size = 1_000_000_000;
const rounds = 3;
const drafts = fileURLToPath(new URL("../../../../.tmp", import.meta.url));
const child = fileURLToPath(new URL("./storeChild.ts", import.meta.url));

interface Run {
  readonly root: string;
  readonly seconds: number;
  readonly megabytes: number;
}

/**
 * A file of 1 GB that does not repeat, stored in place (hashed; what is published is address and root of every chunk)
 * and as a copy (hashed, written, synced), each in a process of its own, and what the disk does by itself: the file
 * copied by the system and synced, which no copy that survives a power cut can beat. Medians of three, sides alternating.
 */
export async function run(): Promise<Result[]> {
  await mkdir(drafts, { recursive: true });
  const dir = await mkdtemp(join(drafts, "bench-store-"));
  try {
    const source = join(dir, "source.bin");
    await makeSource(source);
    const runs = { inPlace: [] as Run[], copy: [] as Run[] };
    const disk: number[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const how of ["inPlace", "copy"] as const) {
        const target = join(dir, how);
        const { stdout, stderr, status } = spawnSync(process.execPath, [child, target, source, how], {
          encoding: "utf8",
        });
        if (status !== 0) throw new Error(stderr);
        runs[how].push(JSON.parse(stdout) as Run);
        await rm(target, { recursive: true });
      }
      disk.push(await copySynced(source, join(dir, "plain")));
    }
    const all = [...runs.inPlace, ...runs.copy];
    if (new Set(all.map(({ root }) => root)).size !== 1) throw new Error("the runs do not agree on the root");
    const rate = (of: readonly Run[]) => median(of.map(({ seconds }) => size / 1e6 / seconds));
    const memory = Math.max(...all.map(({ megabytes }) => megabytes));
    return [
      line("records.publish.rate", rate(runs.inPlace), "MB/s", "the bar of 400 MB/s", rate(runs.inPlace) / 400),
      line("records.publish.copied.rate", rate(runs.copy), "MB/s", "the bar of 400 MB/s", rate(runs.copy) / 400),
      line(
        "records.publish.copied.disk",
        size / 1e6 / median(disk),
        "MB/s",
        "copied by us",
        rate(runs.copy) / (size / 1e6 / median(disk)),
      ),
      line("records.publish.memory", memory, "MB", "the bar of 200 MB", 200 / memory),
    ];
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Seconds that the system needs to copy a file to disk for good. */
async function copySynced(from: string, to: string): Promise<number> {
  const began = performance.now();
  await copyFile(from, to);
  const file = await open(to, "r+");
  await file.sync();
  await file.close();
  const seconds = (performance.now() - began) / 1000;
  await rm(to);
  return seconds;
}

/** The key stream of AES in counter mode: no two chunks are alike, and it is made faster than it is written. */
async function makeSource(path: string): Promise<void> {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, 1), Buffer.alloc(16));
  const zeros = Buffer.alloc(1_000_000);
  const parts = function* () {
    for (let at = 0; at < size; at += zeros.length) yield cipher.update(zeros);
  };
  await pipeline(Readable.from(parts()), createWriteStream(path));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}

const line = (bench: string, value: number, unit: string, against: string, ratio: number): Result => ({
  bench,
  value,
  unit,
  against,
  ratio,
});
