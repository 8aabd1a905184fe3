import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DiskError, FolderInUseError } from "../errors.ts";

/**
 * Takes a folder for this process until the returned function is called or the process ends, however it ends.
 *
 * SQLite's exclusive transaction is an operating-system lock that Node itself does not offer. Throws FolderInUseError.
 */
export function lockFolder(dir: string): () => void {
  let db: DatabaseSync | undefined;
  try {
    mkdirSync(dir, { recursive: true });
    db = new DatabaseSync(join(dir, "lock"));
    db.exec("PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; BEGIN EXCLUSIVE");
  } catch (cause) {
    db?.close();
    if (/locked|busy/i.test((cause as Error).message)) {
      throw new FolderInUseError(`Another process uses ${dir}.`, {
        cause,
        data: { dir },
        hints: ["Stop it, or choose another data folder."],
      });
    }
    throw new DiskError(`Cannot use ${dir}: ${(cause as Error).message}`, { cause, data: { dir } });
  }
  const held = db;
  return () => held.close();
}
