import type { InfluenceMethod } from "@machines/engine/influence/influence.ts";
import type { InfluenceReport, ShownRow } from "./influence.ts";

const COMMON =
  "It says which rows moved this answer, not whether a row is wrong or whether the answer is: look at the rows.";

/** What each method cannot say; stands wherever a trace is shown. SPEC T16. */
export const LIMITS: Readonly<Record<InfluenceMethod, readonly string[]>> = {
  "leaf-removal": [
    "Values are estimates: each leaf without the row, the trees' shape and all gradients as they were. Training without the row may grow other trees; the order of the rows is more reliable than the size of the numbers, and removals of several rows do not simply add up.",
    "Rows that only chose the splits, or only said when to stop, count for nothing here.",
    COMMON,
  ],
  "last-layer-influence-function": [
    "Values are estimates from the curvature of the last layer at the end of the training; removals of several rows do not simply add up. For a linear or logistic model the last layer is the whole model.",
    "In a network with hidden layers what a row taught the layers below is not seen: there the trace names the right rows less often than for trees and logistic models.",
    COMMON,
  ],
};

const SHOWN = 72;

/** A trace as a table that a person reads. */
export function influenceText(model: string, report: Omit<InfluenceReport, "text">): string {
  const { answer, output, unit, method, samples } = report;
  const target = unit === "log-odds" ? `${answer} (${short(output)})` : `${short(output)}, ${answer}`;
  const rows = (title: string, list: readonly ShownRow[]) => [
    title,
    ...(list.length === 0 ? ["  none"] : ["  row      value     share  trained  what it holds", ...list.map(line)]),
  ];
  return [
    `Asset ${model} answered ${target}. Of ${samples} training samples these moved it most (${method}, in ${unit}).`,
    ...rows("For the answer:", report.for),
    ...rows("Against it:", report.against),
    `A row's proof as a file: assay row prove ${model} --index ROW --out row.json`,
    "What this cannot say:",
    ...report.limits.map((limit) => `- ${limit}`),
    `On record as influence:${report.id}`,
  ].join("\n");
}

function line({ row, value, share, proof, cells }: ShownRow): string {
  const held = cells === null ? "sealed" : cells.length > SHOWN ? `${cells.slice(0, SHOWN - 1)}…` : cells;
  const signed = `${value >= 0 ? "+" : ""}${short(value)}`;
  return `  ${String(row).padEnd(7)}  ${signed.padEnd(8)}  ${`${(100 * share).toFixed(1)} %`.padStart(6)}  ${proof === null ? "?      " : "proved "}  ${held}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
