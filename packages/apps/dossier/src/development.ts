import type { Finder } from "./answers.ts";
import type { Facts } from "./gather.ts";
import type { Answer } from "./shapes.ts";
import { fairnessGap, subgroups } from "./subgroups.ts";
import { appending, bySystem, flat, lacking, onRecord, quotedRecords, tabled, unsaid } from "./words.ts";

/** Annex IV 2 but the data: how it was made, tested and protected. */
export const developmentAnswers: Readonly<Record<string, Finder>> = {
  "IV.2.a": (facts) => ({
    answers: [...steps(facts), ...quotedRecords(facts, "training")],
    gaps: [
      ...(facts.run === null
        ? [unsaid(facts, "IV.2.a", "The model came without a training run that can be repeated.")]
        : []),
      unsaid(
        facts,
        "IV.2.a",
        "Trained systems and tools of others that went into it, or that none did, are not on record.",
      ),
    ],
  }),
  "IV.2.b": (facts) => ({
    answers: design(facts),
    gaps: [unsaid(facts, "IV.2.b", "The reasons of the design, its assumptions and its trade-offs are not on record.")],
  }),
  "IV.2.c": (facts) => ({
    answers: architecture(facts),
    gaps: [unsaid(facts, "IV.2.c", "The computing that development, training and testing took is not on record.")],
  }),
  "IV.2.g": (facts) => ({
    answers: [...metrics(facts), ...subgroups(facts), ...quotedRecords(facts, "evaluation")],
    gaps: [
      ...fairnessGap(facts),
      ...measuredGap(facts),
      unsaid(facts, "IV.2.g", "Tests of robustness, and the person responsible for the tests, are not on record."),
    ],
  }),
  "IV.2.h": (facts) => ({
    answers: security(facts),
    gaps: [
      unsaid(
        facts,
        "IV.2.h",
        "Measures outside of Assay (hosting, access, attacks on the model by its inputs) are not on record.",
      ),
    ],
  }),
};

function steps({ model, proof, run }: Facts): Answer[] {
  const found: Answer[] = [];
  if (run) {
    const { commitment } = run.statement;
    const last = commitment.checkpoints.at(-1);
    found.push(
      onRecord(
        "Training run",
        `${commitment.steps} steps with ${commitment.checkpoints.length} committed checkpoints (the last at step ${last?.step ?? 0}), to the final root ${commitment.finalRoot}.`,
        run.proof,
      ),
      onRecord(
        "Repeating it",
        "The receipt holds recipe, seeds and roots of the run: who has the data trains again and must get the same bytes, or learns the first checkpoint that differs.",
        run.proof,
      ),
    );
  }
  if (model.type === "assay/program/1") {
    const { origin } = model;
    const text =
      origin.kind === "import"
        ? `Brought along as a file made by ${origin.producer || "an unnamed program"}, SHA-256 ${origin.source}; rewritten by: ${origin.rewrites.join(", ") || "nothing"}.`
        : `An integer program made from ${model.parents.map(({ asset }) => `asset ${asset}`).join(", ")}, with ranges from ${origin.calibration.count} rows.`;
    found.push(onRecord("Origin", text, proof));
  }
  if (model.parents.length > 0)
    found.push(onRecord("Made from", model.parents.map(({ asset }) => `asset ${asset}`).join(", "), proof));
  return found;
}

function design({ model, proof, run }: Facts): Answer[] {
  const found: Answer[] = [];
  if (model.type === "assay/model/1") {
    found.push(
      tabled(
        "Task",
        `${model.task}: predicts ${model.target}.`,
        ["Input"],
        model.inputs.map((input) => [input]),
        proof,
      ),
    );
  } else if (model.reading) found.push(onRecord("Output", model.reading.output, proof));
  if (run) {
    const rows = flat(run.statement.recipe);
    found.push(
      tabled("Recipe", "Every choice of the training, as it was committed to.", ["Field", "Value"], rows, run.proof),
    );
  }
  return found;
}

function architecture({ model, proof, run }: Facts): Answer[] {
  if (model.type === "assay/program/1") {
    return [
      tabled(
        "Operators",
        `${model.parameters} parameters.`,
        ["Operator", "Times"],
        Object.entries(model.operators).map(([name, times]) => [name, String(times)]),
        proof,
      ),
    ];
  }
  if (!run) return [];
  const recipe = run.statement.recipe as { model?: unknown };
  const { checkpoints: _, ...commitment } = run.statement.commitment;
  return [
    tabled(
      "Architecture",
      "The model as the recipe describes it.",
      ["Field", "Value"],
      flat(recipe.model, "model"),
      run.proof,
    ),
    tabled("Run commitment", "What the training is held to.", ["Field", "Value"], flat(commitment), run.proof),
  ];
}

/** Metrics of the statement, as its publisher signed them. */
export function metrics({ model, proof }: Facts): Answer[] {
  const values =
    model.type === "assay/model/1" ? model.metrics : model.origin.kind === "quantize" ? model.origin.report : {};
  const rows = flat(values);
  if (rows.length === 0) return [];
  return [
    tabled(
      "Metrics",
      "On the rows that the split kept from training, unless the name says otherwise.",
      ["Metric", "Value"],
      rows,
      proof,
    ),
  ];
}

/** Gaps that only a measurement closes. */
function measuredGap(facts: Facts) {
  const gaps: ReturnType<typeof lacking>[] = [];
  if (metrics(facts).length === 0 && !facts.logged.some(({ kind }) => kind === "evaluation"))
    gaps.push(
      lacking(
        "No metrics are on record.",
        appending(facts, "evaluation", { model: `asset:${facts.asset.id}`, metrics: {} }),
      ),
    );
  if (facts.run && !facts.run.statement.samples?.["valid"])
    gaps.push(
      lacking(
        "The run's record names no rows of validation, only of training and testing.",
        "assay training train <data> --recipe-file <recipe with a validation part>",
      ),
    );
  return gaps;
}

function security({ asset, proof, log }: Facts): Answer[] {
  return [
    bySystem(
      "Bytes",
      "The model is stored under its hash; bytes that differ from what is on chain are refused.",
      proof.command,
    ),
    bySystem(
      "Statements",
      "The chain holds the statement's hash; a changed statement no longer fits it.",
      `assay show ${asset.id}`,
    ),
    ...(log === null
      ? []
      : [
          bySystem(
            "Records",
            "The log is a Merkle tree under signed heads: a record that is changed or taken out breaks its proof.",
            "assay log audit",
          ),
        ]),
  ];
}
