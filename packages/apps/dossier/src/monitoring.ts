import type { Finder } from "./answers.ts";
import { metrics } from "./development.ts";
import type { Facts } from "./gather.ts";
import { fairnessGap, subgroups, traceGap, traces } from "./subgroups.ts";
import { appending, bySystem, lacking, onRecord, quotedRecords, tabled, unsaid } from "./words.ts";

/** Annex IV 3, 5, 6, 9: limits, oversight, risks and changes. */
export const monitoringAnswers: Readonly<Record<string, Finder>> = {
  "IV.2.e": (facts) => ({
    answers: [explaining(facts), ...quotedRecords(facts, "explanation")],
    gaps: [unsaid(facts, "IV.2.e", "Which human oversight is needed is not on record.")],
  }),
  "IV.3.a": (facts) => ({
    answers: [...metrics(facts), ...subgroups(facts)],
    gaps: [...fairnessGap(facts), unsaid(facts, "IV.3.a", "Known limits and cases where it fails are not on record.")],
  }),
  "IV.3.b": (facts) => ({
    answers: quotedRecords(facts, "incident"),
    gaps: [unsaid(facts, "IV.3.b", "Foreseeable unintended outcomes and risks are not on record.")],
  }),
  "IV.3.c": (facts) => ({
    answers: [explaining(facts), ...traces(facts), ...quotedRecords(facts, "override")],
    gaps: [
      ...traceGap(facts),
      unsaid(facts, "IV.3.c", "The measures of human oversight in use are not on record."),
      ...(facts.logged.some(({ kind }) => kind === "override")
        ? []
        : [
            lacking(
              "No override by a person is on record: none happened, or none was logged.",
              appending(facts, "override", { decision: "…", by: "…", reason: "…" }),
            ),
          ]),
    ],
  }),
  "IV.3.d": (facts) => inputs(facts),
  "IV.6": (facts) => ({
    answers: [
      ...facts.relatives.map((one) =>
        onRecord(
          {
            earlier: "Earlier model of this name",
            later: "Later model of this name",
            "made from it": "Made from this model",
          }[one.how],
          `asset ${one.id}, ${one.name}, of ${one.at}`,
          one.proof,
        ),
      ),
      ...quotedRecords(facts, "version"),
    ],
    gaps: facts.logged.some(({ kind }) => kind === "version")
      ? []
      : [
          {
            missing: "No record says what the provider changed.",
            close: appending(facts, "version", { of: facts.model.name, from: "…", to: "…", changes: "…" }),
            note: true,
          },
        ],
  }),
  "IV.9": (facts) => ({
    answers: quotedRecords(facts, "incident", "evaluation").filter(({ label }) => label.startsWith("incident")),
    gaps: [unsaid(facts, "IV.9", "The plan for watching the model in use is not on record.")],
  }),
};

const explaining = ({ asset }: Facts) =>
  bySystem(
    "Explanations",
    "Assay says what each input added to an answer, where the model's kind allows it.",
    `assay explain ${asset.id} --help`,
  );

function inputs(facts: Facts) {
  const { model, proof } = facts;
  if (model.type === "assay/program/1") {
    const rows = model.inputs.map(({ name, kind, dtype = "", shape = [] }) => [name, kind, dtype, shape.join(" × ")]);
    return {
      answers: [tabled("Inputs", "As the file declares them.", ["Input", "Kind", "Type", "Shape"], rows, proof)],
      gaps: [],
    };
  }
  const schema = facts.sources.flatMap(({ statement }) => (statement && "schema" in statement ? statement.schema : []));
  const rows = model.inputs.map((input) => [
    input,
    schema.find(({ name }) => name === input)?.type ?? "derived from columns",
  ]);
  return {
    answers: [
      tabled(
        "Inputs",
        "Columns that a row must have, with the type that they had in training.",
        ["Input", "Type"],
        rows,
        proof,
      ),
    ],
    gaps: [],
  };
}
