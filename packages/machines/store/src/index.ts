export type { Hash } from "@base/bytes/hash.ts";
export { MAX_BLOB_BYTES, openStore, type ReadOptions, type Store, type StoreOptions } from "./blobs.ts";
export { type DatabaseOptions, openDatabase } from "./database.ts";
export { type FolderLock, lockFolder } from "./lock.ts";
export { chunkSizeFor, type FileManifest, type PutFileOptions, parseManifest, type StoredFile } from "./manifest.ts";
export { openSealer, SEAL_BYTES, type Sealer } from "./seal.ts";
export type { Database, Migration } from "./sql.ts";
