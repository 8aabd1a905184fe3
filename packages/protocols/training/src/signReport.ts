import type { Context, Identity } from "@kernel/capability";
import { lower, scopeOf, signStatement, statementHash } from "@records/assets/sign.ts";
import { rememberSignature } from "@records/assets/signatures.ts";
import { recordReports } from "./recordReports.ts";

/** Where a report is on record. */
export interface SignedReport {
  readonly statement: `0x${string}`;
  /** Names it in the lineage, behind its kind. */
  readonly id: string;
  readonly signer: string;
}

/** What every report says besides its own figures. */
export interface ReportHead {
  readonly type: "assay/fairness/2" | "assay/influence/1";
  readonly model: { readonly asset: string; readonly root: string };
}

/** A report with its name: the hash of all the rest, so that nobody can give one report another's. SPEC T15. */
export function nameReport<T extends object>(content: T): T & { readonly id: `0x${string}` } {
  return { ...content, id: statementHash(content) };
}

/** Signs a report, keeps it in the store, and puts it into the lineage of its model. SPEC T15. */
export async function signReport(
  context: Context,
  identity: Identity,
  content: ReportHead & Readonly<Record<string, unknown>>,
): Promise<SignedReport> {
  const creator = lower(identity.address);
  const statement = nameReport({ ...content, creator, createdAt: new Date(context.clock()).toISOString() });
  const signed = await signStatement(identity.account, scopeOf(context), statement);
  await context.store.putJson(statement);
  await rememberSignature(context, signed);
  await context.db.kysely
    .insertInto("reports")
    .values({ report: signed.hash, model: content.model.asset })
    .onConflict((conflict) => conflict.column("report").doNothing())
    .execute();
  await recordReports(context, { model: content.model.asset });
  return { statement: signed.hash, id: statement.id, signer: signed.signer };
}
