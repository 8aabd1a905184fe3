import type { Context } from "@kernel/capability";
import { type RunInput, type RunResult, run } from "./run.ts";

/** One reason, strongest first. */
export interface Reason {
  readonly name: string;
  /** Signed, in units of the answer. */
  readonly value: number;
  /** Part of all movement, 0 to 1. */
  readonly share: number;
  readonly sentence: string;
}

/**
 * Runs a model and puts its reasons into words, strongest first. Throws like `run`. SPEC T7.
 */
export async function explain(
  context: Pick<Context, "store" | "chain" | "contracts">,
  input: RunInput,
): Promise<Omit<RunResult, "contributions"> & { readonly reasons: Reason[]; readonly text: string }> {
  const result = await run(context, input);
  const reasons = reasonsOf(result);
  const { contributions: _, ...answer } = result;
  return { ...answer, reasons, text: explainText(result, reasons) };
}

/** The reasons of an answer, strongest first. */
export function reasonsOf(result: Pick<RunResult, "contributions">): Reason[] {
  const all = result.contributions.reduce((sum, { value }) => sum + Math.abs(value), 0);
  return [...result.contributions]
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .map((part) => ({
      name: part.name,
      value: part.value,
      share: all > 0 ? Math.abs(part.value) / all : 0,
      sentence: sentenceOf(part),
    }));
}

function sentenceOf(part: RunResult["contributions"][number]): string {
  const effect = part.value < 0 ? "lowers" : "raises";
  const when = part.from === undefined ? "" : ` from ${part.from} to ${part.to}`;
  const what = part.aggregate === undefined ? part.column : `the ${part.aggregate} of ${part.column}${when}`;
  const usual =
    part.input === undefined || part.typical === undefined
      ? ""
      : ` is ${short(part.input)}, usually ${short(part.typical)}: it`;
  if (part.cell !== undefined)
    return `${part.column} is ${JSON.stringify(part.cell)}: it ${effect} the answer by ${short(Math.abs(part.value))}`;
  return `${what}${usual} ${effect} the answer by ${short(Math.abs(part.value))}`;
}

function explainText(result: RunResult, reasons: readonly Reason[]): string {
  const span = result.from === null ? "" : ` for ${result.from} to ${result.to}`;
  const bar = (reason: Reason) =>
    `${reason.value < 0 ? "-" : "+"}${"█".repeat(Math.max(1, Math.round(reason.share * 30)))}`;
  const said = result.label === undefined ? short(result.output) : result.label;
  return [
    `${result.target}${span}: ${said} (confidence ${(result.confidenceBps / 100).toFixed(0)} %)`,
    `A typical sample gets ${short(result.base)}; from there:`,
    ...reasons.slice(0, 8).map((reason) => `  ${bar(reason)} ${reason.sentence}`),
    ...(reasons.length > 8 ? [`  and ${reasons.length - 8} smaller ones`] : []),
  ].join("\n");
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
