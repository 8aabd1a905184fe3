import type { Hash } from "@base/bytes/hash.ts";
import { bytesToHex } from "@base/bytes/hex.ts";
import { InvalidInputError } from "@base/errors";
import { CheckpointSignatureError, WitnessQuorumError } from "./errors.ts";
import { formatNote, parseNote, type Signer, signLine, splitBody, type Verifier, verifyNote } from "./note.ts";

/** The head of a log at one size, signed. */
export interface Checkpoint {
  readonly origin: string;
  /** Number of records. */
  readonly size: number;
  /** RFC 6962 root over them. */
  readonly root: Hash;
  /** The signed note (C2SP tlog-checkpoint), as it is published. */
  readonly note: string;
}

/** Whom a verifier trusts about one log. */
export interface Trust {
  readonly origin: string;
  /** Keys of the log: every one of them must have signed. */
  readonly keys: readonly Verifier[];
  /** Keys of witnesses, and how many of them must have signed (none, unless said). */
  readonly witnesses?: readonly Verifier[];
  readonly quorum?: number;
}

/** What a good checkpoint says, and who of the witnesses signed it when (seconds since 1970). */
export interface VerifiedCheckpoint extends Checkpoint {
  readonly witnessed: readonly { readonly name: string; readonly time: number }[];
}

/** Reads a checkpoint without looking at its signatures; throws CheckpointFormatError. */
export function parseCheckpoint(note: string): Checkpoint {
  const { origin, size, root } = splitBody(parseNote(note).body);
  return { origin, size, root: bytesToHex(root), note };
}

/** Signs a head with all keys of the log (C2SP tlog-checkpoint); throws InvalidInputError on a bad origin. */
export function signCheckpoint(
  head: { readonly origin: string; readonly size: number; readonly root: Hash },
  signers: readonly Signer[],
  seconds: number,
): Checkpoint {
  if (!/^[^\s+]+$/u.test(head.origin)) {
    throw new InvalidInputError(`A log's origin has no spaces and no plus sign: "${head.origin}".`);
  }
  const root = Buffer.from(head.root.slice(2), "hex").toString("base64");
  const body = `${head.origin}\n${head.size}\n${root}\n`;
  const lines = signers.map((signer) => signLine(signer, body, seconds));
  return { origin: head.origin, size: head.size, root: head.root, note: formatNote(body, lines) };
}

/**
 * Checks a checkpoint's origin, every key of the log and the witnesses' quorum.
 *
 * Throws CheckpointFormatError, CheckpointSignatureError (forged, altered, another log) or WitnessQuorumError.
 */
export function verifyCheckpoint(text: string, trust: Trust): VerifiedCheckpoint {
  const note = parseNote(text);
  const checkpoint = parseCheckpoint(text);
  if (checkpoint.origin !== trust.origin) {
    throw new CheckpointSignatureError(`The checkpoint is of ${checkpoint.origin}, not of ${trust.origin}.`, {
      data: { origin: checkpoint.origin, wanted: trust.origin },
    });
  }
  if (trust.keys.length === 0) throw new InvalidInputError(`No key of the log ${trust.origin} is trusted.`);
  for (const key of trust.keys) {
    if (verifyNote(note, key)) continue;
    throw new CheckpointSignatureError(`The checkpoint has no valid ${key.kind} signature of ${key.name}.`, {
      data: { origin: trust.origin, key: key.name, id: key.id, size: checkpoint.size, root: checkpoint.root },
      hints: ["Do not use it: it is forged or altered."],
    });
  }
  const witnessed = new Map<string, number>();
  for (const witness of trust.witnesses ?? []) {
    const signed = verifyNote(note, witness);
    if (signed) witnessed.set(witness.name, signed.time);
  }
  const quorum = trust.quorum ?? 0;
  if (witnessed.size < quorum) {
    throw new WitnessQuorumError(`${witnessed.size} witnesses signed the checkpoint, ${quorum} must.`, {
      data: { signed: [...witnessed.keys()], quorum },
    });
  }
  return { ...checkpoint, witnessed: [...witnessed].map(([name, time]) => ({ name, time })) };
}
