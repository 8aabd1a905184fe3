// COSE receipts (RFC 9942): a record's proof and the log's signature over the root that it leads to, in some hundred bytes.
import { createPublicKey, sign, verify } from "node:crypto";
import { type Hash, hashBytes } from "@base/bytes/hash.ts";
import { bytesToHex } from "@base/bytes/hex.ts";
import { inclusionRoot } from "@base/bytes/merkle.ts";
import { decode, encode, rfc8949EncodeOptions } from "cborg";
import { ReceiptFormatError, ReceiptSignatureError } from "./errors.ts";
import { spkiOf, type Signer, type Verifier } from "./note.ts";
import type { InclusionProof } from "./verify.ts";

/** Header labels: RFC 9052 (1, 4), RFC 9597 (15, with the claims 1 and 2 of RFC 8392), RFC 9942 (395, 396). */
const [ALG, KID, CLAIMS, ISS, SUB, VDS, VDP] = [1, 4, 15, 1, 2, 395, 396] as const;
/** Tag of COSE_Sign1, as one byte before the array. */
const TAG = 0xd2;
const RFC9162_SHA256 = 1;
const INCLUSION = -1;
/** Ed25519 by its own number (RFC 9864), and EdDSA (RFC 9053), which older tools write. */
const ED25519 = [-19, -8];
const PLACE = "record ";
/** Receipts are small: 63 hashes, a key id and a name. */
const MAX_BYTES = 8_192;

