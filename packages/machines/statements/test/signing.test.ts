import { randomBytes } from "node:crypto";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, test } from "vitest";
import {
  disclose,
  keyFromSeed,
  keySigner,
  makeStatement,
  openEnvelope,
  parseKey,
  seal,
  signEnvelope,
  verifyDisclosure,
  walletSigner,
} from "../src/index.ts";

const statement = makeStatement([{ name: "asset:1", digest: { sha256: "ab".repeat(32) } }], "urn:x:1", {
  says: "größer",
});
const seed = Buffer.alloc(32, 7);

describe("envelopes", () => {
  const wallet = walletSigner(privateKeyToAccount(`0x${"1".padStart(64, "0")}`));
  const hybrid = [
    keySigner("ed25519", keyFromSeed("ed25519", seed)),
    keySigner("ml-dsa-44", keyFromSeed("ml-dsa-44", seed)),
  ];
  const keys = hybrid.map(({ key }) => parseKey(key));

  test("wallet, Ed25519 and the hybrid of Ed25519 and ML-DSA-44 sign; every trusted key must hold", async () => {
    expect(await openEnvelope(await signEnvelope(statement, [wallet]), [parseKey(wallet.key)])).toEqual(statement);
    const envelope = await signEnvelope(statement, hybrid);
    expect(await openEnvelope(envelope, keys)).toEqual(statement);
    const half = { ...envelope, signatures: envelope.signatures.slice(0, 1) };
    await expect(openEnvelope(half, keys)).rejects.toThrow(/ml-dsa-44/);
    await expect(openEnvelope(envelope, [])).rejects.toThrow(/No key/);
    const other = await signEnvelope(makeStatement(statement.subject, "urn:x:1", { says: "other" }), hybrid);
    await expect(openEnvelope({ ...envelope, payload: other.payload }, keys)).rejects.toThrow(/no valid signature/);
    await expect(openEnvelope({ ...envelope, payloadType: "text/plain" }, keys)).rejects.toThrow(/no valid signature/);
  });

  test("a seed is one key for good, a key is read only in its own form", () => {
    expect(hybrid[0]?.keyid).toBe(keySigner("ed25519", keyFromSeed("ed25519", seed)).keyid);
    for (const text of ["", "ed25519:AAAA", "rsa:AAAA", "eip155:0x12"]) expect(() => parseKey(text)).toThrow();
    expect(() => keyFromSeed("ed25519", seed.subarray(1))).toThrow(/32 bytes/);
  });
});

describe("sealed records", () => {
  const record = { name: "Ada", age: 36, visits: [{ day: "2026-01-01", code: "I21" }], "a/b": { "~": null }, none: [] };

  test("every field opens alone, a prefix opens all below it, and what is shown is what was sealed", () => {
    const opening = seal(record, randomBytes);
    const shown = verifyDisclosure(disclose(opening, ["/age", "/visits", "/a~1b", "/none"]));
    expect(shown.fields).toEqual({
      "/age": 36,
      "/visits/0/day": "2026-01-01",
      "/visits/0/code": "I21",
      "/a~1b/~0": null,
      "/none": [],
    });
    expect(shown.sealed.fields).toBe(6);
    expect(() => disclose(opening, ["/wages"])).toThrow(/no field/);
    const one = disclose(opening, ["/age"]);
    for (const change of [
      { value: 37 },
      { path: "/name" },
      { salt: "00".repeat(16) },
      { index: (one.shown[0]?.index ?? 0) ^ 1 },
    ]) {
      expect(() => verifyDisclosure({ ...one, shown: [{ ...one.shown[0], ...change }] })).toThrow(
        /not in the sealed record/,
      );
    }
  });

  test("what is not shown cannot be found by trying: the same record seals to other hashes each time", () => {
    const [first, second] = [seal({ answer: true }, randomBytes), seal({ answer: true }, randomBytes)];
    expect(first.sealed.root).not.toBe(second.sealed.root);
    expect(new Set([...first.fields, ...second.fields].map(({ salt }) => salt)).size).toBe(2);
    const { shown } = disclose(seal({ age: 36, name: "Ada" }, randomBytes), ["/age"]);
    expect(JSON.stringify(shown)).not.toContain("Ada");
  });
});
