import { InvalidInputError } from "@base/errors";

/** Bytes as text: `0x` and two lower-case digits a byte. */
export type Hex = `0x${string}`;

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const VALUES = new Int8Array(128).fill(-1);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  VALUES[digit.charCodeAt(0)] = value;
  VALUES[digit.toUpperCase().charCodeAt(0)] = value;
}

/** Lower-case hex with `0x` in front. */
export function bytesToHex(bytes: Uint8Array): Hex {
  let text = "0x";
  for (let i = 0; i < bytes.length; i++) text += DIGITS[bytes[i] as number];
  return text as Hex;
}

/** Bytes of a `0x` hex text in either case; throws InvalidInputError on a missing prefix, an odd length or another character. */
export function hexToBytes(hex: string): Uint8Array<ArrayBuffer> {
  if (typeof hex !== "string" || !hex.startsWith("0x")) {
    throw new InvalidInputError(`Hex text must begin with 0x, got ${shorten(hex)}.`);
  }
  if (hex.length % 2) throw new InvalidInputError(`Hex text has an odd number of digits: ${shorten(hex)}.`);
  const bytes = new Uint8Array(hex.length / 2 - 1);
  for (let i = 0, at = 2; i < bytes.length; i++, at += 2) {
    const high = VALUES[hex.charCodeAt(at)] ?? -1;
    const low = VALUES[hex.charCodeAt(at + 1)] ?? -1;
    if (high < 0 || low < 0) {
      throw new InvalidInputError(
        `Hex text has a character that is no digit at position ${high < 0 ? at : at + 1}: ${shorten(hex)}.`,
      );
    }
    bytes[i] = high * 16 + low;
  }
  return bytes;
}

/** True for `0x` and an even number of hex digits, in either case. */
export function isHex(value: unknown): value is Hex {
  return typeof value === "string" && value.length % 2 === 0 && /^0x[0-9a-fA-F]*$/.test(value);
}

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text) as Uint8Array<ArrayBuffer>;
}

/** Text of UTF-8 bytes, a leading byte-order mark kept; throws InvalidInputError where they are not UTF-8. */
export function utf8ToText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new InvalidInputError("The bytes are not UTF-8 text.", { cause });
  }
}

/** All parts after each other, in new memory. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** True when both hold the same bytes. Not constant-time: never for secrets. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function shorten(value: unknown): string {
  const text = String(value);
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
