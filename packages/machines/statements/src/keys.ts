// Keys that sign statements: a wallet (EIP-712), Ed25519, and the hybrid of Ed25519 and ML-DSA-44, where both must hold.
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { bytesToHex, utf8 } from "@base/bytes/hex.ts";
import { InvalidInputError } from "@base/errors";
import type { Address, Hex, LocalAccount } from "viem";

/** Algorithms of a key; a hybrid key has two of them. */
export type Algorithm = "ed25519" | "ml-dsa-44";

/** Signs bytes. */
export interface StatementSigner {
  /** Names the key: `ed25519:<hex>`, `ml-dsa-44:<SHA-256 of the key>` or `eip155:<address>`. */
  readonly keyid: string;
  /** As text, for `parseKey`: what a verifier needs. */
  readonly key: string;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** Checks a signature. */
export interface StatementKey {
  readonly keyid: string;
  verify(message: Uint8Array, signature: Uint8Array): Promise<boolean>;
}

const spki: Record<Algorithm, Buffer> = {
  ed25519: Buffer.from("302a300506032b6570032100", "hex"),
  "ml-dsa-44": Buffer.from("30820532300b06096086480165030403110382052100", "hex"),
};
const seeded: Record<Algorithm, Buffer> = {
  ed25519: Buffer.from("302e020100300506032b657004220420", "hex"),
  "ml-dsa-44": Buffer.from("3034020100300b060960864801650304031104228020", "hex"),
};

/** The private key behind a 32-byte seed (RFC 8032; FIPS 204 key generation). Throws InvalidInputError on another length. */
export function keyFromSeed(algorithm: Algorithm, seed: Uint8Array): KeyObject {
  if (seed.length !== 32) throw new InvalidInputError(`A seed has 32 bytes, got ${seed.length}.`);
  try {
    return createPrivateKey({ key: Buffer.concat([seeded[algorithm], seed]), format: "der", type: "pkcs8" });
  } catch (cause) {
    throw new InvalidInputError(`This Node makes no ${algorithm} keys.`, { cause, hints: ["Use Node 24 or later."] });
  }
}

/** A signer of one algorithm from its private key. */
export function keySigner(algorithm: Algorithm, privateKey: KeyObject): StatementSigner {
  const der = createPublicKey(privateKey as unknown as string).export({ format: "der", type: "spki" });
  const raw = der.subarray(spki[algorithm].length);
  return {
    keyid: keyid(algorithm, raw),
    key: `${algorithm}:${raw.toString("base64")}`,
    sign: async (message) => sign(null, message, privateKey),
  };
}

const keyid = (algorithm: Algorithm, raw: Uint8Array) =>
  algorithm === "ed25519"
    ? `ed25519:${Buffer.from(raw).toString("hex")}`
    : `ml-dsa-44:${createHash("sha256").update(raw).digest("hex")}`;

/** Reads `<algorithm>:<base64 of the public key>` or `eip155:<address>`; throws InvalidInputError. */
export function parseKey(text: string): StatementKey {
  const [kind = "", value = ""] = [text.slice(0, text.indexOf(":")), text.slice(text.indexOf(":") + 1)];
  if (kind === "eip155" && /^0x[0-9a-fA-F]{40}$/.test(value)) return walletKey(value as Address);
  if (kind !== "ed25519" && kind !== "ml-dsa-44")
    throw new InvalidInputError(`This is no key: "${text.slice(0, 80)}".`);
  const raw = Buffer.from(value, "base64");
  if (raw.length !== (kind === "ed25519" ? 32 : 1312)) throw new InvalidInputError(`A ${kind} key has another length.`);
  const key = createPublicKey({ key: Buffer.concat([spki[kind], raw]), format: "der", type: "spki" });
  return { keyid: keyid(kind, raw), verify: async (message, signature) => verify(null, message, key, signature) };
}

/** EIP-712 type of a wallet's signature over an envelope: the SHA-256 of what DSSE signs. */
const typedData = (message: Uint8Array) =>
  ({
    domain: { name: "Assay Envelope", version: "1" },
    types: {
      Envelope: [
        { name: "payloadType", type: "string" },
        { name: "sha256", type: "bytes32" },
      ],
    },
    primaryType: "Envelope",
    message: {
      payloadType: payloadTypeOf(message),
      sha256: bytesToHex(createHash("sha256").update(message).digest()),
    },
  }) as const;

/** What stands behind the first length in DSSE's pre-authentication encoding; shown to the person who signs. */
function payloadTypeOf(message: Uint8Array): string {
  const text = Buffer.from(message.subarray(0, 300)).toString("latin1");
  const match = /^DSSEv1 (\d+) /.exec(text);
  if (!match) throw new InvalidInputError("A wallet signs DSSE envelopes only.");
  return text.slice(match[0].length, match[0].length + Number(match[1]));
}

/** A wallet that signs envelopes by EIP-712, so that its owner sees what kind of document it is. */
export function walletSigner(account: LocalAccount): StatementSigner {
  const key = `eip155:${account.address.toLowerCase()}`;
  return {
    keyid: key,
    key,
    sign: async (message) => Buffer.from((await account.signTypedData(typedData(message))).slice(2), "hex"),
  };
}

function walletKey(address: Address): StatementKey {
  return {
    keyid: `eip155:${address.toLowerCase()}`,
    async verify(message, signature) {
      if (signature.length !== 65) return false;
      const { recoverTypedDataAddress } = await import("viem"); // large, and wanted for this alone
      try {
        const hex = `0x${Buffer.from(signature).toString("hex")}` as Hex;
        const signer = await recoverTypedDataAddress({ ...typedData(message), signature: hex });
        return signer.toLowerCase() === address.toLowerCase();
      } catch {
        return false;
      }
    },
  };
}

/** Bytes that DSSE signs: `DSSEv1 <length> <type> <length> <payload>` (DSSE protocol, PAE). */
export function preAuthenticated(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = utf8(payloadType);
  return Buffer.concat([utf8(`DSSEv1 ${type.length} `), type, utf8(` ${payload.length} `), payload]);
}
