import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { UnavailableError } from "@base/errors";
import { diskError } from "./disk.ts";

/**
 * Makes this the only writer of a log until the returned function is called or the process ends in whatever way.
 *
 * The lock is the operating system's (SQLite's file lock), so that a crash leaves nothing behind. Throws UnavailableError.
 */
export async function lockLog(dir: string): Promise<() => void> {
  let lock: DatabaseSync | undefined;
  try {
    await mkdir(dir, { recursive: true });
    lock = new DatabaseSync(join(dir, "lock"), { timeout: 0 });
    lock.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    lock?.close();
    if ((cause as { errcode?: number }).errcode !== 5) throw diskError(cause, dir);
    throw new UnavailableError(`Another process writes the log in ${dir}.`, {
      cause,
      data: { dir },
      hints: ["Stop it first; reading needs no lock."],
    });
  }
  const held = lock;
  return () => {
    if (held.isOpen) held.close();
  };
}
