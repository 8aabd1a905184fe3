import { sha256 as portable } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { hashBytes, isHash, parseHash, sha256, sha256Hex, sha256Stream } from "./hash.ts";
import { bytesToHex, concatBytes, equalBytes, hexToBytes, isHex, utf8, utf8ToText } from "./hex.ts";

// FIPS 180-4 example messages, digests as NIST publishes them.
const published: [string, string][] = [
  ["", "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "0x248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
];

test.each(published)("sha256 of %j", (text, digest) => {
  expect(sha256Hex(utf8(text))).toBe(digest);
});

test("whole, streamed, in parts and portable agree", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (parts) => {
      const whole = concatBytes(...parts);
      const digest = bytesToHex(portable(whole));
      const stream = sha256Stream();
      for (const part of parts) stream.update(part);
      expect(bytesToHex(stream.digest())).toBe(digest);
      expect(sha256Hex(...parts)).toBe(digest);
      expect(bytesToHex(sha256(whole))).toBe(digest);
    }),
  );
});

test("without Node's crypto the portable code takes over", async () => {
  vi.resetModules();
  vi.stubGlobal("process", undefined);
  try {
    const browser = await import("./hash.ts");
    expect(browser.sha256).not.toBe(sha256);
    for (const [text, digest] of published) {
      expect(browser.sha256Hex(utf8(text))).toBe(digest);
      expect(bytesToHex(browser.sha256Stream().update(utf8(text)).digest())).toBe(digest);
    }
  } finally {
    vi.unstubAllGlobals();
    vi.resetModules(); // the next test file wants the fast code again
  }
});

test("hex goes there and back, in either case", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const hex = bytesToHex(bytes);
      expect(isHex(hex)).toBe(true);
      expect(equalBytes(hexToBytes(hex), bytes)).toBe(true);
      expect(equalBytes(hexToBytes(`0x${hex.slice(2).toUpperCase()}`), bytes)).toBe(true);
      expect(equalBytes(bytes, concatBytes(bytes, Uint8Array.of(0)))).toBe(false);
    }),
  );
});

test.each([
  ["12", /begin with 0x/],
  ["0x1", /odd number/],
  ["0x0g", /position 3/],
  ["0x€0", /position 2/],
])("hex %j is refused", (text, message) => {
  expect(isHex(text)).toBe(false);
  expect(() => hexToBytes(text)).toThrow(message);
});

test("a hash has one spelling", () => {
  const digest = (published[1] as [string, string])[1];
  expect(isHash(digest)).toBe(true);
  expect(isHash(digest.toUpperCase())).toBe(false);
  expect(parseHash(`0x${digest.slice(2).toUpperCase()}`)).toBe(digest);
  expect(bytesToHex(hashBytes(parseHash(digest)))).toBe(digest);
  expect(() => parseHash("0x12")).toThrow(/64 hex digits/);
  expect(() => hashBytes("0x12")).toThrow(/64 hex digits/);
});

test("text that is not UTF-8 is refused", () => {
  expect(utf8ToText(utf8("\ufeffé"))).toBe("\ufeffé");
  expect(() => utf8ToText(Uint8Array.of(0xff))).toThrow(/not UTF-8/);
});
