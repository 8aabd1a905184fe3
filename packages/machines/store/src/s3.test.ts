import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Hex } from "@base/bytes/hash.ts";
import { utf8 } from "@base/bytes/hex.ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openS3Double, type S3Double } from "../test/s3Double.ts";
import { openStore, type Store } from "./blobs.ts";

let dir: string;
let bucket: S3Double;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "assay-s3-"));
  bucket = await openS3Double();
});
afterEach(async () => {
  await bucket.close();
  rmSync(dir, { recursive: true, force: true });
});

const open = (name: string, more: object = {}): Promise<Store> =>
  openStore({ dir: join(dir, name), s3: { url: bucket.url, ...bucket.keys, pause: 1, ...more } });
const random = (size: number) => {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, Math.min(size, at + 65_536)));
  return bytes;
};

describe("a bucket beside the folder", () => {
  test("what is acknowledged lies in the bucket, and another store reads it from there", async () => {
    const one = await open("one");
    const hash = await one.put(utf8("kept twice"));
    expect(bucket.objects.get(`/bucket/assay/${hash.slice(2, 4)}/${hash.slice(4)}`)?.toString()).toBe("kept twice");
    await one.put(utf8("kept twice"));
    expect(bucket.log.filter((line) => line.startsWith("PUT"))).toHaveLength(1);
    const two = await open("two");
    expect(Buffer.from(await two.get(hash)).toString()).toBe("kept twice");
    await expect(two.get(hash, { local: true })).resolves.toBeDefined();
    await expect(two.get(sha256Hex(utf8("nowhere")))).rejects.toMatchObject({ name: "NotFoundError" });
  });

  test("files go there chunk by chunk, and come back in another store", async () => {
    const bytes = random(200_000);
    const manifest = await (await open("one")).putFile(
      (async function* () {
        yield bytes;
      })(),
    );
    expect(bucket.objects.size).toBe(new Set(manifest.chunks).size);
    expect(Buffer.compare(await (await open("two")).readFileBytes(manifest), bytes)).toBe(0);
  });

  test("a large blob goes up in parts, and a part that fails for good leaves no half upload", async () => {
    const bytes = random(1_000_000);
    const hash = await (await open("one", { partBytes: 300_000 })).put(bytes);
    expect(bucket.log.filter((line) => line.includes("partNumber="))).toHaveLength(4);
    expect(Buffer.compare(await (await open("two")).get(hash), bytes)).toBe(0);
    bucket.before = (request, response) => {
      if (!request.url?.includes("partNumber=2")) return false;
      response.writeHead(400).end("<Error><Code>EntityTooSmall</Code></Error>");
      return true;
    };
    const other = (await open("three", { partBytes: 300_000 })).put(random(1_000_001));
    await expect(other).rejects.toMatchObject({
      name: "UnavailableError",
      message: expect.stringContaining("EntityTooSmall"),
    });
    expect(bucket.log.at(-1)).toMatch(/^DELETE/);
  });

  test("the wrong secret is refused, at once and in words", async () => {
    const one = openStore({
      dir: join(dir, "x"),
      s3: { url: bucket.url, ...bucket.keys, secretAccessKey: "wrong", pause: 1 },
    });
    await expect((await one).put(utf8("x"))).rejects.toThrow(/answered 403/);
  });

  test("an overloaded service is tried again, then named", async () => {
    let failures = 3;
    bucket.before = (_, response) => {
      if (failures-- <= 0) return false;
      response.writeHead(503).end("<Error><Code>SlowDown</Code></Error>");
      return true;
    };
    await (await open("one")).put(utf8("in the end"));
    failures = Number.POSITIVE_INFINITY;
    await expect((await open("two")).put(utf8("never"))).rejects.toThrow(/answered 503/);
  });

  test("a line that breaks goes on from there; bytes that changed are refused", async () => {
    const bytes = random(300_000);
    const hash = await (await open("one")).put(bytes);
    const ranges: unknown[] = [];
    bucket.before = (request, response) => {
      if (request.method !== "GET") return false;
      ranges.push(request.headers.range);
      if (request.headers.range) return false;
      response.writeHead(200, { "content-length": bytes.length });
      response.write(bytes.subarray(0, 100_000), () => response.destroy());
      return true;
    };
    expect(Buffer.compare(await (await open("two")).get(hash), bytes)).toBe(0);
    expect(ranges[1]).toMatch(/^bytes=\d+-$/);
    bucket.before = () => false;
    for (const object of bucket.objects.values()) object[5] = (object[5] as number) ^ 1;
    await expect((await open("three")).get(hash)).rejects.toThrow(/another hash/);
  });
});
