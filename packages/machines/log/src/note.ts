import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { InvalidInputError } from "@base/errors";
import { CheckpointFormatError } from "./errors.ts";

/**
 * How a signature line is made: plain Ed25519 over the note (C2SP signed-note, 0x01), or a cosignature with a time
 * (C2SP tlog-cosignature) in Ed25519 (0x04) or ML-DSA-44 (0x06).
 */
export type KeyKind = "ed25519" | "ed25519-cosignature" | "ml-dsa-44";

/** A public key that a note may be signed by. */
export interface Verifier {
  readonly name: string;
  readonly kind: KeyKind;
  /** First 4 bytes of SHA-256(name ‖ newline ‖ kind byte ‖ public key), as 8 hex digits. */
  readonly id: string;
  /** 32 bytes (Ed25519) or 1,312 bytes (ML-DSA-44). */
  readonly publicKey: Uint8Array;
}

/** A private key with its public half. */
export interface Signer {
  readonly verifier: Verifier;
  readonly privateKey: KeyObject;
}

/** One signature line of a note. */
export interface NoteSignature {
  readonly name: string;
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** A signed note taken apart; `body` ends with a newline. */
export interface Note {
  readonly body: string;
  readonly signatures: readonly NoteSignature[];
}

interface Kind {
  readonly byte: number;
  readonly keyBytes: number;
  readonly signatureBytes: number;
  readonly timed: boolean;
  /** DER before the raw key in a SubjectPublicKeyInfo. */
  readonly spki: Buffer;
}

const ed25519 = { keyBytes: 32, signatureBytes: 64, spki: Buffer.from("302a300506032b6570032100", "hex") };
const kinds: Record<KeyKind, Kind> = {
  ed25519: { byte: 1, timed: false, ...ed25519 },
  "ed25519-cosignature": { byte: 4, timed: true, ...ed25519 },
  "ml-dsa-44": {
    byte: 6,
    timed: true,
    keyBytes: 1312,
    signatureBytes: 2420,
    spki: Buffer.from("30820532300b06096086480165030403110382052100", "hex"),
  },
};

/** True when this Node signs and verifies ML-DSA-44 (24 and later). */
export function offersPostQuantum(): boolean {
  try {
    generateKeyPairSync("ml-dsa-44" as "ed25519");
    return true;
  } catch {
    return false;
  }
}

/** A fresh key pair; throws InvalidInputError where this Node has no such algorithm. */
export function generateSigner(name: string, kind: KeyKind): Signer {
  try {
    const type = kind === "ml-dsa-44" ? "ml-dsa-44" : "ed25519";
    return createSigner(name, kind, generateKeyPairSync(type as "ed25519").privateKey);
  } catch (cause) {
    throw new InvalidInputError(`This Node makes no ${kind} keys.`, { cause, hints: ["Use Node 24 or later."] });
  }
}

/** A signer from a private key; throws InvalidInputError when the key is of another algorithm. */
export function createSigner(name: string, kind: KeyKind, privateKey: KeyObject): Signer {
  const spki = createPublicKey(privateKey as unknown as string).export({ format: "der", type: "spki" });
  const { spki: prefix, keyBytes } = kinds[kind];
  if (spki.length !== prefix.length + keyBytes || !spki.subarray(0, prefix.length).equals(prefix)) {
    throw new InvalidInputError(`The key of ${name} is no ${kind} key.`);
  }
  return { verifier: createVerifier(name, kind, spki.subarray(prefix.length)), privateKey };
}

/** A verifier from a raw public key; throws InvalidInputError on a wrong length or name. */
export function createVerifier(name: string, kind: KeyKind, publicKey: Uint8Array): Verifier {
  if (!/^[^\s+]+$/u.test(name)) throw new InvalidInputError(`A key name has no spaces and no plus sign: "${name}".`);
  if (publicKey.length !== kinds[kind].keyBytes) {
    throw new InvalidInputError(`A ${kind} key has ${kinds[kind].keyBytes} bytes, got ${publicKey.length}.`);
  }
  return { name, kind, id: keyId(name, kinds[kind].byte, publicKey), publicKey: Uint8Array.from(publicKey) };
}

/** The verifier as text: `name+id+base64(kind byte ‖ key)` (C2SP signed-note, verifier keys). */
export function formatVerifier({ name, id, kind, publicKey }: Verifier): string {
  return `${name}+${id}+${Buffer.concat([Buffer.from([kinds[kind].byte]), publicKey]).toString("base64")}`;
}

/** Reads what `formatVerifier` writes; throws InvalidInputError. */
export function parseVerifier(text: string): Verifier {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/u.exec(text);
  const raw = Buffer.from(match?.[3] ?? "", "base64");
  const kind = (Object.keys(kinds) as KeyKind[]).find((kind) => kinds[kind].byte === raw[0]);
  if (!match || !kind) throw new InvalidInputError(`This is no verifier key: "${text.slice(0, 80)}".`);
  const verifier = createVerifier(match[1] as string, kind, raw.subarray(1));
  if (verifier.id !== match[2]) throw new InvalidInputError(`The id in the verifier key of ${match[1]} is wrong.`);
  return verifier;
}

/** A signature line over a note's body; `seconds` since 1970 stand in cosignatures only. */
export function signLine(signer: Signer, body: string, seconds: number): string {
  const { name, id, kind } = signer.verifier;
  const signature = sign(null, message(signer.verifier, body, BigInt(seconds)), signer.privateKey);
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(seconds));
  const parts = kinds[kind].timed ? [time, signature] : [signature];
  return `— ${name} ${Buffer.concat([Buffer.from(id, "hex"), ...parts]).toString("base64")}\n`;
}

