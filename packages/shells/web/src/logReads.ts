// How the node's log becomes what its page draws.
import { read, rows, type WireLogHead, type WireLogRecord } from "./api.ts";
import type { LogProof } from "./logProof.ts";
import type { LogHead, LogRecord } from "./model.ts";

/** The calls of the log's page; each rejects with ApiError. */
export const logApi = {
  head: readHead,
  records: async () => rows<WireLogRecord>(await read("log.list", { limit: "100" }), "records").map(toRecord),
  record: async (record: string) => toRecord((await read("log.show", { record })) as WireLogRecord),
  proof: async (record: string) => (await read("log.prove", { record })) as LogProof,
};

async function readHead(): Promise<LogHead> {
  const { anchors, ...head } = (await read("log.head")) as WireLogHead;
  return {
    ...head,
    anchorCount: anchors?.count ?? 0,
    anchors: (anchors?.newest ?? []).map((anchor) => ({ ...anchor, block: Number(anchor.block) })),
  };
}

/** A record by what it says: the contract's event or the kind. */
function toRecord({ index, kind, about, leaf, value }: WireLogRecord): LogRecord {
  const event = (value as { predicate?: { event?: { name?: unknown } } } | null)?.predicate?.event?.name;
  return { index, kind, about, leaf, value, what: typeof event === "string" ? event : kind };
}
