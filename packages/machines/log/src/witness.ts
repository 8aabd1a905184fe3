import type { Hash } from "@base/bytes/hash.ts";
import { InvalidInputError, NotFoundError } from "@base/errors";
import { type Trust, verifyCheckpoint } from "./checkpoint.ts";
import { WitnessConflictError } from "./errors.ts";
import { formatNote, parseNote, type Signer, signLine } from "./note.ts";
import { type Head, verifyExtension } from "./verify.ts";

/** What a log asks of a witness (C2SP tlog-witness). */
export interface Witness {
  readonly name: string;
  /** Size of the newest head that the witness signed for a log, 0 when it knows none. */
  lastSize(origin: string): Promise<number>;
  /**
   * A cosignature line for a checkpoint; `proof` shows that it extends the head of size `from` (the one of `lastSize`,
   * unless said). Throws WitnessConflictError when the witness knows another size by now.
   */
  cosign(note: string, proof: readonly Hash[], from?: number): Promise<string>;
}

/** Where a witness keeps the newest head of each log; it must survive the process. */
export interface WitnessMemory {
  load(origin: string): Promise<Head | undefined>;
  save(origin: string, head: Head): Promise<void>;
}

/** What a witness needs: its key, the logs it knows, its memory, its clock (milliseconds since 1970). */
export interface WitnessOptions {
  readonly signer: Signer;
  readonly logs: readonly Trust[];
  readonly memory: WitnessMemory;
  readonly now: () => number;
}

/**
 * A witness: it signs that the newest head of a log extends every head it signed before, and remembers it first.
 *
 * `cosign` throws CheckpointSignatureError, RolledBackError, SplitViewError or ProofError instead of signing.
 */
export function createWitness({ signer, logs, memory, now }: WitnessOptions): Witness {
  const { name, kind } = signer.verifier;
  if (kind === "ed25519") throw new InvalidInputError(`The witness ${name} needs a key for cosignatures.`);
  let turn: Promise<unknown> = Promise.resolve();
  const cosign = async (note: string, proof: readonly Hash[], from?: number): Promise<string> => {
    const { origin } = verifyOrigin(note);
    const trust = logs.find((log) => log.origin === origin);
    if (!trust) throw new UnknownLogError(`The witness ${name} does not know the log ${origin}.`);
    const head = verifyCheckpoint(note, trust);
    const last = await memory.load(origin);
    if (from !== undefined && from !== (last?.size ?? 0)) {
      throw new WitnessConflictError(
        `The witness ${name} knows size ${last?.size ?? 0}, not ${from}.`,
        last?.size ?? 0,
      );
    }
    if (last) verifyExtension(last, head, proof);
    await memory.save(origin, { size: head.size, root: head.root });
    return signLine(signer, parseNote(note).body, Math.floor(now() / 1000));
  };
  return {
    name,
    lastSize: async (origin) => (await memory.load(origin))?.size ?? 0,
    // One after the other: two heads at once would both be compared with the same older one.
    cosign(note, proof, from) {
      const mine = turn.then(() => cosign(note, proof, from));
      turn = mine.catch(() => {});
      return mine;
    },
  };
}

/** A witness is asked about a log that it was not told to watch. */
export class UnknownLogError extends NotFoundError {
  override name = "UnknownLogError";
}

/** The note with more signature lines behind those it has; throws CheckpointFormatError. */
export function addSignatures(note: string, lines: readonly string[]): string {
  const joined = note + lines.join("");
  const { body } = parseNote(joined);
  return formatNote(body, [joined.slice(body.length + 1)]);
}

function verifyOrigin(note: string): { origin: string } {
  const [origin = ""] = parseNote(note).body.split("\n");
  return { origin };
}
