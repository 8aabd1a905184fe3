import { BaseError, type ErrorOptions, IntegrityError, InvalidInputError } from "@base/errors";

/** A record that does not fit an entry of a bundle: at most 65,535 bytes (C2SP tlog-tiles). */
export class RecordTooLongError extends InvalidInputError {
  override name = "RecordTooLongError";
}

/** The disk refused a read or a write: nothing more is acknowledged until the log is opened again. */
export class LogDiskError extends BaseError {
  override name = "LogDiskError";
  constructor(shortMessage: string, options: ErrorOptions = {}) {
    super(shortMessage, { kind: "retryable", ...options });
  }
}

/** The journal is damaged in the middle, where acknowledged records stand. */
export class JournalDamagedError extends IntegrityError {
  override name = "JournalDamagedError";
}

/** A text that is no signed note or no checkpoint. */
export class CheckpointFormatError extends IntegrityError {
  override name = "CheckpointFormatError";
}

/** A checkpoint without a valid signature of the log: forged, altered, or another log's. */
export class CheckpointSignatureError extends IntegrityError {
  override name = "CheckpointSignatureError";
}

/** Bytes that are no COSE receipt of inclusion. */
export class ReceiptFormatError extends IntegrityError {
  override name = "ReceiptFormatError";
}

/** A COSE receipt that no trusted key of the log signed, or not for this record. */
export class ReceiptSignatureError extends IntegrityError {
  override name = "ReceiptSignatureError";
}

/** Too few of the trusted witnesses signed the checkpoint. */
export class WitnessQuorumError extends IntegrityError {
  override name = "WitnessQuorumError";
}

/** A witness knows another size of the log than the proof begins at: ask again with a proof from `data.size`. */
export class WitnessConflictError extends BaseError {
  override name = "WitnessConflictError";
  /** Newest size that the witness signed. */
  readonly size: number;
  constructor(shortMessage: string, size: number) {
    super(shortMessage, { kind: "retryable", data: { size } });
    this.size = size;
  }
}

/** A log shows fewer records than it showed before. */
export class RolledBackError extends IntegrityError {
  override name = "RolledBackError";
}

/** Two signed checkpoints of one log cannot both be of an append-only tree: different people were shown different logs. */
export class SplitViewError extends IntegrityError {
  override name = "SplitViewError";
}

/** An inclusion or consistency proof that does not lead to the root. */
export class ProofError extends IntegrityError {
  override name = "ProofError";
}

/** A tile or bundle that the checkpoint promises is not there. */
export class MissingTileError extends IntegrityError {
  override name = "MissingTileError";
}

/** A tile or bundle that ends too early or too late. */
export class TruncatedFileError extends IntegrityError {
  override name = "TruncatedFileError";
}

/** Hashes in a tile that do not lead to the checkpoint's root. */
export class TileMismatchError extends IntegrityError {
  override name = "TileMismatchError";
}

/** A tile that is genuine but stands in another tile's place. */
export class SwappedTileError extends IntegrityError {
  override name = "SwappedTileError";
}

/** A record whose bytes are not those that were logged. */
export class AlteredRecordError extends IntegrityError {
  override name = "AlteredRecordError";
}

/** A bundle that lacks records which were logged. */
export class DroppedRecordError extends IntegrityError {
  override name = "DroppedRecordError";
}

/** A bundle with the records that were logged, in another order. */
export class ReorderedRecordsError extends IntegrityError {
  override name = "ReorderedRecordsError";
}

/** What the chain holds about a log contradicts the log: another root, another order, a gap. */
export class AnchorMismatchError extends IntegrityError {
  override name = "AnchorMismatchError";
}

/** An anchor is shown a second time or out of its place in the chain of anchors. */
export class ReplayedAnchorError extends IntegrityError {
  override name = "ReplayedAnchorError";
}
