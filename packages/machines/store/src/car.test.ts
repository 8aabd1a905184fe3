import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Hex } from "@base/bytes/hash.ts";
import { concatBytes } from "@base/bytes/hex.ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStore, type Store } from "./blobs.ts";
import { readCar, writeCar } from "./car.ts";
import { cidOf, dagOf, fileCid } from "./cid.ts";
import type { FileManifest } from "./manifest.ts";
import { pinFile } from "./pin.ts";

let dir: string;
let store: Store;
const servers: Server[] = [];
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "assay-car-"));
  store = await openStore({ dir: join(dir, "one") });
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Byte i is (31 i + i / 256) mod 256. */
const content = (size: number) => Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >>> 8)) & 255);
async function* once(bytes: Uint8Array) {
  yield bytes;
}
const gather = async (parts: AsyncIterable<Uint8Array>) => {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return concatBytes(...all);
};
const listen = async (handler: Parameters<typeof createServer>[1]) => {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

describe("CIDs", () => {
  // From ipfs-unixfs-importer 17.1.1: CIDv1, raw leaves, single leaf to itself, balanced with 1,024 children, fixed chunks.
  test.each([
    [0, "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"],
    [5, "bafkreibivjlmoj5ttgmrbt7v5q4kxjcsstciurogpdml64f6bhoosm7seq"],
    [16_384, "bafkreieduxxjyhnqxavosslb73tvugk7mecmmurvyb2zavuwk5yjyeyw5a"],
    [16_385, "bafybeihmi7qzrhnbiibqhdxr6hjobnwgqm37a6ocyxnf5uu5xs66delqjm"],
    [100_000, "bafybeibjy7g3gzwd3quwb66damfb4px4nyyjepy37xqrvoamy5iat4bscm"],
    [3_000_000, "bafybeibhetoc4vigls75oako6obmvwtkvfdbjpaztzpt6ubhyacxx5jftu"],
    [20_000_000, "bafybeidba4bsfzofopymgof5ap2ywp3yc6sjznej5xixd34huvuinx4spa"],
  ])("%d bytes are the file that an IPFS importer makes", async (size, cid) => {
    expect(fileCid(await store.putFile(once(content(size))))).toBe(cid);
  });

  test("more chunks than one node links to: two levels", () => {
    const bytes = content(100_000);
    const chunks = Array.from({ length: 2_500 }, (_, i) => sha256Hex(bytes.subarray(i * 40, i * 40 + 40)));
    const manifest = { size: bytes.length, chunkSize: 40, chunks, root: sha256Hex(bytes) } as FileManifest;
    expect(dagOf(manifest).root.toString()).toBe("bafybeibvnuuzsafxjspyhva7j4of4to2szixuuxjva45menkywwzxq3z3a");
  });
});

describe("CAR files", () => {
  test.each([0, 5, 100_000, 3_000_000])("%d bytes out and in again", async (size) => {
    const bytes = content(size);
    const manifest = await store.putFile(once(bytes));
    const car = await gather(writeCar(store, manifest));
    const other = await openStore({ dir: join(dir, "two") });
    expect(Buffer.compare(await gather(readCar(other, once(car))), bytes)).toBe(0);
  });

  test("a changed byte, a missing block, another root, rubbish: refused with a reason", async () => {
    const manifest = await store.putFile(once(content(100_000)));
    const car = await gather(writeCar(store, manifest));
    const into = async (name: string, bytes: Uint8Array) =>
      gather(readCar(await openStore({ dir: join(dir, name) }), once(bytes)));
    const changed = car.slice();
    changed[car.length - 10] = (changed[car.length - 10] as number) ^ 1;
    await expect(into("a", changed)).rejects.toMatchObject({ name: "IntegrityError" });
    const lacking = car.slice(0, car.length - 1 - (100_000 % 16_384) - 36 - 2);
    await expect(into("b", lacking)).rejects.toMatchObject({
      name: expect.stringMatching(/IntegrityError|InvalidInputError/),
    });
    await expect(into("c", new Uint8Array(0))).rejects.toMatchObject({ name: "InvalidInputError" });
    await expect(into("d", content(5_000))).rejects.toMatchObject({ name: "InvalidInputError" });
    for (let i = 0; i < 60; i++) {
      const spoilt = car.slice(0, 400);
      spoilt[(i * 53) % 400] = i;
      await into(`e${i}`, spoilt).catch((error) => expect(error.kind).toBe("user"));
    }
  });
});

describe("IPFS by HTTP", () => {
  test("missing chunks come from a gateway, checked", async () => {
    const bytes = content(100_000);
    const manifest = await store.putFile(once(bytes));
    const asked: string[] = [];
    const url = await listen(async (request, response) => {
      asked.push(`${request.headers.accept} ${request.url}`);
      const cid = new URL(request.url ?? "", "http://x").pathname.split("/")[2];
      const hash = manifest.chunks.find((chunk) => cidOf(chunk).toString() === cid);
      if (!hash) return response.writeHead(404).end();
      response.end(await store.get(hash));
    });
    const other = await openStore({ dir: join(dir, "two"), gateways: [url] });
    expect(Buffer.compare(await other.readFileBytes(manifest), bytes)).toBe(0);
    expect(asked[0]).toMatch(/^application\/vnd\.ipld\.raw \/ipfs\/bafkrei\w+\?format=raw$/);
    const liar = await listen((_, response) => void response.end("something else"));
    const third = await openStore({ dir: join(dir, "three"), gateways: [liar] });
    await expect(third.readFileBytes(manifest)).rejects.toThrow(/another hash/);
  });

  test("a file is handed to an own node as a CAR, and named to a service until it is pinned", async () => {
    const bytes = content(100_000);
    const manifest = await store.putFile(once(bytes));
    const cid = fileCid(manifest);
    let taken = Buffer.alloc(0);
    const api = await listen(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      taken = Buffer.concat(parts);
      response.end(JSON.stringify({ Root: { Cid: { "/": cid } } }));
    });
    let looks = 0;
    const service = await listen((request, response) => {
      if (request.headers.authorization !== "Bearer secret") return void response.writeHead(401).end();
      response.end(JSON.stringify({ requestid: "r1", status: looks++ < 2 ? "queued" : "pinned" }));
    });
    const pinned = await pinFile(store, manifest, "name", {
      api,
      service: { url: service, token: "secret" },
      pause: 1,
    });
    expect(pinned).toEqual({ cid, by: [api, service], status: "pinned" });
    const body = taken.subarray(taken.indexOf("\r\n\r\n") + 4, taken.lastIndexOf("\r\n--"));
    const other = await openStore({ dir: join(dir, "two") });
    expect(Buffer.compare(await gather(readCar(other, once(new Uint8Array(body)))), bytes)).toBe(0);
    const refused = pinFile(store, manifest, "name", { service: { url: service, token: "wrong" } });
    await expect(refused).rejects.toMatchObject({ name: "UnavailableError" });
    await expect(pinFile(store, manifest, "name", {})).rejects.toMatchObject({ name: "InvalidInputError" });
  });
});
