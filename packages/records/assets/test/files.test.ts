// Files of every kind as assets: published, read back, verified, used.
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256Hex } from "@base/bytes/hash.ts";
import { tableFromArrays, tableToIPC } from "@uwdata/flechette";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assetBytes } from "../src/bytes.ts";
import { assets } from "../src/index.ts";
import { loadStatement, loadTable } from "../src/load.ts";
import type { StoredStatement } from "../src/statements.ts";
import type { VerifyReport } from "../src/verify.ts";
import { startNode, type TestNode } from "./node.ts";

let node: TestNode;
const call = async <T = Record<string, unknown>>(name: string, input: unknown): Promise<T> =>
  (await node.runtime.call(name, input)) as T;
const write = async (name: string, bytes: string | Uint8Array) => {
  const file = join(node.dir, name);
  await writeFile(file, bytes);
  return file;
};

const days = Array.from({ length: 300 }, (_, i) => new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10));
const rain = days.map((_, i) => (i % 50 === 7 ? null : (i * 37) % 101));
const csv = `day,rain\n${days.map((day, i) => `${day},${rain[i] ?? ""}`).join("\n")}\n`;
const tables: Record<string, string | Uint8Array> = {
  "t.csv": csv,
  "t.jsonl": days.map((day, i) => JSON.stringify({ day, rain: rain[i] })).join("\n"),
  "t.parquet": new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: "day", data: days, type: "STRING" },
        { name: "rain", data: rain, type: "INT32" },
      ],
    }),
  ),
  "t.arrow": tableToIPC(tableFromArrays({ day: days, rain }), { format: "file" }) as Uint8Array,
};

beforeAll(async () => {
  node = await startNode([assets], ["owner", "other"]);
});
afterAll(() => node.close());

const verified = async (id: string) => {
  const report = await call<VerifyReport>("assets.verify", {
    receipt: await call("assets.receipt", { id: `asset:${id}` }),
  });
  expect(report.checks.filter((check) => !check.ok)).toEqual([]);
  return report.checks.map(({ name, skipped }) => `${name}${skipped ? " (skipped)" : ""}`);
};

describe("tables of every format are one table (SPEC S14)", () => {
  test.each(Object.keys(tables))("%s", async (name) => {
    const file = await write(name, tables[name] as string | Uint8Array);
    const published = await call<{ id: string; rows: number; schema: unknown; profile: string }>("assets.publish", {
      file,
      missing: "null",
    });
    expect(published).toMatchObject({
      rows: 300,
      schema: [
        { name: "day", type: "date" },
        { name: "rain", type: "number", missing: 6 },
      ],
    });
    const { table } = await loadTable(node.context, published.id);
    expect(table.columns.map(({ values }) => values)).toEqual([days, rain]);
    expect(await verified(published.id)).toContain("bytes: profile");
    const profile = await call<{ onRecord: boolean; table: { rows: number } }>("assets.profile", {
      file: published.id,
    });
    expect(profile).toMatchObject({ onRecord: true, table: { rows: 300 } });
  });

  test("a missing cell is an error unless it is allowed, in every format", async () => {
    for (const [name, bytes] of Object.entries(tables)) {
      await expect(call("assets.publish", { file: await write(`x${name}`, bytes) })).rejects.toThrow(
        /Row 8, column "rain"/,
      );
    }
  });
});

describe("files that are no table", () => {
  test("any bytes: streamed, with a profile, the same bytes once", async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const file = await write("noise.bin", bytes);
    const first = await call<{ id: string }>("assets.publish", { file });
    expect(first).toMatchObject({ mediaType: "application/octet-stream", rows: null, size: 60_000, existing: false });
    expect(await call("assets.publish", { file, inPlace: true })).toMatchObject({ id: first.id, existing: true });
    const { statement } = await loadStatement(node.context, first.id);
    expect(statement).toMatchObject({ type: "assay/file/1", mediaType: "application/octet-stream" });
    expect(sha256Hex(await assetBytes(node.context, statement as StoredStatement))).toBe(sha256Hex(bytes));
    expect(await verified(first.id)).toEqual(expect.arrayContaining(["bytes: Merkle root", "bytes: profile"]));
    await expect(loadTable(node.context, first.id)).rejects.toThrow(/is a file \(application\/octet-stream\)/);
  });

  test("a file that is not what its ending says is refused, and can be published as bytes", async () => {
    const file = await write("broken.parquet", "PAR1 and nothing that follows from it");
    await expect(call("assets.publish", { file })).rejects.toMatchObject({ name: "InvalidInputError" });
    expect(await call("assets.publish", { file, format: "binary" })).toMatchObject({ rows: null });
  });

  test("in place: the bytes stay where they are, and a changed file is found out", async () => {
    const file = await write("large.bin", crypto.getRandomValues(new Uint8Array(50_000)));
    const { id } = await call<{ id: string }>("assets.publish", { file, inPlace: true });
    const { statement } = await loadStatement(node.context, id);
    const bytes = await assetBytes(node.context, statement as StoredStatement);
    expect(Buffer.compare(bytes, await readFile(file))).toBe(0);
    await appendFile(file, "more");
    expect(await assetBytes(node.context, statement as StoredStatement)).toEqual(bytes);
    await writeFile(file, crypto.getRandomValues(new Uint8Array(50_000)));
    await expect(assetBytes(node.context, statement as StoredStatement)).rejects.toMatchObject({
      name: "IntegrityError",
    });
  });
});

