export type { Hash } from "@base/bytes/hash.ts";
export { openStore, type ReadOptions, type Store, type StoreOptions } from "./blobs.ts";
export { readCar, writeCar } from "./car.ts";
export { fileCid } from "./cid.ts";
export { type DatabaseOptions, openDatabase } from "./database.ts";
export { type FolderLock, lockFolder } from "./lock.ts";
export {
  chunkSizeFor,
  type FileManifest,
  MAX_BLOB_BYTES,
  type PutFileOptions,
  parseManifest,
  type StoredFile,
} from "./manifest.ts";
export { type Pinned, type PinningOptions, pinFile } from "./pin.ts";
export type { S3Options } from "./s3.ts";
export {
  challengedSectors,
  type PossessionChallenge,
  type PossessionProof,
  provePossession,
  sectorsOf,
  verifyPossession,
} from "./possession.ts";
export { openSealer, SEAL_BYTES, type Sealer } from "./seal.ts";
export type { Database, Migration } from "./sql.ts";
