import { parseHash } from "@base/bytes/hash.ts";
import { BaseError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { findSignature } from "@records/assets/signatures.ts";
import { z } from "zod";
import { fairnessFigures, influenceFigures } from "./reportShapes.ts";

const named = z.looseObject({ asset: z.string(), root: z.string() });
const head = { id: z.string(), model: named, creator: z.string(), createdAt: z.string() };
const fairnessSchema = z.looseObject({
  type: z.literal("assay/fairness/2"),
  ...head,
  data: named,
  group: z.string(),
  threshold: z.number(),
  part: z.string(),
  ...fairnessFigures,
});
const influenceSchema = z.looseObject({ type: z.literal("assay/influence/1"), ...head, ...influenceFigures });

type Found<S extends z.ZodType> = z.output<S> & { readonly statement: `0x${string}`; readonly signer: string };

/** The reports about a model that this node has in its lineage, the newest first. Throws nothing for a model without. */
export async function listReports(
  context: Pick<Context, "db" | "store">,
  { model }: { readonly model: string },
): Promise<{ fairness: Found<typeof fairnessSchema>[]; influence: Found<typeof influenceSchema>[] }> {
  const rows = (await context.db.kysely
    .selectFrom("ix_edges")
    .innerJoin("ix_nodes", (join) =>
      join.onRef("ix_nodes.kind", "=", "ix_edges.from_kind").onRef("ix_nodes.id", "=", "ix_edges.from_id"),
    )
    .select(["ix_nodes.statement"])
    .distinct()
    .where("ix_edges.to_kind", "=", "asset")
    .where("ix_edges.to_id", "=", model)
    .where("ix_edges.from_kind", "in", ["fairness", "influence"])
    .where("ix_edges.role", "in", ["measures", "traces an answer of"])
    .execute()) as { statement: string | null }[];
  const found = await Promise.all(rows.map(({ statement }) => read(context, String(statement))));
  const pick = <S extends z.ZodType>(schema: S) =>
    found
      .flatMap((one) => {
        const parsed = schema.safeParse(one?.value);
        return one === undefined || !parsed.success
          ? []
          : [{ ...(parsed.data as z.output<S> & { createdAt: string }), ...one.signed }];
      })
      .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  return { fairness: pick(fairnessSchema), influence: pick(influenceSchema) };
}

async function read(context: Pick<Context, "db" | "store">, text: string) {
  try {
    const statement = parseHash(text);
    const value = await context.store.getJson(statement);
    return { value, signed: { statement, signer: (await findSignature(context, statement))?.signer ?? "" } };
  } catch (error) {
    if (error instanceof BaseError) return undefined;
    throw error;
  }
}
