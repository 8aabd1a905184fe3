// The shared vocabulary of action inputs and outputs. JSON carries a bigint as a decimal string and bytes as
// 0x-hex, so every number survives every surface; in process the same schema gives the native type.
import { z } from "zod";

/** What a field means to the surfaces: how the command line, the API and the docs treat it. */
export interface FieldMeta {
  /** JSON Schema that stands for the field on the wire, instead of the one derived from the zod type. */
  readonly wire?: Readonly<Record<string, unknown>>;
  /** `file`: a path on the machine of the node; the command line makes it absolute, remote callers may not use it. */
  readonly field?: "file";
}

const meta = (wire: Readonly<Record<string, unknown>>, description?: string) => ({
  wire,
  ...(description === undefined ? {} : { description }),
});

const decimal = /^(0|[1-9]\d*)$/;

/** Unsigned integer of `bits` bits: decimal string or safe number on the wire, bigint in process. */
export function uintOf(bits: number, description?: string) {
  const max = 2n ** BigInt(bits) - 1n;
  return z
    .union([
      z.string().regex(decimal, "expected a whole number in decimal digits"),
      z.bigint(),
      z.int({ error: "expected a whole number; write large ones as a decimal string" }),
    ])
    .transform((value) => BigInt(value))
    .refine((value) => value >= 0n && value <= max, { error: `expected a whole number from 0 to 2^${bits} - 1` })
    .meta(meta({ type: "string", pattern: decimal.source, format: `uint${bits}` }, description));
}

/** uint256 as bigint: token ids, amounts in base units, block numbers. */
export const uint = uintOf(256);

/** Signed 256-bit integer: decimal string on the wire, bigint in process. */
export const int = z
  .union([z.string().regex(/^-?(0|[1-9]\d*)$/, "expected a whole number in decimal digits"), z.bigint(), z.int()])
  .transform((value) => BigInt(value))
  .refine((value) => value >= -(2n ** 255n) && value < 2n ** 255n, { error: "expected a signed 256-bit whole number" })
  .meta(meta({ type: "string", pattern: "^-?(0|[1-9]\\d*)$", format: "int256" }));

/** Fixed point with 18 decimals in base units (1e18 is one): what contracts call a wad. */
export const wad = uintOf(256, "Fixed point with 18 decimals: 1000000000000000000 is one.");

/**
 * An amount that a person types, e.g. `12.5`: string or number means whole units, bigint means base units.
 * For inputs only; outputs give base units with `uint`.
 */
export function amount(decimals = 18, description = `Amount in whole units, at most ${decimals} decimals, e.g. 12.5.`) {
  const pattern = new RegExp(`^(0|[1-9]\\d*)(\\.\\d{1,${decimals}})?$`);
  return z
    .union([
      z.bigint().refine((value) => value >= 0n, { error: "an amount cannot be negative" }),
      z.union([z.string(), z.number().transform(String)]).transform((text, context) => {
        if (!pattern.test(text)) {
          context.addIssue(
            `expected an amount such as 12.5 with at most ${decimals} decimals, not ${JSON.stringify(text)}`,
          );
          return z.NEVER;
        }
        const [whole = "0", fraction = ""] = text.split(".");
        return BigInt(whole + fraction.padEnd(decimals, "0"));
      }),
    ])
    .meta(meta({ type: "string", pattern: pattern.source, format: "amount" }, description));
}

const hexOf = (bytes: number | undefined, what: string) =>
  z
    .string()
    .regex(
      bytes === undefined ? /^0x([0-9a-fA-F]{2})*$/ : new RegExp(`^0x[0-9a-fA-F]{${2 * bytes}}$`),
      `expected ${what}`,
    )
    .transform((value) => value.toLowerCase() as `0x${string}`)
    .meta(
      meta({
        type: "string",
        pattern: bytes === undefined ? "^0x([0-9a-fA-F]{2})*$" : `^0x[0-9a-fA-F]{${2 * bytes}}$`,
        format: bytes === undefined ? "hex" : `bytes${bytes}`,
      }),
    );

/** Bytes as 0x-hex of any length, lower-case. */
export const hex = hexOf(undefined, "0x followed by pairs of hex digits");

/** 32 bytes as 0x-hex, lower-case: SHA-256 and keccak hashes, roots, request ids. */
export const hash = hexOf(32, "0x followed by 64 hex digits");

/** 65-byte secp256k1 signature (r, s, v) as 0x-hex. */
export const signature = hexOf(65, "0x followed by 130 hex digits");

/** EVM address; one-case input becomes lower-case, mixed case is kept for the checksum (EIP-55) test at encoding. */
export const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "expected an address: 0x followed by 40 hex digits")
  .transform((value) => {
    const digits = value.slice(2);
    const mixed = digits !== digits.toLowerCase() && digits !== digits.toUpperCase();
    return (mixed ? value : value.toLowerCase()) as `0x${string}`;
  })
  .meta(meta({ type: "string", pattern: "^0x[0-9a-fA-F]{40}$", format: "address" }));

/** Basis points, 0 to 10,000. */
export const bps = z.int().min(0).max(10_000).describe("Basis points: 10000 is all of it.");

/** Seconds, as chain time and windows count them. */
export const seconds = z.int().min(0).describe("Seconds.");

/** Day as YYYY-MM-DD (ISO 8601), a real calendar date. */
export const day = z.iso.date();

/** Name of an identity of this node, e.g. `owner`. */
export const identity = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, "expected a name in lower-case letters, digits and dashes")
  .describe("Name of an identity of this node.");

/** Path of a file on the node's machine; the command line resolves it against the folder it runs in. */
export const file = (description = "Path of a file.") => z.string().min(1).meta({ field: "file", description });

/** One page of a list: how many, and where to go on (`next` of the page before). */
export const page = {
  limit: z.int().min(1).max(1_000).default(50).describe("How many at most."),
  cursor: z.string().max(200).optional().describe("The `next` of the page before."),
} as const;
