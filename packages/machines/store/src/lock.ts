import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { UnavailableError } from "@base/errors";
import { diskError } from "./diskError.ts";

/** Held until released, or until this process ends in whatever way. */
export interface FolderLock {
  release(): Promise<void>;
}

/**
 * Makes this process the only one on a data folder; creates the folder.
 *
 * The lock is one of the operating system's (through SQLite's file locking), so it ends with its process: a crash leaves
 * nothing to clean up. Throws UnavailableError that names the holder's process id.
 */
export async function lockFolder(dir: string): Promise<FolderLock> {
  const path = join(dir, "lock");
  const pidPath = join(dir, "lock.pid");
  let lock: DatabaseSync | undefined;
  try {
    await mkdir(dir, { recursive: true });
    lock = new DatabaseSync(path, { timeout: 0 });
    lock.exec("BEGIN EXCLUSIVE");
    await writeFile(pidPath, `${process.pid}\n`);
  } catch (error) {
    lock?.close();
    if ((error as { errcode?: number }).errcode !== 5) throw diskError(error, dir);
    const pid = (await readFile(pidPath, "utf8").catch(() => "")).trim();
    throw new UnavailableError(`Another process${pid && ` (${pid})`} works on ${dir}.`, {
      cause: error,
      hints: [pid ? `Stop process ${pid}, or choose another data folder.` : "Stop it, or choose another data folder."],
      data: { dir, pid: pid ? Number(pid) : null },
    });
  }
  const held = lock;
  let released = false;
  return {
    async release() {
      if (released) return;
      released = true;
      await rm(pidPath, { force: true });
      held.close();
    },
  };
}
