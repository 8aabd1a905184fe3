import { parseHash } from "@base/bytes/hash.ts";
import { UnavailableError } from "@base/errors";
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
 * Puts a report into the lineage: a node of its kind over the model and the table that it was measured on. Its rows carry
 * the event that published the model, which is what they vanish with in a reorganisation. Safe to run again; throws
 * UnavailableError while the index does not have the model. SPEC T15.
 */
export async function recordReport(
  context: Pick<Context, "db" | "store">,
  { report }: { readonly report: string },
): Promise<void> {
  const statement = reportSchema.parse(await context.store.getJson(parseHash(report)));
  const asset = (id: string): NodeRef => ({ kind: "asset", id });
  const published = await context.db.kysely
    .selectFrom("ix_assets")
    .select(["block", "log_index", "tx"])
    .where("id", "=", statement.model.asset)
    .executeTakeFirst();
  if (published === undefined)
    throw new UnavailableError(`the index does not have asset ${statement.model.asset} yet`, { data: { report } });
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
