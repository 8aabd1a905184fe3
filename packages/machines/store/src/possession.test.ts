import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Hex } from "@base/bytes/hash.ts";
import { utf8 } from "@base/bytes/hex.ts";
import { merkleRoot } from "@base/bytes/merkle.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStore, type Store } from "./blobs.ts";
import type { StoredFile } from "./manifest.ts";
import { challengedSectors, provePossession, sectorsOf, verifyPossession } from "./possession.ts";

let dir: string;
let store: Store;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "assay-held-"));
  store = await openStore({ dir });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Byte i is (31 i + i / 256) mod 256: the vector of Possession.t.sol. */
const content = (size: number) => Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >>> 8)) & 255);
const keep = (bytes: Uint8Array): Promise<StoredFile> =>
  store.putFile(
    (async function* () {
      yield bytes;
    })(),
    { sectors: true },
  );
const seed = sha256Hex(utf8("a block"));

describe("possession", () => {
  test.each([1, 1_024, 1_025, 16_384, 16_385, 100_000, 131_072])(
    "%d bytes: the root is that of all sectors, and proofs hold",
    async (size) => {
      const bytes = content(size);
      const stored = await keep(bytes);
      const sectors = Array.from({ length: sectorsOf(size) }, (_, i) => bytes.subarray(i * 1024, i * 1024 + 1024));
      expect(stored.sectorRoot).toBe(merkleRoot(sectors));
      const challenge = { root: stored.sectorRoot as `0x${string}`, sectors: sectors.length, seed, count: 8 };
      const proofs = await provePossession(store, stored, challenge);
      expect(verifyPossession(challenge, proofs)).toBe(true);
      for (const [i, { index, bytes: shown }] of proofs.entries()) {
        expect(index).toBe(challengedSectors(challenge)[i]);
        expect(Buffer.compare(shown, sectors[index] as Uint8Array)).toBe(0);
      }
    },
  );

  test("nothing else passes: other bytes, order, seed, number, length, path", async () => {
    const stored = await keep(content(100_000));
    const challenge = { root: stored.sectorRoot as `0x${string}`, sectors: sectorsOf(stored.size), seed, count: 5 };
    const proofs = await provePossession(store, stored, challenge);
    const [first, second] = proofs as [(typeof proofs)[0], (typeof proofs)[0]];
    const other = first.bytes.slice();
    other[0] = (other[0] as number) ^ 1;
    const wrong = [
      [{ ...first, bytes: other }, ...proofs.slice(1)],
      [second, first, ...proofs.slice(2)],
      proofs.slice(1),
      [...proofs, first],
      [],
      [{ ...first, bytes: first.bytes.subarray(0, 1000) }, ...proofs.slice(1)],
      [{ ...first, path: first.path.slice(1) }, ...proofs.slice(1)],
      [{ ...first, path: [...first.path, challenge.root] }, ...proofs.slice(1)],
    ];
    for (const one of wrong) expect(verifyPossession(challenge, one)).toBe(false);
    expect(verifyPossession({ ...challenge, seed: sha256Hex(utf8("another block")) }, proofs)).toBe(false);
    expect(verifyPossession({ ...challenge, sectors: challenge.sectors + 1 }, proofs)).toBe(false);
  });

  test("who lacks a chunk cannot answer, even for the others", async () => {
    const stored = await keep(crypto.getRandomValues(new Uint8Array(60_001)));
    const empty = await openStore({ dir: join(dir, "empty") });
    for (const chunk of stored.chunks.slice(1)) await empty.put(await store.get(chunk));
    const challenge = { root: stored.sectorRoot as `0x${string}`, sectors: sectorsOf(stored.size), seed, count: 1 };
    await expect(provePossession(empty, stored, challenge)).rejects.toMatchObject({ name: "NotFoundError" });
    await expect(provePossession(store, stored, { ...challenge, root: seed })).rejects.toThrow(
      /not that of the stored bytes/,
    );
    await expect(provePossession(store, stored, { ...challenge, sectors: 5 })).rejects.toThrow(/sectors/);
  });
});
