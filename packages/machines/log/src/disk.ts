import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { open, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { LogDiskError } from "./errors.ts";

/** The error of the operating system as ours, with the path. */
export function diskError(cause: unknown, path: string): LogDiskError {
  return new LogDiskError(`Cannot use ${path}: ${(cause as Error).message}`, {
    cause,
    data: { path },
    hints: ["Free space or mend the disk, then open the log again: what was acknowledged is kept."],
  });
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "ENOENT";

/** Bytes of a file, undefined when it is not there. */
export function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw diskError(cause, path);
  }
}

/** Writes a file that nobody reads yet; a file with other bytes in its place (left by a crash) is replaced as a whole. */
export function writeTile(path: string, bytes: Uint8Array): void {
  try {
    try {
      writeFileSync(path, bytes, { flag: "wx" });
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === "ENOENT") {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, bytes, { flag: "wx" });
      } else if (code === "EEXIST") {
        if (readFileSync(path).equals(bytes)) return;
        writeFileSync(`${path}.new`, bytes);
        renameSync(`${path}.new`, path);
      } else throw cause;
    }
  } catch (cause) {
    throw diskError(cause, path);
  }
}

/** Puts a file in place complete or not at all, and syncs it. */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(`${path}.new`, bytes, { flush: true });
    await rename(`${path}.new`, path);
    await syncPath(dirname(path));
  } catch (cause) {
    throw diskError(cause, path);
  }
}

/** Brings a file or a folder to the disk. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Brings many files, their folders and the folders above up to `root` to the disk, a few at a time. */
export async function syncAll(files: readonly string[], root: string): Promise<void> {
  const folders = new Set<string>([root]);
  for (const file of files) {
    for (let at = dirname(file); at.length > root.length; at = dirname(at)) folders.add(at);
  }
  const rest = [...files, ...folders].reverse();
  const worker = async () => {
    for (let path = rest.pop(); path !== undefined; path = rest.pop()) await syncPath(path);
  };
  try {
    await Promise.all([worker(), worker(), worker(), worker()]);
  } catch (cause) {
    throw diskError(cause, root);
  }
}
