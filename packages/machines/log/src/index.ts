export {
  type Checkpoint,
  parseCheckpoint,
  type Trust,
  type VerifiedCheckpoint,
  verifyCheckpoint,
} from "./checkpoint.ts";
export { looksLikeReceipt, parseReceipt, type Receipt, verifyReceipt } from "./cose.ts";
export { type Appended, Log, type LogOptions, openLog, type Published } from "./log.ts";
export {
  createSigner,
  createVerifier,
  formatVerifier,
  generateSigner,
  type KeyKind,
  offersPostQuantum,
  parseVerifier,
  type Signer,
  type Verifier,
} from "./note.ts";
export { type AuditReport, folderSource, LogReader, openReader, type ReaderOptions } from "./reader.ts";
export type { TileSource } from "./tiles.ts";
export {
  type ConsistencyProof,
  compareViews,
  type Head,
  type InclusionProof,
  proofBytes,
  verifyExtension,
  verifyRecord,
} from "./verify.ts";
export { createWitness, type Witness, type WitnessMemory, type WitnessOptions } from "./witness.ts";
