// Results as a person reads them: aligned fields, tables for lists of alike objects, indented otherwise.
import type { Json } from "@kernel/capability/wire.ts";
import type { createColors } from "picocolors";

export type Colors = ReturnType<typeof createColors>;

type JsonObject = { readonly [key: string]: Json };

/** A list inside of something else, such as a curve in a report, that is longer is cut to its first and last items. */
const MOST = 24;
const [FIRST, LAST] = [12, 6];

/** Renders a JSON value for a terminal, without a newline at its end; the middle of a long list inside of something is left out, and it says so. */
export function render(value: Json, colors: Colors): string {
  return lines(value, colors, 0).join("\n");
}

/**
 * The value with control characters of its texts as `\\x1b`: names and cells come from strangers, and a terminal would obey.
 * Line ends and tabs stay. Renderers get what has passed here; JSON needs it not, for it escapes them by itself.
 */
export function printable(value: Json): Json {
  if (typeof value === "string")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    return value.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (character) => {
      return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
    });
  if (isList(value)) return value.map(printable);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [printable(name) as string, printable(field)]),
  );
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
const isScalar = (value: Json) => !isObject(value) && !isList(value);

function lines(value: Json, colors: Colors, depth: number): string[] {
  if (isScalar(value)) return [scalar(value)];
  if (isList(value)) return listLines(value, colors, depth);
  const entries = Object.entries(value as JsonObject);
  if (entries.length === 0) return [colors.dim("nothing")];
  const width = Math.max(...entries.filter(([, field]) => isShort(field)).map(([name]) => label(name).length), 0);
  return entries.flatMap(([name, field]) => {
    if (isShort(field)) return [`${colors.dim(label(name).padEnd(width))}  ${short(field)}`];
    return [colors.bold(label(name)), ...lines(field, colors, depth + 1).map((line) => `  ${line}`)];
  });
}

function listLines(all: readonly Json[], colors: Colors, depth: number): string[] {
  if (all.length === 0) return [colors.dim("none")];
  const items = (list: readonly Json[], note: string) => itemLines(list, note, colors, depth);
  if (depth < 2 || all.length <= MOST) return items(all, "");
  const left = colors.dim(`... ${all.length - FIRST - LAST} more (--json shows all)`);
  return items([...all.slice(0, FIRST), ...all.slice(-LAST)], left);
}

/** Lines of a list; `note`, unless empty, stands where the middle was. */
function itemLines(list: readonly Json[], note: string, colors: Colors, depth: number): string[] {
  const noted = (items: readonly (readonly string[])[]): string[] =>
    note === "" ? items.flat() : [...items.slice(0, FIRST).flat(), note, ...items.slice(FIRST).flat()];
  if (!list.every(isObject))
    return noted(list.map((item) => (isScalar(item) ? [`- ${scalar(item)}`] : bullets(item, colors, depth))));
  const columns = [...new Set(list.flatMap((item) => Object.keys(item as JsonObject)))];
  const flat = list.every((item) => Object.values(item as JsonObject).every(isShort));
  if (!flat) return noted(list.map((item) => bullets(item, colors, depth)));
  const cells = list.map((item) => columns.map((name) => short((item as JsonObject)[name] ?? null)));
  const widths = columns.map((name, at) => Math.max(label(name).length, ...cells.map((row) => (row[at] ?? "").length)));
  const row = (texts: readonly string[]) =>
    texts
      .map((text, at) => text.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return [colors.dim(row(columns.map(label))), ...noted(cells.map((texts) => [row(texts)]))];
}

function bullets(item: Json, colors: Colors, depth: number): string[] {
  return lines(item, colors, depth + 1).map((line, at) => `${at === 0 ? "- " : "  "}${line}`);
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
