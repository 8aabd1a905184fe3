// Errors over HTTP: RFC 9457 problem details with the error's own fields, never a stack.
import { BaseError, BugError, IntegrityError, InvalidInputError, NotFoundError } from "@base/errors";
import { type Json, toWire } from "@kernel/capability/wire.ts";

/** A refusal that belongs to HTTP itself; `status` says which. */
export class HttpError extends BaseError {
  override name: string;
  readonly status: number;
  constructor(status: number, name: string, message: string, hints: readonly string[] = []) {
    super(message, { hints });
    this.name = name;
    this.status = status;
  }
}

/** Problem details (RFC 9457) of an error, with `name`, `message`, `kind`, `hints`, `data` of the error itself. */
export type Problem = { readonly [key: string]: Json } & { readonly status: number };

/** The public form of an error: BaseErrors as they are, others as an unexplained bug. */
export function problemOf(error: unknown): Problem {
  const known =
    error instanceof BaseError
      ? error
      : new BugError("Something went wrong inside Assay.", { hints: ["The log of the node has the details."] });
  const json = toWire(known.toJSON()) as { [key: string]: Json };
  const docs = known.docsPath === undefined ? {} : { docs: known.docsPath };
  return {
    type: `urn:assay:error:${known.name}`,
    title: known.name,
    status: statusOf(known),
    detail: known.shortMessage,
    ...docs,
    ...json,
  };
}

/** 400 wrong input, 404, 409 contradiction, 422 refused, 503 try again, 500 bug. */
export function statusOf(error: BaseError): number {
  if (error instanceof HttpError) return error.status;
  if (error.kind === "retryable") return 503;
  if (error.kind === "bug") return 500;
  if (error instanceof InvalidInputError) return 400;
  if (error instanceof NotFoundError) return 404;
  if (error instanceof IntegrityError) return 409;
  return 422;
}

/** The problem as a response. */
export function problemResponse(problem: Problem): Response {
  const headers: Record<string, string> = { "content-type": "application/problem+json" };
  if (problem.status === 503) headers["retry-after"] = "1";
  if (problem.status === 401) headers["www-authenticate"] = "Bearer";
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}
