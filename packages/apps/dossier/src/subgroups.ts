import type { Facts } from "./gather.ts";
import type { Answer } from "./shapes.ts";
import { lacking, tabled } from "./words.ts";

const said = (value: number | null) => (value === null ? "nobody to count" : String(value));

/** What the model does to groups: rates, then calibration, a report each. */
export function subgroups({ fairness }: Facts): Answer[] {
  return fairness.flatMap(({ report, proof }) => {
    const where = `group of ${report.group} on asset ${report.data.asset}, ${report.createdAt}`;
    const { disparateImpact, fourFifths, demographicParityDifference, equalisedOddsDifference, calibrationGap } =
      report;
    const rule = fourFifths === null ? "" : ` (the four-fifths rule ${fourFifths ? "holds" : "does not hold"})`;
    return [
      tabled(
        `By ${where}`,
        `${report.rows} rows (${report.left} left out for want of target or group; ${report.trained === null ? "not the table of the training" : `${report.trained} of them trained the model`}), yes from ${report.threshold}. Disparate impact ${said(disparateImpact)}${rule}, demographic parity difference ${demographicParityDifference}, equalised odds difference ${said(equalisedOddsDifference)}, calibration gap ${calibrationGap}.`,
        ["Group", "Rows", "Selected", "True positives", "False positives", "Precision", "Accuracy"],
        report.groups.map((one) => [
          one.group,
          String(one.rows),
          String(one.selectionRate),
          said(one.truePositiveRate),
          said(one.falsePositiveRate),
          said(one.precision),
          String(one.accuracy),
        ]),
        proof,
      ),
      tabled(
        `Calibration by ${where}`,
        `Expected calibration error: ${report.calibration.map(({ group, expectedError }) => `${group} ${expectedError}`).join(", ")}.`,
        ["Group", "Probability from", "Rows", "Said", "Seen"],
        report.calibration.flatMap(({ group, bins }) =>
          bins.map((bin) => [group, String(bin.from), String(bin.rows), String(bin.said), String(bin.seen)]),
        ),
        proof,
      ),
    ];
  });
}

/** Answers that were traced to training rows; the rows are named by position and hash, never by what they hold. */
export function traces({ influence }: Facts): Answer[] {
  return influence.map(({ report, proof }) =>
    tabled(
      `An answer traced to the rows that trained it, ${report.createdAt}`,
      `The answer ${report.answer} (${report.output}); of ${report.samples} training samples these moved it most, by ${report.method}, in ${report.unit}. The values are estimates. influence:${report.id}`,
      ["Row", "Asset", "Moved it", "Value", "Hash"],
      (["for", "against"] as const).flatMap((side) =>
        report[side].map(({ at, asset, value, hash }) => [
          String(at),
          String(asset),
          side,
          String(value),
          hash ?? "not committed",
        ]),
      ),
      proof,
    ),
  );
}

/** The gap where no answer was traced; only models with a training run can be. */
export function traceGap({ asset, model, influence }: Facts) {
  if (influence.length > 0 || model.type !== "assay/model/1") return [];
  return [
    lacking(
      "No answer of this model was traced to the rows that trained it.",
      `assay influence ${asset.id} <data> --row <row>`,
    ),
  ];
}

/** The gap where nobody measured groups; only yes-or-no models are measured by `assay fairness`. */
export function fairnessGap({ asset, model, fairness }: Facts) {
  if (fairness.length > 0) return [];
  const missing = "No report by subgroup is on record for this model.";
  if (model.type === "assay/model/1" && model.task === "binary")
    return [lacking(missing, `assay fairness ${asset.id} --data <asset> --group <column>`)];
  return [
    lacking(
      missing,
      `echo '{"model":"asset:${asset.id}","metrics":{"group …":0}}' | assay log append - --kind evaluation --about asset:${asset.id} --sign node`,
    ),
  ];
}
