import type { Finder } from "./answers.ts";
import type { Facts } from "./gather.ts";
import type { Answer } from "./shapes.ts";
import { appending, bySystem, lacking, onRecord, quotedRecords, recordProof } from "./words.ts";

/** Article 12: what the log has about the model. */
export const loggingAnswers: Readonly<Record<string, Finder>> = {
  "12.1": (facts) => {
    const { log } = facts;
    if (log === null) return { answers: [], gaps: [noLog] };
    const published = facts.logged.find(({ kind }) => kind === "event");
    return {
      answers: [
        onRecord(
          "Log",
          `${log.origin}: ${log.size} records under the head ${log.root}, of which ${log.records.length} are about this model (below, each with its path to that head).`,
          ...(published ? [recordProof(published)] : []),
        ),
        bySystem(
          "Automatic",
          "Every event of the chain about a model is put on the log by itself, in the chain's order, once.",
          "assay log audit",
        ),
        ...(log.anchor
          ? [
              onRecord(
                "Anchor",
                `The head of ${log.anchor.size} records stands on chain ${log.anchor.chainId} in block ${log.anchor.block}.`,
              ),
            ]
          : []),
      ],
      gaps: [
        ...(published ? [] : [lacking("The publication of the model is not in the log yet.", "assay log list")]),
        ...(log.anchor ? [] : [lacking("No head of the log is anchored on chain.", "assay log anchor")]),
        ...(log.truncated
          ? [
              lacking(
                "The log has more records about this model than are shown.",
                `assay log list --about asset:${facts.asset.id}`,
              ),
            ]
          : []),
      ],
    };
  },
  "12.2.a": (facts) =>
    kinds(
      facts,
      ["incident", "version"],
      [
        ["incident", { severity: "low", what: "…" }],
        ["version", { of: facts.model.name, from: "…", to: "…" }],
      ],
    ),
  "12.2.b": (facts) =>
    kinds(
      facts,
      ["evaluation", "training", "deployment"],
      [
        ["evaluation", { model: `asset:${facts.asset.id}`, metrics: {} }],
        ["deployment", { model: `asset:${facts.asset.id}`, where: "…" }],
      ],
    ),
  "12.2.c": (facts) => {
    const found = kinds(
      facts,
      ["decision", "override", "explanation"],
      [
        ["decision", { model: `asset:${facts.asset.id}`, input: "…", output: "…" }],
        ["override", { decision: "…", by: "…", reason: "…" }],
      ],
    );
    if (facts.decisions.length === 0) return found;
    const decided: Answer = onRecord(
      "Decisions on chain",
      `${facts.decisions.length} decisions of the oracle stand on this model: ${facts.decisions.slice(0, 20).join(", ")}${facts.decisions.length > 20 ? ", …" : ""}`,
      {
        what: "lineage",
        statement: null,
        signer: null,
        tx: null,
        block: null,
        logIndex: null,
        record: null,
        command: `assay assets trace asset:${facts.asset.id} --direction uses`,
      },
    );
    return { answers: [decided, ...found.answers], gaps: found.gaps };
  },
};

const noLog = lacking("This node keeps no log.", "Start the node without ASSAY_LOG=0.");

/** Quotes the records of some kinds, and names each kind of which the log has none. */
function kinds(facts: Facts, wanted: readonly string[], closing: readonly (readonly [string, object])[]) {
  if (facts.log === null) return { answers: [], gaps: [noLog] };
  const has = (kind: string) => facts.logged.some((one) => one.kind === kind);
  return {
    answers: quotedRecords(facts, ...wanted),
    gaps: closing
      .filter(([kind]) => !has(kind))
      .map(([kind, fields]) =>
        lacking(`No ${kind} is on record: none happened, or none was logged.`, appending(facts, kind, fields)),
      ),
  };
}
