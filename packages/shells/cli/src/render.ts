// Results as a person reads them: aligned fields, tables for lists of alike objects, indented otherwise.
import type { Json } from "@kernel/capability/wire.ts";
import type { createColors } from "picocolors";

export type Colors = ReturnType<typeof createColors>;

type JsonObject = { readonly [key: string]: Json };

/** Renders a JSON value for a terminal, without a newline at its end. */
export function render(value: Json, colors: Colors): string {
  return lines(value, colors).join("\n");
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
const isScalar = (value: Json) => !isObject(value) && !isList(value);

function lines(value: Json, colors: Colors): string[] {
  if (isScalar(value)) return [scalar(value)];
  if (isList(value)) return listLines(value, colors);
  const entries = Object.entries(value as JsonObject);
  if (entries.length === 0) return [colors.dim("nothing")];
  const width = Math.max(...entries.filter(([, field]) => isShort(field)).map(([name]) => label(name).length), 0);
  return entries.flatMap(([name, field]) => {
    if (isShort(field)) return [`${colors.dim(label(name).padEnd(width))}  ${short(field)}`];
    return [colors.bold(label(name)), ...lines(field, colors).map((line) => `  ${line}`)];
  });
}

function listLines(list: readonly Json[], colors: Colors): string[] {
  if (list.length === 0) return [colors.dim("none")];
  if (!list.every(isObject))
    return list.flatMap((item) => (isScalar(item) ? [`- ${scalar(item)}`] : bullets(item, colors)));
  const columns = [...new Set(list.flatMap((item) => Object.keys(item as JsonObject)))];
  const flat = list.every((item) => Object.values(item as JsonObject).every(isShort));
  if (!flat) return list.flatMap((item) => bullets(item, colors));
  const cells = list.map((item) => columns.map((name) => short((item as JsonObject)[name] ?? null)));
  const widths = columns.map((name, at) => Math.max(label(name).length, ...cells.map((row) => (row[at] ?? "").length)));
  const row = (texts: readonly string[]) =>
    texts
      .map((text, at) => text.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return [colors.dim(row(columns.map(label))), ...cells.map(row)];
}

function bullets(item: Json, colors: Colors): string[] {
  return lines(item, colors).map((line, at) => `${at === 0 ? "- " : "  "}${line}`);
}

/** Fits on one line: a scalar, or a short list of scalars. */
function isShort(value: Json): boolean {
  return isScalar(value) || (isList(value) && value.every(isScalar) && short(value).length <= 72);
}

const short = (value: Json): string =>
  isList(value) ? (value.length ? value.map(scalar).join(", ") : "none") : scalar(value);

function scalar(value: Json): string {
  if (value === null) return "-";
  if (value === true) return "yes";
  if (value === false) return "no";
  return String(value);
}

/** `royaltyBps` reads as "royalty bps". */
const label = (name: string) => name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
