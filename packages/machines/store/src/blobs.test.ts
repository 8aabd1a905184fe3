import {
  chmodSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Hash, sha256Hex } from "@base/bytes/hash.ts";
import { utf8 } from "@base/bytes/hex.ts";
import { merkleRoot } from "@base/bytes/merkle.ts";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStore, type Store } from "./blobs.ts";
import { chunkSizeFor, MAX_BLOB_BYTES, parseManifest } from "./manifest.ts";

let dir: string;
let store: Store;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "assay-store-"));
  store = await openStore({ dir });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Bytes that do not repeat from chunk to chunk. */
function noise(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = seed;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

const blobPath = (hash: Hash) => join(dir, "blobs", hash.slice(2, 4), hash.slice(4));
const incoming = () => readdirSync(join(dir, "incoming"));

describe("blobs", () => {
  test("come back by their SHA-256", async () => {
    const hash = await store.put(utf8("abc"));
    expect(hash).toBe("0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(await store.has(hash)).toBe(true);
    expect(Buffer.from(await store.get(hash)).toString()).toBe("abc");
    expect(await store.put(utf8("abc"))).toBe(hash);
    expect(readFileSync(blobPath(hash), "utf8")).toBe("abc");
    expect(incoming()).toEqual([]);
  });

  test("the empty blob is a blob", async () => {
    const hash = await store.put(new Uint8Array(0));
    expect(await store.get(hash)).toHaveLength(0);
  });

  test("what is not there is named", async () => {
    const hash = sha256Hex(utf8("missing"));
    expect(await store.has(hash)).toBe(false);
    await expect(store.get(hash)).rejects.toMatchObject({
      name: "NotFoundError",
      message: expect.stringContaining(hash),
    });
    await expect(store.get("0x12")).rejects.toMatchObject({ name: "InvalidInputError" });
    await expect(store.get(`0x${"../".repeat(21)}a`)).rejects.toMatchObject({ name: "InvalidInputError" });
  });

  test("bytes that changed on disk are never handed out, and storing them again mends them", async () => {
    const hash = await store.put(utf8("trusted"));
    writeFileSync(blobPath(hash), "trustee");
    await expect(store.get(hash)).rejects.toMatchObject({ name: "IntegrityError" });
    await store.put(utf8("trusted"));
    expect(Buffer.from(await store.get(hash)).toString()).toBe("trusted");
    writeFileSync(blobPath(hash), "cut");
    await expect(store.get(hash)).rejects.toMatchObject({ name: "IntegrityError" });
    await store.put(utf8("trusted"));
    expect(Buffer.from(await store.get(hash)).toString()).toBe("trusted");
  });

  test("too large for one blob", async () => {
    await expect(store.put(new Uint8Array(MAX_BLOB_BYTES + 1))).rejects.toThrow(/as a file/);
  });

  test("many at once, the same and different", async () => {
    const hashes = await Promise.all(Array.from({ length: 60 }, (_, i) => store.put(utf8(`blob ${i % 20}`))));
    expect(new Set(hashes).size).toBe(20);
    for (const hash of hashes) await store.get(hash);
    expect(incoming()).toEqual([]);
  });

  test("JSON is stored in canonical form", async () => {
    const hash = await store.putJson({ b: 1, a: ["x", null] });
    expect(hash).toBe(sha256Hex(utf8('{"a":["x",null],"b":1}')));
    expect(await store.getJson(hash)).toEqual({ a: ["x", null], b: 1 });
    await expect(store.putJson({ a: Number.NaN })).rejects.toThrow(/NaN/);
    await expect(store.getJson(await store.put(utf8("{")))).rejects.toMatchObject({ name: "IntegrityError" });
  });
});

describe("files", () => {
  test("chunk sizes: a power of two, 16 KiB to 4 MiB, at most 1,024 chunks until 4 GiB", () => {
    const [KiB, MiB, GiB] = [2 ** 10, 2 ** 20, 2 ** 30];
    expect([0, 1, 16 * MiB, 16 * MiB + 1, GiB, 4 * GiB, 100 * GiB].map(chunkSizeFor)).toEqual([
      16 * KiB,
      16 * KiB,
      16 * KiB,
      32 * KiB,
      MiB,
      4 * MiB,
      4 * MiB,
    ]);
  });

  test.each([0, 1, 16_384, 16_385, 100_000])("a file of %i bytes", async (size) => {
    const bytes = noise(size);
    const path = join(dir, "file");
    writeFileSync(path, bytes);
    const seen: number[] = [];
    const manifest = await store.putFile(path, { onProgress: (done) => seen.push(done) });
    const cut = Array.from({ length: Math.ceil(size / 16_384) }, (_, i) =>
      bytes.subarray(i * 16_384, (i + 1) * 16_384),
    );
    expect(manifest).toEqual({ size, chunkSize: 16_384, chunks: cut.map((c) => sha256Hex(c)), root: merkleRoot(cut) });
    expect(seen.at(-1) ?? 0).toBe(size);
    expect(Buffer.compare(await store.readFileBytes(manifest), bytes)).toBe(0);
    expect(parseManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
  });

  test("large chunks, hashed by the thread pool, give the same root as by hand", async () => {
    const [size, chunkSize] = [129 * 2 ** 20 + 7, 2 ** 18];
    const path = join(dir, "sparse");
    const file = openSync(path, "w");
    ftruncateSync(file, size); // a file of zeros that takes no room, with one other chunk in the middle
    writeSync(file, noise(chunkSize), 0, chunkSize, 100 * chunkSize);
    closeSync(file);
    const manifest = await store.putFile(path);
    expect(manifest.chunkSize).toBe(chunkSize);
    const cut = Array.from({ length: 517 }, (_, i) =>
      i === 100 ? noise(chunkSize) : new Uint8Array(i < 516 ? chunkSize : 7),
    );
    expect(manifest.chunks).toEqual(cut.map((chunk) => sha256Hex(chunk)));
    expect(manifest.root).toBe(merkleRoot(cut));
  });

  test("a stream gives the same manifest as the file, however it is cut", async () => {
    const bytes = noise(70_000);
    writeFileSync(join(dir, "file"), bytes);
    const expected = await store.putFile(join(dir, "file"));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 8 }), async (cuts) => {
        async function* stream() {
          let at = 0;
          for (let i = 0; at < bytes.length; i++) {
            const next = at + (cuts[i % cuts.length] as number);
            yield bytes.subarray(at, next);
            at = next;
          }
        }
        expect(await store.putFile(stream())).toEqual(expected);
      }),
      { numRuns: 10 },
    );
  });

  test("resumes: chunks that are there are not written again", async () => {
    writeFileSync(join(dir, "file"), noise(200_000));
    const stop = new AbortController();
    const stopped = store.putFile(join(dir, "file"), {
      signal: stop.signal,
      onProgress: (done) => done > 90_000 && stop.abort(),
    });
    await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
    const files = () =>
      readdirSync(join(dir, "blobs"), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
    const before = new Map(files().map((path) => [path, statSync(path).ino]));
    expect(before.size).toBeGreaterThan(4);
    expect(before.size).toBeLessThan(13);
    const manifest = await store.putFile(join(dir, "file"));
    expect(files()).toHaveLength(13);
    for (const [path, ino] of before) expect(statSync(path).ino).toBe(ino);
    expect(Buffer.compare(await store.readFileBytes(manifest), noise(200_000))).toBe(0);
  });

  test("a manifest that does not fit its chunks is refused", async () => {
    writeFileSync(join(dir, "file"), noise(40_000));
    const manifest = await store.putFile(join(dir, "file"));
    const read = (changed: object) => store.readFileBytes({ ...manifest, ...changed });
    await expect(read({ root: manifest.chunks[0] })).rejects.toMatchObject({ name: "IntegrityError" });
    await expect(read({ chunks: manifest.chunks.toReversed() })).rejects.toMatchObject({ name: "IntegrityError" });
    await expect(read({ size: 40_001 })).rejects.toMatchObject({ name: "IntegrityError" });
    await expect(read({ size: 90_000 })).rejects.toThrow(/chunks must be a list of 6 hashes/);
    await expect(read({ chunkSize: 1 })).rejects.toThrow(/chunkSize must be 16384/);
    await expect(read({ root: "0x" })).rejects.toThrow(/root must be a hash/);
  });

  test("a wrong source is named", async () => {
    await expect(store.putFile(join(dir, "nowhere.csv"))).rejects.toThrow(/nowhere\.csv does not exist/);
    mkdirSync(join(dir, "folder"));
    await expect(store.putFile(join(dir, "folder"))).rejects.toThrow(/folder/);
    async function* broken() {
      yield utf8("half");
      throw new Error("the line went dead");
    }
    await expect(store.putFile(broken())).rejects.toThrow(/line went dead/);
    expect(incoming()).toEqual([]);
  });

  test("a file that grows while it is read is refused", async () => {
    const path = join(dir, "growing");
    writeFileSync(path, noise(60_000));
    const reading = store.putFile(path, { onProgress: () => writeFileSync(path, noise(61_000)) });
    await expect(reading).rejects.toThrow(/changed while it was read/);
  });
});

