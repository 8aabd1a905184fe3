import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { folder, open, origin, read, record, records, signer, trust } from "../test/logs.ts";
import { writeEntry } from "./bundle.ts";
import { signCheckpoint } from "./checkpoint.ts";
import {
  AlteredRecordError,
  CheckpointFormatError,
  CheckpointSignatureError,
  DroppedRecordError,
  MissingTileError,
  ProofError,
  ReorderedRecordsError,
  RolledBackError,
  SplitViewError,
  SwappedTileError,
  TileMismatchError,
  TruncatedFileError,
} from "./errors.ts";
import { generateSigner, type Log, openReader } from "./index.ts";
import { folderSource } from "./reader.ts";
import { compareViews, verifyExtension, verifyRecord } from "./verify.ts";

/** The entries of a bundle, written by hand. */
function bundle(list: readonly Uint8Array[]): Buffer {
  const out = Buffer.alloc(list.reduce((bytes, one) => bytes + 2 + one.length, 0));
  let at = 0;
  for (const one of list) at = writeEntry(one, out, at);
  return out;
}

describe("tampering is detected and named", () => {
  let dir: string;
  let log: Log;
  const file = (path: string) => join(dir, path);
  const flip = (path: string, at: number) => {
    const bytes = readFileSync(file(path));
    bytes[at] = (bytes[at] as number) ^ 1;
    writeFileSync(file(path), bytes);
  };
  const audit = async () => (await read(dir)).audit();
  beforeEach(async () => {
    dir = folder();
    log = await open(dir);
    await log.append(records(0, 1_000));
    await log.checkpoint();
    await audit();
  });

  test("a flipped bit in a tile", async () => {
    flip("tile/0/001", 4_000);
    await expect(audit()).rejects.toThrow(TileMismatchError);
    await expect((await read(dir)).proveInclusion(300)).rejects.toThrow(TileMismatchError);
  });

  test("a flipped bit in a tile at the right edge", async () => {
    flip("tile/0/003.p/232", 31);
    await expect(read(dir)).rejects.toThrow(TileMismatchError);
    flip("tile/0/003.p/232", 31);
    flip("tile/1/000.p/3", 40);
    await expect(read(dir)).rejects.toThrow(TileMismatchError);
  });

  test("swapped tiles", async () => {
    renameSync(file("tile/0/000"), file("tile/0/old"));
    renameSync(file("tile/0/002"), file("tile/0/000"));
    renameSync(file("tile/0/old"), file("tile/0/002"));
    const error = await audit().catch((error) => error);
    expect(error).toBeInstanceOf(SwappedTileError);
    expect(error.data).toEqual({ path: "tile/0/000", holds: "tile/0/002" });
  });

  test("a truncated tile and a truncated bundle", async () => {
    writeFileSync(file("tile/0/001"), readFileSync(file("tile/0/001")).subarray(0, 8_000));
    await expect(audit()).rejects.toThrow(TruncatedFileError);
    copyFileSync(file("tile/0/001"), file("tile/0/001"));
    const fresh = folder();
    dir = fresh;
    log = await open(dir);
    await log.append(records(0, 300));
    await log.checkpoint();
    writeFileSync(file("tile/entries/000"), readFileSync(file("tile/entries/000")).subarray(0, -3));
    await expect(audit()).rejects.toThrow(TruncatedFileError);
  });

  test("a tile or a bundle that is withheld", async () => {
    rmSync(file("tile/entries/002"));
    await expect(audit()).rejects.toThrow(MissingTileError);
    rmSync(file("tile/0/002"));
    await expect(audit()).rejects.toThrow(MissingTileError);
    rmSync(file("tile/1/000.p/3"));
    await expect(audit()).rejects.toThrow(MissingTileError);
  });

  test("an altered record", async () => {
    flip("tile/entries/001", 500);
    await expect(audit()).rejects.toThrow(AlteredRecordError);
  });

  test("a dropped record", async () => {
    const kept = [...records(256, 300), ...records(301, 512)];
    writeFileSync(file("tile/entries/001"), bundle(kept));
    const error = await audit().catch((error) => error);
    expect(error).toBeInstanceOf(DroppedRecordError);
    expect(error.data.lost).toEqual([300]);
  });

  test("reordered records, an added record", async () => {
    const list = records(256, 512);
    [list[5], list[9]] = [list[9] as Uint8Array, list[5] as Uint8Array];
    writeFileSync(file("tile/entries/001"), bundle(list));
    await expect(audit()).rejects.toThrow(ReorderedRecordsError);
    writeFileSync(file("tile/entries/001"), bundle([...records(256, 512), record(7)]));
    await expect(audit()).rejects.toThrow(AlteredRecordError);
  });

  test("a forged checkpoint: altered text, altered signature, another key, another log, no note at all", async () => {
    const good = readFileSync(file("checkpoint"), "utf8");
    const other = generateSigner(origin, "ed25519");
    const head = { origin, size: 1_000, root: log.published?.root as `0x${string}` };
    const cases: [string, new (...args: never[]) => Error][] = [
      [good.replace("\n1000\n", "\n999\n"), CheckpointSignatureError],
      [good.replace(/.....=\n$/, "AAAA8=\n"), CheckpointSignatureError],
      [signCheckpoint(head, [other], 1).note, CheckpointSignatureError],
      [signCheckpoint({ ...head, origin: "another.example" }, [signer], 1).note, CheckpointSignatureError],
      [good.replace("\n1000\n", "\n01000\n"), CheckpointFormatError],
      ["nothing", CheckpointFormatError],
      [good.slice(0, good.indexOf("\n\n") + 2), CheckpointFormatError],
    ];
    for (const [note, error] of cases) {
      writeFileSync(file("checkpoint"), note);
      await expect(read(dir)).rejects.toThrow(error);
    }
  });

  test("a split view between two readers, signed by the log itself", async () => {
    const dishonest = await open(folder());
    await dishonest.append([...records(0, 999), record(5_000)]);
    const [mine, theirs] = [log.published?.note as string, (await dishonest.checkpoint()).note];
    expect(() => compareViews(mine, theirs, trust)).toThrow(SplitViewError);
    compareViews(mine, mine, trust);
    await dishonest.append(records(5_001, 5_100));
    const later = (await dishonest.checkpoint()).note;
    const { proof } = await dishonest.proveConsistency(1_000);
    expect(() => compareViews(mine, later, trust, proof)).toThrow(SplitViewError);
    await log.append(records(1_000, 1_100));
    const grown = (await log.checkpoint()).note;
    compareViews(grown, mine, trust, (await log.proveConsistency(1_000)).proof);
  });

  test("a rewritten history and a rolled back log, by a reader that saw an earlier head", async () => {
    const reader = await read(dir);
    await log.append(records(1_000, 1_300));
    const old = readFileSync(file("checkpoint"));
    await log.checkpoint();
    expect((await reader.update()).size).toBe(1_300);
    writeFileSync(file("checkpoint"), old);
    await log.close();
    await expect(reader.update()).rejects.toThrow(); // its partial tiles are gone, or it is shorter
    const seen = { size: 1_300, root: reader.checkpoint.root };
    await expect(openReader({ source: folderSource(dir), trust, seen })).rejects.toThrow(RolledBackError);
    const rewritten = folder();
    const again = await open(rewritten);
    await again.append([record(9_999), ...records(1, 1_400)]);
    await again.checkpoint();
    await expect(openReader({ source: folderSource(rewritten), trust, seen })).rejects.toThrow(SplitViewError);
  });

  test("proofs for another record, place, size or root", async () => {
    const proof = await log.proveInclusion(77);
    const head = { size: proof.size, root: proof.root };
    verifyRecord(record(77), proof, head);
    expect(() => verifyRecord(record(78), proof, head)).toThrow(ProofError);
    expect(() => verifyRecord(record(77), { ...proof, index: 78 }, head)).toThrow(ProofError);
    expect(() => verifyRecord(record(77), { ...proof, proof: proof.proof.slice(1) }, head)).toThrow(ProofError);
    expect(() => verifyRecord(record(77), proof, { ...head, size: 999 })).toThrow(ProofError);
    expect(() => verifyRecord(record(77), proof, { ...head, root: proof.leaf })).toThrow(ProofError);
    const { first, second, proof: path } = await log.proveConsistency(500);
    verifyExtension(first, second, path);
    expect(() => verifyExtension(first, second, path.slice(1))).toThrow(ProofError);
    expect(() => verifyExtension({ ...first, root: proof.leaf }, second, path)).toThrow(ProofError);
    expect(() => verifyExtension(second, first, path)).toThrow(RolledBackError);
    expect(() => verifyExtension(second, { ...second, root: first.root }, [])).toThrow(SplitViewError);
  });
});
