import { canonicalJson } from "@base/bytes/canonicalJson.ts";
import fc from "fast-check";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, test } from "vitest";
import { recoverSigner, signStatement, statementHash } from "./sign.ts";
import { type DataStatement, parseAssetStatement, parseStatement, statementType } from "./statements.ts";

const account = privateKeyToAccount(`0x${"11".repeat(32)}`);
const scope = { chainId: 31337, assets: `0x${"aa".repeat(20)}` } as const;
const hash = (byte: string) => `0x${byte.repeat(32)}` as const;

const data: DataStatement = {
  type: "assay/data/1",
  name: "weather",
  licence: "CC-BY-4.0",
  price: "5000000000000000000",
  currency: `0x${"bb".repeat(20)}`,
  royaltyBps: 500,
  creator: account.address.toLowerCase() as `0x${string}`,
  createdAt: "2026-01-31T12:00:00.000Z",
  mediaType: "text/csv",
  schema: [{ name: "date", type: "date" }],
  rows: 3,
  manifest: { size: 40, chunkSize: 16384, chunks: [hash("01")], root: hash("02") },
  provenance: "a gauge on a roof",
};

describe("statements (SPEC S1)", () => {
  test("a statement that fits comes back unchanged", () => {
    expect(parseStatement("assay/data/1", data)).toEqual(data);
    expect(parseAssetStatement(data)).toEqual(data);
  });

  test.each([
    ["price", { ...data, price: "05" }, "price"],
    ["hash in capitals", { ...data, manifest: { ...data.manifest, root: hash("AB") } }, "manifest.root"],
    ["royalty above all", { ...data, royaltyBps: 10_001 }, "royaltyBps"],
    ["column type", { ...data, schema: [{ name: "a", type: "float" }] }, "schema.0.type"],
    ["no moment", { ...data, createdAt: "yesterday" }, "createdAt"],
  ])("names the field that does not fit: %s", (_, value, field) => {
    expect(() => parseStatement("assay/data/1", value)).toThrow(
      expect.objectContaining({ data: expect.objectContaining({ field }) }),
    );
  });

  test("refuses fields that nobody reads, so that a signature never covers a hidden sentence", () => {
    expect(() => parseStatement("assay/data/1", { ...data, note: "and your soul" })).toThrow(/note/);
  });

  test("refuses another type", () => {
    expect(() => parseStatement("assay/model/1", data)).toThrow(
      "expected a statement assay/model/1, found assay/data/1",
    );
    expect(() => statementType({ type: "weather" })).toThrow(/needs a type/);
    expect(() => parseAssetStatement({ type: "assay/run/1" })).toThrow(/data, derived or model/);
  });
});

describe("signatures (SPEC S2)", () => {
  test("the hash depends on the content only, not on the order of keys", () => {
    const turned = Object.fromEntries(Object.entries(data).reverse());
    expect(statementHash(turned)).toBe(statementHash(data));
    expect(statementHash(JSON.parse(canonicalJson(data)))).toBe(statementHash(data));
    expect(statementHash({ ...data, rows: 4 })).not.toBe(statementHash(data));
  });

  test("recovers the signer", async () => {
    const signed = await signStatement(account, scope, data);
    expect(await recoverSigner(scope, signed)).toBe(account.address.toLowerCase());
  });

  test("a signature counts on one contract of one chain only", async () => {
    const signed = await signStatement(account, scope, data);
    for (const other of [
      { ...scope, chainId: 1 },
      { ...scope, assets: `0x${"ab".repeat(20)}` as const },
    ]) {
      await expect(recoverSigner(other, signed)).rejects.toThrow(/is by 0x/);
    }
  });

  test("refuses any change of the statement, the signer and the signature", async () => {
    const signed = await signStatement(account, scope, data);
    await expect(recoverSigner(scope, { ...signed, statement: { ...data, rows: 4 } })).rejects.toThrow(/hashes to/);
    await expect(recoverSigner(scope, { ...signed, signer: data.currency })).rejects.toThrow(/is by/);
    await expect(recoverSigner(scope, { ...signed, signature: "0x1234" })).rejects.toThrow(/65 bytes/);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const byte = Number.parseInt(signed.signature.slice(2 + 2 * at, 4 + 2 * at), 16) ^ flip;
        const bent = `${signed.signature.slice(0, 2 + 2 * at)}${byte.toString(16).padStart(2, "0")}${signed.signature.slice(4 + 2 * at)}`;
        await expect(recoverSigner(scope, { ...signed, signature: bent as `0x${string}` })).rejects.toThrow();
      }),
      { numRuns: 25 },
    );
  });
});
