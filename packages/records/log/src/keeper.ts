import { NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { LogKeeper } from "@machines/log/keeper.ts";

/** The node's log; throws NotFoundError where it keeps none. */
export function keeperOf({ records }: Pick<Context, "records">): LogKeeper {
  if (records) return records;
  throw new NotFoundError("This node keeps no log.", { hints: ["Start it without ASSAY_LOG=0."] });
}

const turns = new WeakMap<LogKeeper, Promise<unknown>>();

/** Runs one after the other what reads the index over a log and then writes to the log. */
export function inTurn<T>(keeper: LogKeeper, work: () => Promise<T>): Promise<T> {
  const mine = (turns.get(keeper) ?? Promise.resolve()).then(work);
  turns.set(
    keeper,
    mine.catch(() => {}),
  );
  return mine;
}
