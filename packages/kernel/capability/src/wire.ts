// How values cross JSON, and the JSON Schema of an action, the same for HTTP, MCP, SDK and command line.
import { BugError } from "@base/errors";
import { z } from "zod";
import type { FieldMeta } from "./schemas.ts";

/** What JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A JSON Schema (draft 2020-12) as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * Turns a value into its JSON form: bigint -> decimal string, bytes -> 0x-hex, Date -> ISO 8601, Map -> object.
 * Undefined fields are left out. Throws BugError for what JSON cannot say (functions, NaN, Infinity).
 */
export function toWire(value: unknown): Json {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (Number.isFinite(value)) return value;
      throw new BugError(`${value} has no form in JSON`);
    case "bigint":
      return value.toString();
    case "undefined":
      return null;
    case "object":
      break;
    default:
      throw new BugError(`a ${typeof value} has no form in JSON`);
  }
  if (value === null) return null;
  if (value instanceof Uint8Array)
    return `0x${Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(toWire);
  const entries = value instanceof Map ? [...value] : Object.entries(value as object);
  return Object.fromEntries(
    entries.filter(([, field]) => field !== undefined).map(([key, field]) => [key, toWire(field)]),
  );
}

const cache = { input: new WeakMap<z.ZodType, JsonSchema>(), output: new WeakMap<z.ZodType, JsonSchema>() };

/** JSON Schema of what crosses the wire for `schema`: a request's fields (`input`) or a result's (`output`). */
export function jsonSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const known = cache[io].get(schema);
  if (known) return known;
  const { $schema: _dialect, ...made } = z.toJSONSchema(schema, {
    io,
    target: "draft-2020-12",
    unrepresentable: (context) => bare[context.zodSchema._zod.def.type] ?? "any",
    override: ({ zodSchema, jsonSchema: json }) => {
      const meta = z.globalRegistry.get(zodSchema) as (FieldMeta & { description?: string }) | undefined;
      delete json.field;
      if (!meta?.wire) return;
      for (const key of Object.keys(json)) if (key !== "default") delete json[key];
      Object.assign(json, meta.wire, meta.description === undefined ? {} : { description: meta.description });
    },
  }) as Record<string, unknown>;
  cache[io].set(schema, made);
  return made;
}

/** Types that JSON lacks, as they look on the wire. */
const bare: Readonly<Record<string, Record<string, unknown>>> = {
  bigint: { type: "string", pattern: "^-?(0|[1-9]\\d*)$" },
  date: { type: "string", format: "date-time" },
};

/** Names of the input fields that hold a path on the node's machine. */
export function fileFields(schema: z.ZodType): readonly string[] {
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape as Record<string, z.ZodType>).flatMap(([name, field]) => {
    for (
      let inner: z.ZodType | undefined = field;
      inner;
      inner = (inner as { def?: { innerType?: z.ZodType } }).def?.innerType
    ) {
      if ((z.globalRegistry.get(inner) as FieldMeta | undefined)?.field === "file") return [name];
    }
    return [];
  });
}
