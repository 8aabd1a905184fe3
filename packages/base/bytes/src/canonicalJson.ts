import { InvalidInputError } from "@base/errors";
import { equalBytes, utf8, utf8ToText } from "./hex.ts";

/** What canonical JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const MAX_DEPTH = 512;
const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/**
 * The one JSON text of a value (RFC 8785): no blanks, keys sorted by UTF-16 code units, numbers as ECMAScript writes them.
 *
 * Throws InvalidInputError, naming the place, on NaN, infinities, bigint, undefined, functions, symbols, array holes,
 * lone surrogates, objects that are not plain, and more than 512 levels. `toJSON` is not called.
 */
export function canonicalJson(value: unknown): string {
  return write(value, "$", 0);
}

/** UTF-8 bytes of `canonicalJson(value)`: what gets hashed and signed. */
export function canonicalJsonBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return utf8(canonicalJson(value));
}

/** The value behind canonical bytes; throws InvalidInputError when they are not UTF-8, not JSON, or JSON in another spelling. */
export function parseCanonicalJson(bytes: Uint8Array): Json {
  let value: Json;
  try {
    value = JSON.parse(utf8ToText(bytes)) as Json;
  } catch (cause) {
    throw new InvalidInputError("The bytes are not JSON.", { cause });
  }
  if (!equalBytes(canonicalJsonBytes(value), bytes)) {
    throw new InvalidInputError("The JSON is not in canonical form (RFC 8785).", {
      hints: ["Write it without blanks, with keys sorted and each key once, or let Assay write it."],
    });
  }
  return value;
}

function write(value: unknown, path: string, depth: number): string {
  if (depth > MAX_DEPTH)
    throw new InvalidInputError(`JSON value is deeper than ${MAX_DEPTH} levels, or contains itself.`);
  switch (typeof value) {
    case "string":
      return writeText(value, path);
    case "number":
      if (!Number.isFinite(value)) throw refuse(path, `is ${value}, which JSON cannot say`);
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (value === null) return "null";
      return Array.isArray(value) ? writeArray(value, path, depth) : writeObject(value, path, depth);
    case "bigint":
      throw refuse(path, "is a bigint: write it as decimal text");
    default:
      throw refuse(
        path,
        `is ${typeof value === "undefined" ? "undefined" : `a ${typeof value}`}, which JSON cannot say`,
      );
  }
}

function writeText(text: string, path: string): string {
  if (LONE_SURROGATE.test(text)) throw refuse(path, "has half of a surrogate pair, which is not Unicode text");
  return JSON.stringify(text);
}

function writeArray(values: readonly unknown[], path: string, depth: number): string {
  const items: string[] = [];
  for (let i = 0; i < values.length; i++) items.push(write(values[i], `${path}[${i}]`, depth + 1));
  return `[${items.join(",")}]`;
}

function writeObject(value: object, path: string, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype && Object.getPrototypeOf(prototype) !== null) {
    throw refuse(path, `is a ${value.constructor?.name ?? "class instance"}, not a plain object`);
  }
  const record = value as Record<string, unknown>;
  const items = Object.keys(record)
    .sort()
    .map((key) => `${writeText(key, path)}:${write(record[key], `${path}.${key}`, depth + 1)}`);
  return `{${items.join(",")}}`;
}

function refuse(path: string, why: string): InvalidInputError {
  return new InvalidInputError(`JSON value at ${path} ${why}.`, { data: { path } });
}
