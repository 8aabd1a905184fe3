import type { FairnessQuestion, FairnessReport } from "./fairness.ts";

type Figures = Omit<FairnessReport, "text" | "statement" | "id" | "signer">;

/** A fairness report as tables that a person reads; what cannot be said is a dash. */
export function fairnessText({ model, data, group, part }: FairnessQuestion, found: Figures, id: string): string {
  const { rows, left, trained, disparateImpact: impact, fourFifths } = found;
  const rule =
    fourFifths === null ? "nobody is selected" : fourFifths ? "the four-fifths rule holds" : "below four fifths";
  const rates = found.groups.map((one) => [
    one.group,
    String(one.rows),
    ...[one.selectionRate, one.truePositiveRate, one.falsePositiveRate, one.precision, one.accuracy].map(percent),
  ]);
  const bins = found.calibration.flatMap((one) =>
    one.bins.map((bin) => [one.group, bin.from.toFixed(1), String(bin.rows), percent(bin.said), percent(bin.seen)]),
  );
  const errors = found.calibration.map((one) => `${one.group} ${percent(one.expectedError)}`).join(", ");
  return [
    `Asset ${model} on ${part === "all" ? "all" : `the ${part}`} rows of asset ${data} by ${group}: ${rows} rows${left === 0 ? "" : `, ${left} without target or group left out`}.`,
    ...(trained !== null && trained > 0 && part !== "train"
      ? [`${trained} of them trained the model, which flatters it: measure with --part test as well.`]
      : []),
    `Disparate impact ${impact === null ? "–" : impact.toFixed(3)} (${rule}); differences: selection ${percent(found.demographicParityDifference)}, true positives ${percent(found.truePositiveDifference)}, false positives ${percent(found.falsePositiveDifference)}.`,
    "",
    ...table(["group", "rows", "selected", "true pos.", "false pos.", "precision", "accuracy"], rates),
    "",
    `Calibration; expected error: ${errors}.`,
    ...table(["group", "from", "rows", "said", "seen"], bins),
    "",
    `On record as fairness:${id}`,
  ].join("\n");
}

function percent(share: number | null): string {
  return share === null ? "–" : `${(100 * share).toFixed(1)} %`;
}

/** First column to the left, figures to the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((name, at) => Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0)));
  return [head, ...rows].map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[at] as number)))
      .join("  "),
  );
}
