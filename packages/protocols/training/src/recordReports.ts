import { parseHash } from "@base/bytes/hash.ts";
import type { Context } from "@kernel/capability";
import { edgeRow, type NodeRef, nodeRow } from "@records/assets/lineage.ts";
import { z } from "zod";

const named = z.looseObject({ asset: z.string(), root: z.string() });
const reportSchema = z.union([
  z.looseObject({
    type: z.literal("assay/fairness/2"),
    id: z.string(),
    model: named,
    data: named,
    group: z.string(),
  }),
  z.looseObject({
    type: z.literal("assay/influence/1"),
    id: z.string(),
    model: named,
    question: z.looseObject({ data: named.optional() }),
    answer: z.string(),
  }),
]);

/**
 * Puts the reports about a model that this node signed into the lineage: each a node of its kind over the model and the
 * table that it was measured on. The rows carry the event that published the model, which is what they vanish with in a
 * reorganisation. A job too: when that event comes (again), so do they. Safe to run again; nothing happens while the index
 * does not have the model. SPEC T15.
 */
export async function recordReports(
  context: Pick<Context, "db" | "store">,
  { model }: { readonly model: string },
): Promise<void> {
  const published = await context.db.kysely
    .selectFrom("ix_assets")
    .select(["block", "log_index", "tx"])
    .where("id", "=", model)
    .executeTakeFirst();
  if (published === undefined) return;
  const rows = await context.db.kysely.selectFrom("reports").select("report").where("model", "=", model).execute();
  for (const { report } of rows) await recordOne(context, String(report), published);
}

async function recordOne(
  context: Pick<Context, "db" | "store">,
  report: string,
  published: Readonly<Record<string, unknown>>,
): Promise<void> {
  const statement = reportSchema.parse(await context.store.getJson(parseHash(report)));
  const asset = (id: string): NodeRef => ({ kind: "asset", id });
  const fair = statement.type === "assay/fairness/2";
  const node: NodeRef = { kind: fair ? "fairness" : "influence", id: statement.id };
  const label = fair ? `fairness by ${statement.group}` : `influence: ${statement.answer}`;
  const data = fair ? statement.data : statement.question.data;
  const edges = [edgeRow(node, fair ? "measures" : "traces an answer of", asset(statement.model.asset))];
  if (data !== undefined) edges.push(edgeRow(node, fair ? "measured on" : "asked about a row of", asset(data.asset)));
  await context.db.kysely.transaction().execute(async (db) => {
    const known = await db
      .selectFrom("ix_nodes")
      .select("tx")
      .where("kind", "=", node.kind)
      .where("id", "=", node.id)
      .executeTakeFirst();
    if (known !== undefined) return;
    await db
      .insertInto("ix_nodes")
      .values({ ...nodeRow(node, { label, statement: report }), ...published })
      .execute();
    for (const edge of edges)
      await db
        .insertInto("ix_edges")
        .values({ ...edge, ...published })
        .execute();
  });
}