describe("other nodes", () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close().closeAllConnections();
  });

  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const nothing = () => serve((_, response) => response.writeHead(404).end());

  test("a missing blob is fetched, checked and kept", async () => {
    const bytes = noise(5_000_000);
    const hash = sha256Hex(bytes);
    const asked: string[] = [];
    const empty = await nothing();
    const full = await serve((request, response) => {
      asked.push(request.url ?? "");
      response.end(bytes);
    });
    const here = await openStore({ dir, remotes: [empty, `${full}/`] });
    await expect(here.get(hash, { local: true })).rejects.toMatchObject({ name: "NotFoundError" });
    expect(Buffer.compare(await here.get(hash), bytes)).toBe(0);
    await here.get(hash);
    expect(asked).toEqual([`/v1/blobs/${hash}`]);
    expect(await store.has(hash)).toBe(true);
  });

  test("a liar is passed over; alone, it is named", async () => {
    const hash = sha256Hex(utf8("truth"));
    const liar = await serve((_, response) => response.end("lies!"));
    const honest = await serve((_, response) => response.end("truth"));
    const deceived = await openStore({ dir, remotes: [liar] });
    await expect(deceived.get(hash)).rejects.toMatchObject({
      name: "UnavailableError",
      message: expect.stringContaining(`${liar}: sent bytes with another hash`),
    });
    expect(await store.has(hash)).toBe(false);
    const both = await openStore({ dir, remotes: [liar, honest] });
    expect(Buffer.from(await both.get(hash)).toString()).toBe("truth");
  });

  test("an endless answer is cut off", async () => {
    const endless = await serve((_, response) => {
      const part = Buffer.alloc(1 << 20);
      const more = () => {
        while (response.writable && response.write(part));
      };
      response.on("drain", more);
      more();
    });
    const here = await openStore({ dir, remotes: [endless] });
    await expect(here.get(sha256Hex(utf8("x")))).rejects.toThrow(/sent more than/);
  });

  test("nobody has it, nobody answers, an error is answered", async () => {
    const hash = sha256Hex(utf8("x"));
    const get = async (...remotes: string[]) => (await openStore({ dir, remotes })).get(hash);
    await expect(get(await nothing(), await nothing())).rejects.toMatchObject({ name: "NotFoundError" });
    await expect(get("http://127.0.0.1:1")).rejects.toMatchObject({ name: "UnavailableError", kind: "retryable" });
    await expect(get(await serve((_, response) => response.writeHead(500).end()))).rejects.toThrow(/answered 500/);
  });

  test("a blob that changed on disk is fetched anew", async () => {
    const hash = await store.put(utf8("truth"));
    writeFileSync(blobPath(hash), "lies!");
    const honest = await serve((_, response) => response.end("truth"));
    const here = await openStore({ dir, remotes: [honest] });
    expect(Buffer.from(await here.get(hash)).toString()).toBe("truth");
    expect(readFileSync(blobPath(hash), "utf8")).toBe("truth");
  });
});

describe("bad folders", () => {
  test("a file in the place of the folder", async () => {
    writeFileSync(join(dir, "taken"), "");
    await expect(openStore({ dir: join(dir, "taken") })).rejects.toMatchObject({
      name: "UnavailableError",
      kind: "user",
      message: expect.stringMatching(/taken should be a folder/),
    });
  });

  test.skipIf(process.getuid?.() === 0)("a folder without permission", async () => {
    mkdirSync(join(dir, "closed"));
    chmodSync(join(dir, "closed"), 0o500);
    await expect(openStore({ dir: join(dir, "closed", "store") })).rejects.toThrow(/No permission/);
  });

  test("what a process that is gone left half-written is removed, what a living one writes stays", async () => {
    writeFileSync(join(dir, "incoming", "99999999-1"), "half");
    writeFileSync(join(dir, "incoming", `${process.ppid}-1`), "in work");
    await openStore({ dir });
    expect(incoming()).toEqual([`${process.ppid}-1`]);
  });
});
