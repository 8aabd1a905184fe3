import { canonicalJsonBytes, type Json } from "@base/bytes/canonicalJson.ts";
import { BaseError, InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { parseOpenLineage } from "@machines/statements";
import { tended } from "./append.ts";
import { keeperOf } from "./keeper.ts";

/** Events one request may hold. */
const MOST = 10_000;

/**
 * Takes OpenLineage events as existing pipelines send them (HTTP transport: one event, or a list for `/batch`) and logs
 * each, as canonical JSON. Answers 201 once they are durable, 422 with the field for what is no event. SPEC L8.
 */
export async function receive(context: Context, request: Request): Promise<Response> {
  try {
    const body = (await request.json().catch((cause) => {
      throw new InvalidInputError("The body is no JSON.", { cause });
    })) as Json;
    const events = Array.isArray(body) ? body : [body];
    if (events.length > MOST) throw new InvalidInputError(`At most ${MOST} events fit into a request.`);
    for (const event of events) parseOpenLineage(event);
    const keeper = keeperOf(context);
    const { indexes, duplicates } = await keeper.append(events.map(canonicalJsonBytes));
    await tended(context, keeper);
    return Response.json({ indexes, duplicates: duplicates.length }, { status: 201 });
  } catch (error) {
    if (!(error instanceof BaseError) || error.kind === "bug") throw error;
    const status = error.kind === "retryable" ? 503 : error instanceof InvalidInputError ? 422 : 404;
    return Response.json({ error: error.shortMessage, ...error.data }, { status });
  }
}
