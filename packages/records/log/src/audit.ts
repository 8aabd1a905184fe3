import { BaseError, InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { folderSource, type LogReader, openReader, parseVerifier, type Trust } from "@machines/log";
import { listAnchors } from "@machines/log/anchor.ts";
import { AnchorMismatchError, DroppedRecordError, SplitViewError } from "@machines/log/errors.ts";
import { httpSource } from "@machines/log/httpSource.ts";
import { sql } from "kysely";
import { anchorScope } from "./chain.ts";
import { catchUp } from "./entries.ts";
import { inTurn, keeperOf } from "./keeper.ts";

export interface AuditInput {
  readonly url?: string | undefined;
  readonly keys?: readonly string[] | undefined;
  readonly witnesses?: readonly string[] | undefined;
  readonly quorum?: number | undefined;
}

/**
 * Reads every tile and record of a log and checks them against its signed head; of this node's own log also every
 * anchored head against the tree, and that no settled event of the chain is missing.
 *
 * Throws the error that names what was done to it (see machines/log). SPEC L7.
 */
export async function audit(context: Context, input: AuditInput) {
  const own = input.url === undefined;
  const trust = own ? keeperOf(context).trust : trustOf(input);
  if (own) await keeperOf(context).publish();
  const source = input.url === undefined ? folderSource(keeperOf(context).log.dir) : httpSource(input.url);
  const reader = await openReader({ source, trust });
  const { records, tiles } = await reader.audit({ signal: context.signal });
  const anchored = own ? await auditAnchors(context, reader) : null;
  const events = own ? await auditEvents(context) : null;
  const { origin, root, witnessed } = reader.checkpoint;
  return {
    origin,
    size: reader.size,
    root,
    records,
    tiles,
    witnesses: witnessed.map(({ name }) => name),
    anchors: anchored,
    events,
  };
}

/** Every anchored head must be one that this log had. */
async function auditAnchors(context: Context, reader: LogReader): Promise<number | null> {
  let scope: ReturnType<typeof anchorScope>;
  try {
    scope = anchorScope(context);
  } catch (error) {
    if (error instanceof BaseError && error.kind === "user") return null;
    throw error;
  }
  const anchors = await listAnchors(scope, await scope.chain.head());
  for (const { size, root, blockNumber } of anchors) {
    const data = { size, root, block: String(blockNumber), has: reader.size };
    if (size > reader.size)
      throw new AnchorMismatchError(`Size ${size} is anchored, the log has ${reader.size}.`, { data });
    const { first } = await reader.proveConsistency(size, reader.size);
    if (first.root !== root)
      throw new SplitViewError(`The chain has another root for size ${size} than the log.`, { data });
  }
  return anchors.length;
}

/** Every event of a settled block must be in the log. */
async function auditEvents(context: Context): Promise<number> {
  const keeper = keeperOf(context);
  const { origin } = keeper.log;
  return inTurn(keeper, async () => {
    await catchUp(context, keeper);
    // Blocks that settled just now are being written: only what a finished job wrote must be there.
    const { rows } = await sql<{ key: string }>`
      select e.key from ix_log_events e
      join jobs j on j.kind = 'log.record' and j.key = cast(e.block as text) and j.state = 'done'
      where not exists (select 1 from log_entries l where l.event = e.key and l.origin = ${origin})
      limit 1`.execute(context.db.kysely);
    const [lost] = rows;
    if (lost) {
      throw new DroppedRecordError(`The event ${lost.key} of the chain is not in the log.`, {
        data: { event: lost.key },
      });
    }
    const counted = await context.db.kysely
      .selectFrom("log_entries")
      .select(({ fn }) => fn.countAll().as("count"))
      .where("origin", "=", origin)
      .where("event", "is not", null)
      .executeTakeFirst();
    return Number(counted?.["count"] ?? 0);
  });
}

function trustOf({ keys = [], witnesses = [], quorum }: AuditInput): Trust {
  const [first, ...others] = keys.map(parseVerifier);
  if (!first) {
    throw new InvalidInputError("Name the keys of the log that you trust: --keys <verifier key>.", {
      hints: ["Its owner tells them: `assay log head`."],
    });
  }
  return {
    origin: first.name,
    keys: [first, ...others],
    witnesses: witnesses.map(parseVerifier),
    quorum: quorum ?? witnesses.length,
  };
}