/** When a verifier signed the note: `{time}` in seconds since 1970 (0 for plain Ed25519), undefined when it did not. */
export function verifyNote(note: Note, verifier: Verifier): { time: number } | undefined {
  const { signatureBytes, timed } = kinds[verifier.kind];
  for (const { name, id, bytes } of note.signatures) {
    if (name !== verifier.name || id !== verifier.id) continue;
    if (bytes.length !== signatureBytes + (timed ? 8 : 0)) continue;
    const buffer = Buffer.from(bytes);
    const time = timed ? buffer.readBigUInt64BE(0) : 0n;
    if (time > BigInt(Number.MAX_SAFE_INTEGER)) continue;
    const key = createPublicKey({ key: spkiOf(verifier), format: "der", type: "spki" });
    if (verify(null, message(verifier, note.body, time), key, buffer.subarray(timed ? 8 : 0))) {
      return { time: Number(time) };
    }
  }
  return undefined;
}

/** A public key as SubjectPublicKeyInfo (DER). */
export function spkiOf({ kind, publicKey }: Verifier): Buffer {
  return Buffer.concat([kinds[kind].spki, publicKey]);
}

/** Takes a signed note apart; throws CheckpointFormatError (C2SP signed-note). */
export function parseNote(text: string): Note {
  const split = text.lastIndexOf("\n\n");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the standard forbids them, so that is what is looked for
  if (split < 0 || !text.endsWith("\n") || /[\u0000-\u0009\u000b-\u001f]/.test(text)) throw badNote(text);
  const lines = text.slice(split + 2).split("\n");
  lines.pop();
  const signatures = lines.map((line) => {
    const match = /^— ([^\s+]+) ([A-Za-z0-9+/]+=*)$/u.exec(line);
    const raw = Buffer.from(match?.[2] ?? "", "base64");
    if (!match || raw.length < 5 || raw.toString("base64") !== match[2]) throw badNote(line);
    return { name: match[1] as string, id: raw.toString("hex", 0, 4), bytes: Uint8Array.from(raw.subarray(4)) };
  });
  if (signatures.length === 0 || signatures.length > 100) throw badNote(text);
  return { body: text.slice(0, split + 1), signatures };
}

/** A note from its body (which ends with a newline) and signature lines. */
export function formatNote(body: string, lines: readonly string[]): string {
  return `${body}\n${lines.join("")}`;
}

function keyId(name: string, byte: number, publicKey: Uint8Array): string {
  const hash = createHash("sha256")
    .update(`${name}\n`)
    .update(Buffer.from([byte]))
    .update(publicKey);
  return hash.digest("hex").slice(0, 8);
}

/** What is signed (C2SP signed-note, tlog-cosignature). */
function message({ kind, name }: Verifier, body: string, time: bigint): Buffer {
  if (kind === "ed25519") return Buffer.from(body);
  if (kind === "ed25519-cosignature") return Buffer.from(`cosignature/v1\ntime ${time}\n${body}`);
  const { origin, size, root } = splitBody(body);
  const numbers = Buffer.alloc(24);
  numbers.writeBigUInt64BE(time, 0);
  numbers.writeBigUInt64BE(BigInt(size), 16);
  return Buffer.concat([
    Buffer.from("subtree/v1\n\0"),
    short(name),
    numbers.subarray(0, 8),
    short(origin),
    numbers.subarray(8),
    root,
  ]);
}

function short(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length < 1 || bytes.length > 255) throw new InvalidInputError(`A name has 1 to 255 bytes: "${text}".`);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** The three lines of a checkpoint's body and what may follow; throws CheckpointFormatError (C2SP tlog-checkpoint). */
export function splitBody(body: string): { origin: string; size: number; root: Buffer; extensions: string[] } {
  const [origin, size, root, ...extensions] = body.split("\n");
  const hash = Buffer.from(root ?? "", "base64");
  const good =
    origin && /^(0|[1-9][0-9]{0,15})$/.test(size ?? "") && hash.length === 32 && hash.toString("base64") === root;
  if (!good || !Number.isSafeInteger(Number(size)) || extensions.pop() !== "" || extensions.includes("")) {
    throw new CheckpointFormatError("The note's text is no checkpoint: origin, size, base64 root, one a line.", {
      details: body.slice(0, 200),
    });
  }
  return { origin, size: Number(size), root: hash, extensions };
}

function badNote(text: string): CheckpointFormatError {
  return new CheckpointFormatError("This is no signed note: text, an empty line, signature lines.", {
    details: text.slice(0, 200),
  });
}
