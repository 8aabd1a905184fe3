import { parseHash } from "@base/bytes/hash.ts";
import { BaseError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { z } from "zod";
import type { Proof } from "./shapes.ts";

const rate = z.number().nullable();
/** What `training.fairness` puts on record; only what a dossier shows. */
const reportSchema = z.looseObject({
  type: z.literal("assay/fairness/1"),
  model: z.looseObject({ asset: z.string(), root: z.string() }),
  data: z.looseObject({ asset: z.string() }),
  group: z.string(),
  threshold: z.number(),
  rows: z.int(),
  left: z.int(),
  groups: z.array(
    z.looseObject({
      group: z.string(),
      rows: z.int(),
      selectionRate: z.number(),
      truePositiveRate: rate,
      falsePositiveRate: rate,
      accuracy: z.number(),
    }),
  ),
  disparateImpact: rate,
  demographicParityDifference: z.number(),
  equalisedOddsDifference: rate,
  calibrationGap: z.number(),
  createdAt: z.string(),
});

/** A signed report of what the model does to each group. */
export interface Fairness {
  readonly report: z.output<typeof reportSchema>;
  readonly proof: Proof;
}

/** The reports on record about these very bytes of a model, oldest first. Looks at every signed statement of the node. */
export async function fairnessOf(context: Context, model: string, root: string): Promise<Fairness[]> {
  const rows = await context.db.kysely.selectFrom("signatures").select(["hash", "signer"]).orderBy("hash").execute();
  const found: Fairness[] = [];
  for (const { hash, signer } of rows) {
    const value = await read(context, String(hash));
    const parsed = reportSchema.safeParse(value);
    if (!parsed.success || parsed.data.model.asset !== model || parsed.data.model.root !== root) continue;
    const { data, group, threshold } = parsed.data;
    const proof = {
      what: "fairness report",
      statement: String(hash),
      signer: String(signer),
      tx: null,
      block: null,
      logIndex: null,
      record: null,
      command: `assay training fairness ${model} --data ${data.asset} --group ${quoted(group)} --threshold ${threshold}`,
    };
    found.push({ report: parsed.data, proof });
  }
  return found.sort((a, b) => (a.report.createdAt < b.report.createdAt ? -1 : 1));
}

async function read(context: Context, hash: string): Promise<unknown> {
  try {
    return await context.store.getJson(parseHash(hash));
  } catch (error) {
    if (error instanceof BaseError) return undefined;
    throw error;
  }
}

/** A word for a POSIX shell. */
export function quoted(text: string): string {
  return /^[\w.,:/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
