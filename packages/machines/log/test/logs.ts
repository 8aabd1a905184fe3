import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import {
  folderSource,
  generateSigner,
  type Log,
  type LogOptions,
  openLog,
  openReader,
  type Trust,
} from "../src/index.ts";

export const origin = "test.example/log";
export const signer = generateSigner(origin, "ed25519");
export const trust: Trust = { origin, keys: [signer.verifier] };

/** A folder that is gone after the test. */
export function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), "assay-log-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A log that is closed after the test. */
export async function open(dir: string, options: Partial<LogOptions> = {}): Promise<Log> {
  const log = await openLog({ dir, origin, signers: [signer], now: () => 1_700_000_000_000, ...options });
  onTestFinished(() => log.close());
  return log;
}

export const read = (dir: string) => openReader({ source: folderSource(dir), trust });

/** Record `i`, of a length that depends on it. */
export const record = (i: number): Uint8Array => Buffer.from(`record ${i} ${"x".repeat(i % 7)}`);
export const records = (from: number, to: number): Uint8Array[] =>
  Array.from({ length: to - from }, (_, i) => record(from + i));
