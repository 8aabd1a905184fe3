import type { Context } from "@kernel/capability";
import { listReports } from "@protocols/training/listReports.ts";
import type { Proof } from "./shapes.ts";

type Listed = Awaited<ReturnType<typeof listReports>>;

/** A signed report about the model, and what proves it. */
export interface Reported<K extends keyof Listed> {
  readonly report: Listed[K][number];
  readonly proof: Proof;
}

/** What is on record about the model's groups and about its answers' sources. */
export interface Reports {
  readonly fairness: readonly Reported<"fairness">[];
  readonly influence: readonly Reported<"influence">[];
}

/** The reports on record about these very bytes of a model, oldest first. */
export async function reportsOf(context: Context, model: string, root: string): Promise<Reports> {
  const { fairness, influence } = await listReports(context, { model });
  const proved = <T extends Listed[keyof Listed][number]>(what: string, reports: readonly T[]) =>
    reports
      .filter((report) => report.model.root === root)
      .map((report) => ({ report, proof: proofOf(what, report) }))
      .reverse();
  return { fairness: proved("fairness report", fairness), influence: proved("influence trace", influence) };
}

function proofOf(what: string, { statement, signer }: Listed[keyof Listed][number]): Proof {
  return {
    what,
    statement,
    signer: signer === "" ? null : signer,
    tx: null,
    block: null,
    logIndex: null,
    record: null,
    command: `assay report verify ${statement}`,
  };
}
