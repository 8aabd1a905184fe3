// The fields of an action's input as text surfaces see them (flags of the command line, query strings of HTTP), and
// the one way in which input is parsed on every surface.
import { InvalidInputError } from "@base/errors";
import { z } from "zod";
import type { Action } from "./index.ts";
import { fileFields, type JsonSchema, jsonSchema } from "./wire.ts";

/** One field of an input, flat. */
export interface Field {
  readonly name: string;
  /** `json` is anything that takes JSON text: objects, lists of objects. */
  readonly type: "string" | "number" | "integer" | "boolean" | "json";
  /** Takes several values. */
  readonly list: boolean;
  readonly required: boolean;
  readonly description?: string | undefined;
  readonly default?: unknown;
  readonly choices?: readonly string[] | undefined;
  /** A path on the machine of the node. */
  readonly file: boolean;
}

/** The fields of an input in the order of its definition. */
export function fieldsOf(input: z.ZodType): readonly Field[] {
  const schema = jsonSchema(input, "input");
  const required = new Set((schema.required as string[] | undefined) ?? []);
  const files = new Set(fileFields(input));
  return Object.entries((schema.properties as Record<string, JsonSchema> | undefined) ?? {}).map(([name, property]) => {
    const list = property.type === "array";
    const item = list ? ((property.items as JsonSchema | undefined) ?? {}) : property;
    return {
      name,
      type: typeOf(item),
      list,
      required: required.has(name),
      description: property.description as string | undefined,
      ...(property.default === undefined ? {} : { default: property.default }),
      choices: item.enum as readonly string[] | undefined,
      file: files.has(name),
    };
  });
}

function typeOf(schema: JsonSchema): Field["type"] {
  const type = schema.type;
  if (type === "string" || type === "number" || type === "integer" || type === "boolean") return type;
  const options = (schema.anyOf ?? schema.oneOf) as readonly JsonSchema[] | undefined;
  if (options) {
    const types = new Set(options.map(typeOf));
    const [only] = types;
    if (types.size === 1 && only) return only;
    if (types.has("string") && !types.has("json")) return "string";
    return "json";
  }
  const choices = (schema.enum ?? (schema.const === undefined ? undefined : [schema.const])) as unknown[] | undefined;
  return choices?.every((choice) => typeof choice === "string") ? "string" : "json";
}

/** Reads one text (or several, for a list) as the value of a field. Throws InvalidInputError that names the field. */
export function fromText(field: Field, text: string | readonly string[]): unknown {
  const texts = typeof text === "string" ? [text] : text;
  if (!field.list) return oneFromText(field, texts.at(-1) ?? "");
  const [only] = texts;
  if (field.type === "json" && texts.length === 1 && only?.trimStart().startsWith("[")) return oneFromText(field, only);
  return texts.map((one) => oneFromText(field, one));
}

function oneFromText(field: Field, text: string): unknown {
  switch (field.type) {
    case "string":
      return text;
    case "boolean":
      if (text === "true" || text === "1" || text === "") return true;
      if (text === "false" || text === "0") return false;
      throw new InvalidInputError(`${field.name}: expected true or false, not "${text}".`, {
        data: { field: field.name },
      });
    case "number":
    case "integer": {
      const value = Number(text);
      if (text.trim() !== "" && Number.isFinite(value)) return value;
      throw new InvalidInputError(`${field.name}: expected a number, not "${text}".`, { data: { field: field.name } });
    }
    case "json":
      try {
        return JSON.parse(text);
      } catch (cause) {
        throw new InvalidInputError(`${field.name}: expected JSON, not "${text.slice(0, 60)}".`, {
          cause,
          data: { field: field.name },
        });
      }
  }
}

/**
 * Parses the input of an action: names each field that does not fit, and refuses fields that it does not know.
 * Throws InvalidInputError with `data.issues` ({path, message}).
 */
export function parseInput(action: Pick<Action, "name" | "input">, input: unknown): unknown {
  const issues: { path: string; message: string }[] = [];
  if (action.input instanceof z.ZodObject && action.input.def.catchall === undefined && isRecord(input)) {
    const known = Object.keys(action.input.shape);
    for (const name of Object.keys(input)) {
      if (known.includes(name)) continue;
      const near = nearest(name, known);
      issues.push({ path: name, message: near ? `unknown field; did you mean "${near}"?` : "unknown field" });
    }
  }
  const parsed = action.input.safeParse(input ?? {});
  if (!parsed.success) {
    for (const issue of parsed.error.issues) issues.push({ path: pathOf(issue.path), message: messageOf(issue) });
  }
  if (parsed.success && issues.length === 0) return parsed.data;
  const lines = issues.slice(0, 10).map(({ path, message }) => (path ? `${path}: ${message}` : message));
  throw new InvalidInputError(`${action.name} cannot take this input: ${lines.join("; ")}.`, { data: { issues } });
}

/** The alternative of a union that came nearest speaks for all of them. */
function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_union") return lower(issue.message);
  const branches = issue.errors.flat();
  const own = branches.find((inner) => inner.code !== "invalid_type") ?? branches[0];
  return own ? messageOf(own) : lower(issue.message);
}

const lower = (text: string) =>
  text.replace(/^Invalid input: /, "").replace(/^[A-Z]/, (letter) => letter.toLowerCase());

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text ? `${text}.${String(part)}` : String(part);
  }, "");
}

/** The candidate nearest to `word` by edit distance, if it is near enough to be a slip of the fingers. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate);
    if (distance >= least) continue;
    best = candidate;
    least = distance;
  }
  return best;
}

/** Edits (insert, delete, replace, swap of neighbours) between two words: optimal string alignment. */
function editDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...new Array<number>(b.length).fill(0)]);
  for (let j = 0; j <= b.length; j++) (rows[0] as number[])[j] = j;
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, at(i - 2, j - 2) + 1);
      (rows[i] as number[])[j] = cost;
    }
  }
  return at(a.length, b.length);
}
