import { BaseError, NotFoundError, UnavailableError } from "@base/errors";

/** The operating system's or SQLite's complaint about `path` as an error that says what to do; others come back as they are. */
export function diskError(cause: unknown, path: string): unknown {
  if (cause instanceof BaseError || !(cause instanceof Error)) return cause;
  const { code, errcode } = cause as Error & { code?: string; errcode?: number };
  const told = explain(code === "ERR_SQLITE_ERROR" ? sqliteCodes[(errcode ?? 0) & 0xff] : code, path);
  if (!told) return cause;
  const [message, hint, kind] = told;
  const options = { cause, details: cause.message, hints: [hint], data: { path, code: code ?? null } };
  return kind === "missing" ? new NotFoundError(message, options) : new UnavailableError(message, { ...options, kind });
}

/** Primary result codes of SQLite, as the errno that means the same. */
const sqliteCodes: Readonly<Record<number, string>> = {
  5: "EBUSY",
  6: "EBUSY",
  8: "EROFS",
  10: "EIO",
  11: "ECORRUPT",
  13: "ENOSPC",
  14: "EACCES",
  23: "EACCES",
  26: "ECORRUPT",
};

type Told = [message: string, hint: string, kind: "user" | "retryable" | "missing"];

function explain(code: string | undefined, path: string): Told | undefined {
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return [
        `No space left for ${path}.`,
        "Free some space on that disk; nothing half-written was kept.",
        "retryable",
      ];
    case "EACCES":
    case "EPERM":
      return [`No permission for ${path}.`, "Give this user access to it, or choose another data folder.", "user"];
    case "EROFS":
      return [`${path} is on a read-only disk.`, "Choose another data folder.", "user"];
    case "ENOENT":
      return [`${path} does not exist.`, "Check the path.", "missing"];
    case "ENOTDIR":
    case "EEXIST":
      return [`${path} should be a folder, but a file is in its place.`, "Choose another data folder.", "user"];
    case "EISDIR":
      return [`${path} is a folder, not a file.`, "Name a file.", "user"];
    case "EMFILE":
    case "ENFILE":
      return [
        `Too many open files at ${path}.`,
        "Raise the limit (ulimit -n), or run fewer jobs at once.",
        "retryable",
      ];
    case "EBUSY":
      return [`${path} is in use by another process.`, "Stop that process, or try again.", "retryable"];
    case "EIO":
      return [`The disk failed at ${path}.`, "Look at the disk's health, and restore the folder from a copy.", "user"];
    case "ECORRUPT":
      return [`${path} is not a whole database.`, "Restore it from a copy, or remove it and start again.", "user"];
    default:
      return undefined;
  }
}
