import { NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { z } from "zod";
import type { listInput, listOutput, showInput, showOutput } from "./schemas.ts";

/** One dispute, move by move. */
export async function show(context: Context, given: z.output<typeof showInput>): Promise<z.input<typeof showOutput>> {
  return disputeOf(context, given.id.toString());
}

/** The newest disputes, newest first. */
export async function list(context: Context, given: z.output<typeof listInput>): Promise<z.input<typeof listOutput>> {
  const rows = await context.db.kysely
    .selectFrom("ix_panel_disputes")
    .select("dispute_id")
    .orderBy("block", "desc")
    .limit(given.limit)
    .execute();
  return { disputes: await Promise.all(rows.map((row) => disputeOf(context, String(row["dispute_id"])))) };
}

async function disputeOf(context: Pick<Context, "db">, id: string): Promise<z.input<typeof showOutput>> {
  const rows = (table: string) =>
    context.db.kysely
      .selectFrom(table)
      .selectAll()
      .where("dispute_id", "=", id)
      .orderBy("block")
      .orderBy("log_index")
      .execute() as Promise<Record<string, string>[]>;
  const [opened] = await rows("ix_panel_disputes");
  if (!opened) throw new NotFoundError(`There is no dispute ${id} at the panel.`, { data: { id } });
  const text = (row: Record<string, string>, key: string) => String(row[key]);
  const commits = await rows("ix_panel_commits");
  const reveals = await rows("ix_panel_reveals");
  const [ruled] = await rows("ix_panel_rulings");
  return {
    id,
    client: text(opened, "client"),
    subject: text(opened, "subject"),
    defence: text(opened, "defence"),
    claim: text(opened, "claim"),
    openedAt: text(opened, "opened_at"),
    tx: text(opened, "tx"),
    moves: [
      ...commits.map((row) => ({
        move: "commit" as const,
        member: text(row, "member"),
        result: null,
        tx: text(row, "tx"),
      })),
      ...reveals.map((row) => ({
        move: "reveal" as const,
        member: text(row, "member"),
        result: text(row, "result"),
        tx: text(row, "tx"),
      })),
    ],
    ruling: ruled
      ? {
          ruling: text(ruled, "ruling"),
          result: text(ruled, "result"),
          reward: text(ruled, "reward"),
          burned: text(ruled, "burned"),
          tx: text(ruled, "tx"),
        }
      : null,
  };
}
