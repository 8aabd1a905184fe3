// Witnesses over HTTP (C2SP tlog-witness): a log posts a checkpoint with a consistency proof, the answer is a cosignature.
import { type Hash, isHash } from "@base/bytes/hash.ts";
import { bytesToHex } from "@base/bytes/hex.ts";
import { BaseError, InvalidInputError, UnavailableError } from "@base/errors";
import {
  CheckpointFormatError,
  CheckpointSignatureError,
  ProofError,
  RolledBackError,
  SplitViewError,
  WitnessConflictError,
} from "./errors.ts";
import { parseNote, type Verifier, verifyNote } from "./note.ts";
import { addSignatures, UnknownLogError, type Witness } from "./witness.ts";

/** Most hashes a consistency proof may have. */
const MAX_PROOF = 63;

/** The body of `add-checkpoint`: the size that the proof begins at, its hashes in base64, an empty line, the note. */
export function formatAddCheckpoint(from: number, proof: readonly Hash[], note: string): string {
  const hashes = proof.map((hash) => `${Buffer.from(hash.slice(2), "hex").toString("base64")}\n`);
  return `old ${from}\n${hashes.join("")}\n${note}`;
}

/** Takes such a body apart; throws InvalidInputError. */
export function parseAddCheckpoint(body: string): { from: number; proof: Hash[]; note: string } {
  const split = body.indexOf("\n\n");
  const [first = "", ...lines] = body.slice(0, Math.max(0, split)).split("\n");
  const from = /^old (0|[1-9]\d{0,15})$/.exec(first)?.[1];
  const proof = lines.map((line) => {
    const bytes = Buffer.from(line, "base64");
    return bytes.toString("base64") === line ? bytesToHex(bytes) : "0x";
  });
  if (from === undefined || proof.length > MAX_PROOF || !proof.every(isHash)) {
    throw new InvalidInputError(
      "This is no add-checkpoint request: `old <size>`, proof hashes, an empty line, a note.",
    );
  }
  return { from: Number(from), proof, note: body.slice(split + 2) };
}

/** An answer over HTTP. */
export interface WitnessAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/**
 * What a witness answers to `add-checkpoint`: 200 with its signature line, 400, 403 (not signed by the log's keys), 404 (a log
 * it does not watch), 409 with the size that it knows or after a split view, 422 (the proof does not hold).
 */
export async function answerAddCheckpoint(witness: Witness, body: string): Promise<WitnessAnswer> {
  const plain = (status: number, text: string) => ({ status, type: "text/plain; charset=utf-8", body: `${text}\n` });
  try {
    const { from, proof, note } = parseAddCheckpoint(body);
    return { status: 200, type: "text/plain; charset=utf-8", body: await witness.cosign(note, proof, from) };
  } catch (error) {
    if (error instanceof WitnessConflictError) {
      return { status: 409, type: "text/x.tlog.size", body: `${error.size}\n` };
    }
    if (!(error instanceof BaseError)) throw error;
    if (error instanceof UnknownLogError) return plain(404, error.shortMessage);
    if (error instanceof CheckpointSignatureError) return plain(403, error.shortMessage);
    if (error instanceof SplitViewError) return plain(409, error.shortMessage);
    if (error instanceof ProofError || error instanceof RolledBackError) return plain(422, error.shortMessage);
    if (error instanceof CheckpointFormatError || error instanceof InvalidInputError)
      return plain(400, error.shortMessage);
    throw error;
  }
}

/** How a witness elsewhere is reached. */
export interface HttpWitnessOptions {
  /** Prefix of its submissions, without `/add-checkpoint`. */
  readonly url: string;
  /** Its key: an answer that this key did not sign does not count. */
  readonly verifier: Verifier;
  /** Milliseconds to wait for an answer; 5,000 unless said. */
  readonly timeout?: number;
}

/** A witness on another node; `cosign` throws UnavailableError, WitnessConflictError or CheckpointSignatureError. */
export function httpWitness({ url, verifier, timeout = 5_000 }: HttpWitnessOptions): Witness {
  const known = new Map<string, number>();
  const { name } = verifier;
  return {
    name,
    lastSize: async (origin) => known.get(origin) ?? 0,
    async cosign(note, proof, from = 0) {
      const { body } = parseNote(note);
      const [origin = "", size] = body.split("\n");
      const response = await fetch(`${url.replace(/\/$/, "")}/add-checkpoint`, {
        method: "POST",
        headers: { "content-type": "text/plain; charset=utf-8" },
        body: formatAddCheckpoint(from, proof, note),
        signal: AbortSignal.timeout(timeout),
      }).catch((cause) => {
        throw new UnavailableError(`The witness ${name} does not answer.`, { cause, data: { url } });
      });
      const text = await response.text();
      if (response.status === 409 && response.headers.get("content-type")?.startsWith("text/x.tlog.size")) {
        throw new WitnessConflictError(`The witness ${name} knows size ${text.trim()}.`, Number(text));
      }
      if (!response.ok) {
        throw new UnavailableError(`The witness ${name} refuses: ${text.trim().slice(0, 200) || response.status}.`, {
          data: { url, status: response.status },
        });
      }
      if (!verifyNote(parseNote(addSignatures(note, [text])), verifier)) {
        throw new CheckpointSignatureError(`The witness ${name} answered without its signature.`, { data: { url } });
      }
      known.set(origin, Number(size));
      return text;
    },
  };
}
