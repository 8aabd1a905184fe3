import { NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { JobState } from "./jobs.ts";

/** Lists jobs, newest change first. */
export async function list(
  { db }: Pick<Context, "db">,
  filter: { state?: JobState | undefined; kind?: string | undefined; limit: number },
) {
  let query = db.kysely.selectFrom("jobs").selectAll();
  if (filter.state) query = query.where("state", "=", filter.state);
  if (filter.kind) query = query.where("kind", "=", filter.kind);
  const rows = await query.orderBy("updated", "desc").limit(filter.limit).execute();
  return {
    jobs: rows.map(({ kind, key, state, attempts, run_after, error }) => {
      return { kind, key, state: state as JobState, attempts: Number(attempts), runAfter: Number(run_after), error };
    }),
  };
}

/** Makes a failed job ready again with no attempts counted. Throws NotFoundError. */
export async function retry(
  { db, clock }: Pick<Context, "db" | "clock">,
  { kind, key }: { kind: string; key: string },
) {
  const now = clock();
  const { numUpdatedRows } = await db.kysely
    .updateTable("jobs")
    .set({ state: "ready", attempts: 0, run_after: now, updated: now, error: null })
    .where("kind", "=", kind)
    .where("key", "=", key)
    .where("state", "=", "failed")
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw new NotFoundError(`No failed job ${kind} ${key}.`);
  return { kind, key };
}
