import { canonicalJson } from "@base/bytes/canonicalJson.ts";
import { isHash, parseHash } from "@base/bytes/hash.ts";
import { BaseError, InvalidInputError, NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { lower, recoverSigner, scopeOf } from "@records/assets/sign.ts";
import { findSignature } from "@records/assets/signatures.ts";
import { statementType } from "@records/assets/statements.ts";
import type { Finding } from "@records/assets/verifyAsset.ts";
import { z } from "zod";
import { measureFairness } from "./fairness.ts";
import { traceInfluence } from "./influence.ts";
import { nameReport } from "./signReport.ts";

const asset = z.looseObject({ asset: z.string() });
const fairnessQuestion = z.looseObject({
  model: asset,
  data: asset,
  group: z.string(),
  threshold: z.number(),
  part: z.enum(["all", "train", "valid", "test"]),
});
const influenceQuestion = z.looseObject({
  model: asset,
  question: z.looseObject({
    data: asset.optional(),
    from: z.string().nullable(),
    to: z.string().nullable(),
    row: z.int().nullable(),
  }),
  top: z.int(),
  threshold: z.number(),
});

/**
 * Checks a report that is on record here: hash, signature, and that the same model and data give the same bytes again.
 * Throws NotFoundError for a report that is not here. SPEC T15.
 */
export async function verifyReport(
  context: Context,
  input: { readonly report: string },
): Promise<{ verified: boolean; checks: Finding[] }> {
  const hash = await hashOf(context, input.report);
  const statement = await context.store.getJson(hash);
  const checks: Finding[] = [await signatureCheck(context, hash, statement)];
  for await (const check of checkReport(context, statement)) checks.push(check);
  return { verified: checks.every(({ ok, skipped }) => ok && skipped !== true), checks };
}

/** Measures a report again; what differs is named by its field. A receipt's verifier, too. SPEC T15. */
export async function* checkReport(context: Context, statement: unknown): AsyncIterable<Finding> {
  const { id, ...rest } = statement as Record<string, unknown>;
  const name = nameReport(rest).id;
  yield { name: "name", ok: name === id, detail: name };
  const again = await repeated(context, statement);
  if ("skipped" in again) return yield again;
  const { creator: _, createdAt: __, ...claimed } = rest;
  const fields = [...new Set([...Object.keys(claimed), ...Object.keys(again.content)])].sort();
  const wrong = fields.filter((field) => text(claimed[field]) !== text(again.content[field]));
  const detail =
    wrong.length === 0 ? `${fields.length} fields, the same bytes` : `measured again, other: ${wrong.join(", ")}`;
  yield { name: "measured again", ok: wrong.length === 0, detail };
}

const text = (value: unknown) => (value === undefined ? "" : canonicalJson(value));

async function repeated(
  context: Context,
  statement: unknown,
): Promise<{ readonly content: Readonly<Record<string, unknown>> } | (Finding & { readonly skipped: true })> {
  try {
    if (statementType(statement) === "assay/fairness/2") {
      const { model, data, group, threshold, part } = parsed(fairnessQuestion, statement);
      return {
        content: await measureFairness(context, { model: model.asset, data: data.asset, group, threshold, part }),
      };
    }
    const { model, question, top, threshold } = parsed(influenceQuestion, statement);
    if (question.data === undefined)
      return skipped("the row in question came from a file, of which the report has the hash alone");
    const { from, to, row } = question;
    const slice = { from: from ?? undefined, to: to ?? undefined, row: row ?? undefined };
    return {
      content: (
        await traceInfluence(context, { model: model.asset, data: question.data.asset, ...slice, top, threshold })
      ).content,
    };
  } catch (error) {
    if (!(error instanceof BaseError) || (error.name !== "NotFoundError" && error.kind !== "retryable")) throw error;
    return skipped(error.shortMessage);
  }
}

function skipped(detail: string) {
  return { name: "measured again", ok: true, skipped: true as const, detail };
}

function parsed<S extends z.ZodType>(schema: S, statement: unknown): z.output<S> {
  const result = schema.safeParse(statement);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new InvalidInputError(`this is no report: ${issue?.path.join(".") || "it"}: ${issue?.message}`);
}

async function hashOf(context: Pick<Context, "db">, report: string): Promise<`0x${string}`> {
  const id = report.replace(/^(fairness|influence):/, "").toLowerCase();
  if (!isHash(id)) throw new InvalidInputError(`${report} is no report: its hash, or fairness:0x… or influence:0x…`);
  const node = await context.db.kysely
    .selectFrom("ix_nodes")
    .select("statement")
    .where("kind", "in", ["fairness", "influence"])
    .where((or) => or.or([or("id", "=", id), or("statement", "=", id)]))
    .executeTakeFirst();
  if (typeof node?.["statement"] === "string") return parseHash(node["statement"]);
  throw new NotFoundError(`no report ${report} is on record here`, {
    hints: ["`assay report list MODEL` shows them."],
  });
}

async function signatureCheck(context: Context, hash: `0x${string}`, statement: unknown): Promise<Finding> {
  const creator = lower(String((statement as { creator?: unknown }).creator));
  const signed = await findSignature(context, hash, creator);
  if (signed === undefined) return { name: "signature", ok: false, detail: `none by ${creator} is known` };
  try {
    return {
      name: "signature",
      ok: true,
      detail: `by ${await recoverSigner(scopeOf(context), { hash, statement, ...signed })}`,
    };
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    return { name: "signature", ok: false, detail: error.shortMessage };
  }
}