describe("sealed assets (SPEC S15)", () => {
  test("what lies in the store is not the table; with the key it is; without, its check is skipped", async () => {
    const text = "name,amount\nsecret-word,1\nother,2\n";
    const { id } = await call<{ id: string }>("assets.publish", { content: text, seal: true });
    const { statement } = await loadStatement(node.context, id);
    const stored = statement as StoredStatement;
    expect(stored.profile).toBeUndefined();
    const [chunk] = stored.manifest.chunks;
    expect(Buffer.from(await node.context.store.get(chunk as `0x${string}`)).includes("secret-word")).toBe(false);
    expect(Buffer.from(await assetBytes(node.context, stored)).toString()).toBe(text);
    expect(await verified(id)).toContain("bytes: table");
    await expect(call("assets.profile", { asset: id })).rejects.toThrow(/sealed/);
    const stranger = { store: node.context.store };
    await expect(assetBytes(stranger, stored)).rejects.toMatchObject({ name: "NotFoundError" });
    const wrong = {
      ...stored,
      sealed: { ...(stored.sealed as object), commitment: `0x${"1".repeat(64)}` },
    } as StoredStatement;
    await expect(assetBytes(node.context, wrong)).rejects.toThrow(/commits to/);
  });

  test("equal files of different assets are stored as different bytes", async () => {
    const file = await write("same.bin", new Uint8Array(40_000).fill(7));
    const one = await call<{ id: string; root: string }>("assets.publish", { file, seal: true, format: "binary" });
    const two = await call<{ root: string }>("assets.publish", {
      file: await write("same2.bin", new Uint8Array(40_000).fill(7)),
      seal: true,
      format: "binary",
    });
    expect(one.root).not.toBe(two.root);
    const { statement } = await loadStatement(node.context, one.id);
    const { chunks } = (statement as StoredStatement).manifest;
    // Within one asset equal chunks are one: 16,356 bytes each, and a shorter last one.
    expect(new Set(chunks).size).toBe(2);
    expect(chunks).toHaveLength(3);
  });
});

test("a CAR out and in again, on another identity's name; the bytes out again (SPEC S17)", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  const { id, root } = await call<{ id: string; root: string }>("assets.publish", {
    file: await write("c.bin", bytes),
  });
  const [car, out] = [join(node.dir, "c.car"), join(node.dir, "out.bin")];
  const written = await call<{ cid: string }>("assets.download", { id, out: car, car: true });
  expect(written.cid).toMatch(/^bafybei/);
  expect(await call("assets.import", { file: car, as: "other" })).toMatchObject({ root, existing: false, name: "c" });
  expect(await call("assets.download", { id, out })).toMatchObject({ bytes: 60_000, sha256: sha256Hex(bytes) });
  expect(Buffer.compare(await readFile(out), bytes)).toBe(0);
  await expect(call("assets.pin", { id })).rejects.toThrow(/Nobody is set up/);
});

test("possession: sectors that a block's hash chooses, of provable assets only (SPEC S18)", async () => {
  const file = await write("held.bin", crypto.getRandomValues(new Uint8Array(50_000)));
  const { id } = await call<{ id: string }>("assets.publish", { file, provable: true, seal: true });
  expect(await call("assets.possession", { id, count: 3 })).toMatchObject({ held: true, sectors: 49, count: 3 });
  const plain = await call<{ id: string }>("assets.publish", { content: "a,b\n5,6\n" });
  await expect(call("assets.possession", { id: plain.id })).rejects.toThrow(/no root over its sectors/);
});

test("drift between two versions, from their profiles", async () => {
  const version = (shift: number) => `v,k\n${Array.from({ length: 400 }, (_, i) => `${i + shift},a`).join("\n")}\n`;
  const one = await call<{ id: string }>("assets.publish", { content: version(0) });
  const two = await call<{ id: string }>("assets.publish", { content: version(120) });
  expect(await call("assets.drift", { before: one.id, after: two.id })).toMatchObject({
    rows: [400, 400],
    drifted: ["v"],
    columns: [
      { name: "v", verdict: "changed" },
      { name: "k", verdict: "same" },
    ],
  });
});
