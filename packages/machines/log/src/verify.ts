import type { Hash } from "@base/bytes/hash.ts";
import { leafHash, verifyConsistency, verifyInclusion } from "@base/bytes/merkle.ts";
import { type Checkpoint, type Trust, verifyCheckpoint } from "./checkpoint.ts";
import { ProofError, RolledBackError, SplitViewError } from "./errors.ts";

/** Evidence that a record stands in a log: checked with the log's public keys alone, offline. */
export interface InclusionProof {
  /** Position of the record, from 0. */
  readonly index: number;
  /** Leaf hash of the record. */
  readonly leaf: Hash;
  /** Sibling hashes, lowest level first (RFC 6962, 2.1.1). */
  readonly proof: readonly Hash[];
  /** The head that the proof leads to. */
  readonly size: number;
  readonly root: Hash;
}

/** Evidence that a log only grew from one head to a later one. */
export interface ConsistencyProof {
  readonly first: { readonly size: number; readonly root: Hash };
  readonly second: { readonly size: number; readonly root: Hash };
  readonly proof: readonly Hash[];
}

/** Size and root of a tree. */
export type Head = Pick<Checkpoint, "size" | "root">;

/** Bytes of an inclusion proof's hashes. */
export function proofBytes({ proof }: { readonly proof: readonly Hash[] }): number {
  return proof.length * 32;
}

/** Checks that `record` stands where the proof says under a head that is trusted; throws ProofError. */
export function verifyRecord(record: Uint8Array, proof: InclusionProof, head: Head): void {
  const { index, size, root } = proof;
  if (size !== head.size || root !== head.root) {
    throw new ProofError(`The proof is for size ${size}, the checkpoint for size ${head.size} or another root.`, {
      data: { size, root, wanted: { ...head } },
    });
  }
  const leaf = leafHash(record);
  if (leaf !== proof.leaf) {
    throw new ProofError(`The record is not the one that the proof is about.`, { data: { leaf, claimed: proof.leaf } });
  }
  if (!verifyInclusion({ index, size, leaf, proof: proof.proof, root })) {
    throw new ProofError(`The proof does not lead from record ${index} to the root of ${size} records.`, {
      data: { index, size, root },
    });
  }
}

/** Checks that the second head is of the same log, grown; throws RolledBackError, SplitViewError or ProofError. */
export function verifyExtension(first: Head, second: Head, proof: readonly Hash[]): void {
  if (second.size < first.size) {
    throw new RolledBackError(`The log shows ${second.size} records, it showed ${first.size} before.`, {
      data: { before: first.size, now: second.size },
    });
  }
  if (first.size === second.size) {
    if (first.root !== second.root) throw splitView(first, second);
    return;
  }
  if (first.size === 0) return;
  const claim = { first: first.size, second: second.size, firstRoot: first.root, secondRoot: second.root, proof };
  if (!verifyConsistency(claim)) {
    throw new ProofError(`No proof that the ${second.size} records begin with the ${first.size} seen before.`, {
      data: { first: { ...first }, second: { ...second } },
      hints: ["Ask the log for a right proof; a log that has none shows different people different records."],
    });
  }
}

/**
 * Compares the checkpoints that two people were shown; both must be signed by the log.
 *
 * Throws SplitViewError (with both notes, proof for anybody of the log's fraud) when the sizes agree and the roots do
 * not, or when `proof` is right for neither: pass the proof that the log gives for the two sizes.
 */
export function compareViews(mine: string, theirs: string, trust: Trust, proof: readonly Hash[] = []): void {
  const views = [verifyCheckpoint(mine, trust), verifyCheckpoint(theirs, trust)] as const;
  const [first, second] = views[0].size <= views[1].size ? views : [views[1], views[0]];
  try {
    verifyExtension(first, second, proof);
  } catch (cause) {
    if (cause instanceof SplitViewError || cause instanceof ProofError) throw splitView(first, second, cause);
    throw cause;
  }
}

export function splitView(first: Head, second: Head, cause?: unknown): SplitViewError {
  return new SplitViewError(
    `The log signed two heads that cannot both be true: size ${first.size} and size ${second.size}.`,
    {
      cause,
      data: { first: { ...first }, second: { ...second } },
      hints: ["Keep both notes: together they prove the fraud to anybody."],
    },
  );
}