/** What a receipt says before its signature is looked at. */
export interface Receipt {
  /** Name of the log (claim `iss`); undefined where a log of another make gives none. */
  readonly origin: string | undefined;
  readonly index: number;
  readonly size: number;
  /**
   * True when index and size are signed too (claim `sub`, as ours have it). RFC 9942 signs the root alone, and one path can
   * lead to it from the places of logs of several sizes.
   */
  readonly placed: boolean;
  /** Sibling hashes, lowest level first (RFC 9162, 2.1.3.1). */
  readonly proof: readonly Hash[];
  readonly protectedBytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** A receipt as bytes, the same for the same log, record and size. The signer is an Ed25519 key of the log. */
export function makeReceipt(origin: string, { index, size, root, proof }: InclusionProof, signer: Signer): Uint8Array {
  const header = new Map<number, unknown>([
    [ALG, ED25519[0]],
    [KID, Buffer.from(signer.verifier.id, "hex")],
    [
      CLAIMS,
      new Map([
        [ISS, origin],
        [SUB, place(index, size)],
      ]),
    ],
    [VDS, RFC9162_SHA256],
  ]);
  const protectedBytes = cbor(header);
  const path = cbor([size, index, proof.map(hashBytes)]);
  const proofs = new Map([[VDP, new Map([[INCLUSION, [path]]])]]);
  const signature = sign(null, toBeSigned(protectedBytes, root), signer.privateKey);
  return Buffer.concat([Buffer.of(TAG), cbor([protectedBytes, proofs, null, signature])]);
}

/** True for bytes that begin like a receipt. */
export function looksLikeReceipt(bytes: Uint8Array): boolean {
  return bytes[0] === TAG && bytes[1] === 0x84;
}

/** Takes a receipt of inclusion apart; throws ReceiptFormatError for anything else. */
export function parseReceipt(bytes: Uint8Array): Receipt {
  if (bytes.length > MAX_BYTES || !looksLikeReceipt(bytes)) throw bad("not a tagged COSE_Sign1 of at most 8 KB");
  const [protectedBytes, unprotected, payload, signature] = list(uncbor(bytes.subarray(1)), 4, "COSE_Sign1");
  const header = map(uncbor(octets(protectedBytes, "protected header")), "protected header");
  if (!ED25519.includes(header.get(ALG) as number)) throw bad(`algorithm ${String(header.get(ALG))}, not Ed25519`);
  if (header.get(VDS) !== RFC9162_SHA256) throw bad("its data structure is not RFC9162_SHA256");
  // A header that must be understood (crit, 2) and is not makes the whole invalid (RFC 9052, 3.1).
  if (header.has(2)) throw bad("it has critical headers");
  if (payload !== null) throw bad("the root is not detached");
  const proofs = map(map(unprotected, "unprotected header").get(VDP), "proofs").get(INCLUSION);
  const [path] = list(proofs, 1, "inclusion proofs");
  const [size, index, hashes] = list(uncbor(octets(path, "inclusion proof")), 3, "inclusion proof");
  if (!isCount(size) || !isCount(index) || !Array.isArray(hashes) || hashes.length > 63) throw bad("its path is none");
  const proof = hashes.map((one) => {
    const hash = octets(one, "hash");
    if (hash.length !== 32) throw bad("a hash has not 32 bytes");
    return bytesToHex(hash);
  });
  const claims = header.get(CLAIMS) instanceof Map ? (header.get(CLAIMS) as Map<unknown, unknown>) : undefined;
  const [issuer, subject] = [claims?.get(ISS), claims?.get(SUB)];
  const placed = typeof subject === "string" && subject.startsWith(PLACE);
  if (placed && subject !== place(index, size)) throw bad("its path is of another place than the one that was signed");
  return {
    origin: typeof issuer === "string" ? issuer : undefined,
    index,
    size,
    placed,
    proof,
    protectedBytes: octets(protectedBytes, "protected header"),
    signature: octets(signature, "signature"),
  };
}

/**
 * The root that a receipt vouches for, with the key that signed it: path and signature are one decision (RFC 9942, 5.2.1).
 *
 * A key vouches for the log of its own name alone; the receipt's key id is not looked at, since every log makes its own.
 * Throws ReceiptSignatureError when the leaf does not lead anywhere, or no key given signed what it leads to.
 */
export function verifyReceipt(receipt: Receipt, leaf: Hash, keys: readonly Verifier[]): { root: Hash; key: Verifier } {
  const root = inclusionRoot({ ...receipt, leaf });
  if (root === undefined) {
    throw new ReceiptSignatureError(`The path of record ${receipt.index} does not fit ${receipt.size} records.`);
  }
  const message = toBeSigned(receipt.protectedBytes, root);
  const key = keys.find((one) => {
    if (one.kind !== "ed25519" || (receipt.origin !== undefined && receipt.origin !== one.name)) return false;
    const publicKey = createPublicKey({ key: spkiOf(one), format: "der", type: "spki" });
    return receipt.signature.length === 64 && verify(null, message, publicKey, receipt.signature);
  });
  if (key) return { root, key };
  throw new ReceiptSignatureError("No trusted key signed the root that the record leads to.", {
    hints: ["The record, the path or the receipt was changed, or it is of a log with another key or name."],
    data: { root, origin: receipt.origin ?? null },
  });
}

function place(index: number, size: number): string {
  return `${PLACE}${index} of ${size}`;
}

/** `Sig_structure` of RFC 9052, 4.4, without external data. */
function toBeSigned(protectedBytes: Uint8Array, root: Hash): Uint8Array {
  return cbor(["Signature1", protectedBytes, new Uint8Array(0), hashBytes(root)]);
}

function cbor(value: unknown): Uint8Array {
  return encode(value, rfc8949EncodeOptions);
}

function uncbor(bytes: Uint8Array): unknown {
  try {
    return decode(bytes, { useMaps: true, strict: true, allowIndefinite: false, rejectDuplicateMapKeys: true });
  } catch (cause) {
    throw new ReceiptFormatError("This is no COSE receipt: its CBOR is broken.", { cause });
  }
}

function list(value: unknown, length: number, what: string): readonly unknown[] {
  if (Array.isArray(value) && value.length === length) return value;
  throw bad(`${what} is no list of ${length}`);
}

function map(value: unknown, what: string): ReadonlyMap<unknown, unknown> {
  if (value instanceof Map) return value;
  throw bad(`${what} is no map`);
}

function octets(value: unknown, what: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw bad(`${what} is no byte string`);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function bad(why: string): ReceiptFormatError {
  return new ReceiptFormatError(`This is no COSE receipt of inclusion (RFC 9942): ${why}.`);
}
