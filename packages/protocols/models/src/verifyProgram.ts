import { sha256Hex } from "@base/bytes/hash.ts";
import { BaseError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { loadTable } from "@records/assets/load.ts";
import { parseStatement, type ProgramStatement } from "@records/assets/statements.ts";
import type { Finding } from "@records/assets/verifyAsset.ts";
import { modelOf } from "./quantize.ts";
import { inSandbox } from "./sandbox.ts";
import { modelAsset } from "./source.ts";

/**
 * Checks how a program came to be: an imported file is read and checked again, folding is repeated where the file as it
 * was given is at hand, and quantising is repeated from the parents, bytes against bytes. SPEC M1, M9.
 */
export async function* verifyProgram(context: Context, value: unknown): AsyncIterable<Finding> {
  const statement = parseStatement("assay/program/1", value);
  try {
    yield* statement.origin.kind === "import" ? importAgain(context, statement) : quantizeAgain(context, statement);
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    const missing = error.name === "NotFoundError" || error.kind === "retryable";
    yield { name: "made again", ok: missing, ...(missing ? { skipped: true } : {}), detail: error.shortMessage };
  }
}

async function* importAgain(context: Context, statement: ProgramStatement): AsyncIterable<Finding> {
  const bytes = await context.store.get(statement.root);
  const given = { bytes, fold: false, columns: [] };
  const { report } = await inSandbox("prepare", given, { signal: context.signal });
  const same =
    report.parameters === statement.parameters &&
    report.producer === (statement.origin as { producer?: string }).producer;
  yield {
    name: "model file",
    ok: same,
    detail: `${report.nodes} nodes, ${report.parameters} numbers, from ${report.producer || "an unnamed exporter"}`,
  };
}

async function* quantizeAgain(context: Context, statement: ProgramStatement): AsyncIterable<Finding> {
  const { origin, parents } = statement;
  const [model, data] = parents;
  if (origin.kind !== "quantize" || model === undefined || data === undefined)
    return yield { name: "made again", ok: false, detail: "it does not name a model and data" };
  const source = await modelAsset(context, model.asset);
  const { table } = await loadTable(context, data.asset);
  const { calibration, evaluation } = origin;
  const target = origin.report["target"];
  const again = await inSandbox(
    "quantize",
    { ...modelOf(source), table, calibration, evaluation, target: typeof target === "string" ? target : undefined },
    { signal: context.signal },
  );
  const root = sha256Hex(again.bytes);
  yield {
    name: "quantised again",
    ok: root === statement.root,
    detail: root === statement.root ? root : `quantising gives ${root}, the statement names ${statement.root}`,
  };
  const differs = Object.entries(again.report).find(([key, found]) => origin.report[key] !== found);
  yield {
    name: "report",
    ok: differs === undefined,
    detail:
      differs === undefined
        ? "the same figures"
        : `${differs[0]} is ${String(differs[1])}, not ${String(origin.report[differs[0]])}`,
  };
}
