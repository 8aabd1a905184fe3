/** Who can do something about an error: try again, change the input, or report a bug. */
export type ErrorKind = "retryable" | "user" | "bug";

/** What every error carries besides its sentence. */
export interface ErrorOptions {
  /** The error that led to this one. */
  readonly cause?: unknown;
  /** `user` unless said otherwise. */
  readonly kind?: ErrorKind;
  /** One long line for logs: a path, a response body. Never a secret. */
  readonly details?: string;
  /** What to do next, one sentence a line. */
  readonly hints?: readonly string[];
  /** Page under docs/ that explains more. */
  readonly docsPath?: string;
  /** Plain values for programs (ids, limits, rows). */
  readonly data?: Readonly<Record<string, unknown>>;
}

/**
 * The base of every error Assay throws on purpose: what happened, where, and what to do.
 *
 * Subclasses set `name`; callers decide by `kind` ("again?") or `name` ("which?").
 */
export class BaseError extends Error {
  override name = "BaseError";
  readonly kind: ErrorKind;
  readonly shortMessage: string;
  readonly details: string | undefined;
  readonly hints: readonly string[];
  readonly docsPath: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(shortMessage: string, options: ErrorOptions = {}) {
    super([shortMessage, ...(options.hints ?? [])].join("\n"), { cause: options.cause });
    this.shortMessage = shortMessage;
    this.kind = options.kind ?? "user";
    this.details = options.details;
    this.hints = options.hints ?? [];
    this.docsPath = options.docsPath;
    this.data = options.data ?? {};
  }

  /** The first error in the cause chain that satisfies `test`, or the innermost one. */
  walk(test?: (error: unknown) => boolean): unknown {
    let current: unknown = this;
    for (let depth = 0; depth < 32; depth++) {
      if (test?.(current)) return current;
      const next = current instanceof Error ? current.cause : undefined;
      if (next === undefined || next === null) return test ? undefined : current;
      current = next;
    }
    return undefined;
  }

  /** The form that goes over HTTP and into `--json`: no stack, no cause. */
  toJSON(): {
    name: string;
    message: string;
    kind: ErrorKind;
    hints: readonly string[];
    data: Readonly<Record<string, unknown>>;
  } {
    return { name: this.name, message: this.shortMessage, kind: this.kind, hints: this.hints, data: this.data };
  }
}

/** Input that does not fit: names the field, row or setting. */
export class InvalidInputError extends BaseError {
  override name = "InvalidInputError";
}

/** Something asked for by id, hash or name is not there. */
export class NotFoundError extends BaseError {
  override name = "NotFoundError";
}

/** What is stored contradicts its hash, signature or the chain. */
export class IntegrityError extends BaseError {
  override name = "IntegrityError";
}

/** Another process or the outside world is in the way for now: try again. */
export class UnavailableError extends BaseError {
  override name = "UnavailableError";
  constructor(shortMessage: string, options: ErrorOptions = {}) {
    super(shortMessage, { kind: "retryable", ...options });
  }
}

/** A broken promise inside Assay itself. */
export class BugError extends BaseError {
  override name = "BugError";
  constructor(shortMessage: string, options: ErrorOptions = {}) {
    super(shortMessage, { kind: "bug", ...options });
  }
}

/** Exit codes of the command line, stable: 0 done, 1 bug, 2 wrong input, 3 not found, 4 integrity, 75 try again (sysexits EX_TEMPFAIL). */
export function exitCode(error: unknown): number {
  if (!(error instanceof BaseError)) return 1;
  if (error.kind === "retryable") return 75;
  if (error instanceof NotFoundError) return 3;
  if (error instanceof IntegrityError) return 4;
  return error.kind === "user" ? 2 : 1;
}
