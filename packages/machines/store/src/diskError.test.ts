import { NotFoundError, UnavailableError } from "@base/errors";
import { expect, test } from "vitest";
import { diskError } from "./diskError.ts";

const errno = (code: string) => Object.assign(new Error(`${code}: it went wrong`), { code });
const sqlite = (errcode: number) => Object.assign(new Error("sqlite"), { code: "ERR_SQLITE_ERROR", errcode });

test.each([
  [errno("ENOSPC"), "retryable", /No space left for \/data\/x/],
  [errno("EDQUOT"), "retryable", /No space left/],
  [errno("EACCES"), "user", /No permission for \/data\/x/],
  [errno("EROFS"), "user", /read-only/],
  [errno("EIO"), "user", /disk failed/],
  [errno("EMFILE"), "retryable", /open files/],
  [sqlite(13), "retryable", /No space left/],
  [sqlite(14), "user", /No permission/],
  [sqlite(8 | (1 << 8)), "user", /read-only/],
  [sqlite(26), "user", /not a whole database/],
])("%s", (cause, kind, message) => {
  const error = diskError(cause, "/data/x") as UnavailableError;
  expect(error).toBeInstanceOf(UnavailableError);
  expect(error).toMatchObject({ kind, cause });
  expect(error.message).toMatch(message);
  expect(error.hints.length).toBeGreaterThan(0);
});

test("a missing path is not found; the unknown and the already told pass through", () => {
  expect(diskError(errno("ENOENT"), "/data/x")).toBeInstanceOf(NotFoundError);
  for (const cause of [new Error("other"), sqlite(19), "text", new UnavailableError("told")]) {
    expect(diskError(cause, "/data/x")).toBe(cause);
  }
});
