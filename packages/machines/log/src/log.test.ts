import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { leafHash, MerkleTree, merkleRoot } from "@base/bytes/merkle.ts";
import { UnavailableError } from "@base/errors";
import { describe, expect, test } from "vitest";
import { folder, open, read, record, records } from "../test/logs.ts";
import { RecordTooLongError, RolledBackError, SplitViewError } from "./errors.ts";
import { indexPath } from "./layout.ts";
import { verifyExtension, verifyRecord } from "./verify.ts";

describe("log", () => {
  test("appends, signs, and gives the same root as a plain RFC 6962 tree at every size around tile borders", async () => {
    const dir = folder();
    const log = await open(dir);
    const tree = new MerkleTree();
    for (const size of [0, 1, 2, 3, 255, 256, 257, 511, 512, 700]) {
      const more = records(tree.size, size);
      const { indexes } = await log.append(more);
      expect(indexes).toEqual(more.map((_, i) => tree.size + i));
      for (const one of more) tree.append(one);
      const { root } = await log.checkpoint();
      expect(root).toBe(tree.root());
      expect((await read(dir)).checkpoint.root).toBe(root);
    }
  });

  test("proves what a plain tree proves, from the writer and from the files alone", async () => {
    const dir = folder();
    const log = await open(dir);
    const tree = MerkleTree.fromLeaves(records(0, 1_100));
    await log.append(records(0, 1_100));
    const head = await log.checkpoint();
    const reader = await read(dir);
    for (const index of [0, 1, 255, 256, 511, 512, 767, 1_023, 1_024, 1_099]) {
      const proof = await log.proveInclusion(index);
      expect(proof).toEqual(await reader.proveInclusion(index));
      expect(proof.proof).toEqual(tree.inclusionProof(index));
      verifyRecord(record(index), proof, head);
      expect(Buffer.from(await reader.record(index))).toEqual(record(index));
    }
    for (const first of [1, 2, 255, 256, 300, 512, 1_000, 1_024, 1_100]) {
      const { proof } = await log.proveConsistency(first);
      expect(proof).toEqual(tree.consistencyProof(first));
      expect((await reader.proveConsistency(first)).proof).toEqual(proof);
      verifyExtension({ size: first, root: tree.root(first) }, head, proof);
    }
    const all = [];
    for await (const one of reader.records(250, 520)) all.push(Buffer.from(one).toString());
    expect(all).toEqual(records(250, 520).map((one) => Buffer.from(one).toString()));
    expect(await reader.audit()).toEqual({ records: 1_100, tiles: 6 });
  });

  test("a tree of 70,000 records has the tiles of the standard's example", async () => {
    const dir = folder();
    const log = await open(dir);
    const many = Array.from({ length: 70_000 }, (_, i) => Buffer.from(String(i)));
    await Promise.all([log.append(many.slice(0, 30_000)), log.append(many.slice(30_000))]);
    const { root } = await log.checkpoint();
    expect(root).toBe(merkleRoot(many));
    expect(readdirSync(join(dir, "tile/0"))).toHaveLength(273 + 1);
    expect(readdirSync(join(dir, "tile/entries"))).toHaveLength(273 + 1);
    expect(statSync(join(dir, "tile/0/273.p/112")).size).toBe(112 * 32);
    expect(statSync(join(dir, "tile/1/000")).size).toBe(8_192);
    expect(statSync(join(dir, "tile/1/001.p/17")).size).toBe(17 * 32);
    expect(statSync(join(dir, "tile/2/000.p/1")).size).toBe(32);
    expect(indexPath(1_234_067)).toBe("x001/x234/067");
    expect(readFileSync(join(dir, "tile/0/000")).subarray(0, 32).toString("hex")).toBe(
      leafHash(Buffer.from("0")).slice(2),
    );
  });

  test("partial tiles go when their full tiles are there", async () => {
    const dir = folder();
    const log = await open(dir);
    await log.append(records(0, 200));
    await log.checkpoint();
    expect(existsSync(join(dir, "tile/entries/000.p/200"))).toBe(true);
    await log.append(records(200, 300));
    await log.checkpoint();
    expect(existsSync(join(dir, "tile/entries/000.p"))).toBe(false);
    expect(existsSync(join(dir, "tile/0/000.p"))).toBe(false);
  });

  test("a duplicate gets its old index: in one call, at the edge, in a full tile, after opening again", async () => {
    const dir = folder();
    let log = await open(dir);
    await log.append(records(0, 600));
    expect(await log.append([record(3), record(600), record(599), record(600)])).toEqual({
      indexes: [3, 600, 599, 600],
      duplicates: [0, 2, 3],
      size: 601,
    });
    await log.close();
    log = await open(dir, { segmentBytes: 100 });
    expect((await log.append([record(3), record(600)])).indexes).toEqual([3, 600]);
    await log.append(records(601, 700)); // rotates: the next opening starts from a snapshot
    await log.append(records(700, 701));
    await log.close();
    log = await open(dir);
    expect(await log.append([record(650), record(2), record(700)])).toEqual({
      indexes: [650, 2, 700],
      duplicates: [0, 1, 2],
      size: 701,
    });
  });

  test("the memory of duplicates is a window over the newest records", async () => {
    const log = await open(folder(), { duplicateWindow: 100 });
    await log.append(records(0, 500));
    expect((await log.append([record(450)])).duplicates).toEqual([0]);
    expect((await log.append([record(10)])).indexes).toEqual([500]);
    const never = await open(folder(), { duplicateWindow: 0 });
    expect((await never.append([record(1), record(1)])).indexes).toEqual([0, 1]);
  });

  test("calls of one moment share a batch and keep their order; journal files are removed", async () => {
    const dir = folder();
    const log = await open(dir, { segmentBytes: 4_000 });
    const calls = Array.from({ length: 200 }, (_, i) => log.append(records(i * 10, i * 10 + 10)));
    const answers = await Promise.all(calls);
    expect(answers.flatMap(({ indexes }) => indexes)).toEqual(Array.from({ length: 2_000 }, (_, i) => i));
    for (let i = 2_000; i < 2_500; i += 50) await log.append(records(i, i + 50));
    const { root } = await log.checkpoint();
    expect(root).toBe(merkleRoot(records(0, 2_500)));
    await log.close();
    expect(readdirSync(join(dir, "journal")).length).toBeLessThanOrEqual(2);
    const again = await open(dir);
    expect(again.size).toBe(2_500);
    expect((await again.checkpoint()).root).toBe(root);
  });

  test("a caller may change its bytes once append has been called and answered; long records are refused", async () => {
    const dir = folder();
    const log = await open(dir);
    await expect(log.append([new Uint8Array(65_536)])).rejects.toThrow(RecordTooLongError);
    const largest = new Uint8Array(65_535).fill(7);
    await log.append([largest, new Uint8Array(0)]);
    largest.fill(0);
    await log.checkpoint();
    expect((await (await read(dir)).record(0))[65_534]).toBe(7);
    expect((await (await read(dir)).record(1)).length).toBe(0);
  });

  test("one writer at a time; a closed log takes nothing", async () => {
    const dir = folder();
    const log = await open(dir);
    await expect(open(dir)).rejects.toThrow(UnavailableError);
    await log.close();
    await expect(log.append([record(0)])).rejects.toThrow("closed");
    await expect(log.checkpoint()).rejects.toThrow("closed");
  });

  test("a log whose files are older or other than what was signed is not opened", async () => {
    const [dir, copy, other] = [folder(), folder(), folder()];
    const log = await open(dir);
    await log.append(records(0, 10));
    await log.close();
    cpSync(join(dir, "journal"), join(copy, "journal"), { recursive: true });
    const longer = await open(dir);
    await longer.append(records(10, 20));
    await longer.checkpoint();
    await longer.close();
    cpSync(join(dir, "checkpoint"), join(copy, "checkpoint"));
    await expect(open(copy)).rejects.toThrow(RolledBackError);
    const wrong = await open(other);
    await wrong.append(records(100, 120));
    await wrong.close();
    rmSync(join(other, "checkpoint"), { force: true });
    cpSync(join(dir, "checkpoint"), join(other, "checkpoint"));
    await expect(open(other)).rejects.toThrow(SplitViewError);
  });
});
