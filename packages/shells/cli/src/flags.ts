// Fields of an action as arguments and flags, and the way back to its input.
import { createWriteStream, rmSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { BugError, InvalidInputError } from "@base/errors";
import type { Action } from "@kernel/capability";
import { type Field, fieldsOf, fromText } from "@kernel/capability/fields.ts";
import { Argument, type Command, Option } from "commander";

/** The fields of a command, those by position apart. */
export interface CommandFields {
  readonly positional: readonly Field[];
  readonly flags: readonly Field[];
}

/** Adds an action's fields to its command. Throws BugError for a positional that is no field, or a reserved flag. */
export function addFields(command: Command, action: Action, reserved: ReadonlySet<string>): CommandFields {
  const fields = fieldsOf(action.input);
  const positional = (action.positional ?? []).map((name) => {
    const field = fields.find((one) => one.name === name);
    if (!field) throw new BugError(`${action.name} takes "${name}" by position, but has no such field.`);
    return field;
  });
  for (const field of positional) {
    const many = field.list ? "..." : "";
    const argument = new Argument(
      field.required ? `<${kebab(field.name)}${many}>` : `[${kebab(field.name)}${many}]`,
      field.description ?? "",
    );
    if (field.choices) argument.choices([...field.choices]);
    command.addArgument(argument);
  }
  const flags = fields.filter((field) => !positional.includes(field));
  for (const field of flags) {
    if (reserved.has(field.name))
      throw new BugError(`The field "${field.name}" of ${action.name} hides a global option.`);
    command.addOption(optionOf(field));
  }
  return { positional, flags };
}

function optionOf(field: Field): Option {
  const name = kebab(field.name);
  const description = field.description ?? "";
  if (field.type === "boolean" && !field.list) {
    return new Option(
      field.default === true ? `--no-${name}` : `--${name}`,
      field.default === true ? `Turn off: ${description}` : description,
    );
  }
  const value = field.choices ? "choice" : field.file ? "file" : (names[field.type] ?? "value");
  const more = [
    field.list ? "repeat for more" : "",
    field.type === "json" ? "or @file" : "",
    field.default === undefined || isEmpty(field.default) ? "" : `default ${JSON.stringify(field.default)}`,
  ].filter(Boolean);
  const option = new Option(
    `--${name} <${value}>`,
    more.length ? `${description} (${more.join(", ")})`.trim() : description,
  );
  if (field.list) option.argParser((text: string, before: string[] | undefined) => [...(before ?? []), text]);
  else if (field.choices) option.choices([...field.choices]);
  return option.makeOptionMandatory(field.required);
}

const names: Partial<Record<Field["type"], string>> = { number: "number", integer: "number", json: "json" };

const isEmpty = (value: unknown) => value === "" || (Array.isArray(value) && value.length === 0);

/** Builds the input from what commander parsed. Throws InvalidInputError that names the field or file. */
export async function inputOf(
  { positional, flags }: CommandFields,
  args: readonly unknown[],
  given: Readonly<Record<string, unknown>>,
  cwd: string,
): Promise<Record<string, unknown>> {
  const input: Record<string, unknown> = {};
  const set = async (field: Field, value: unknown) => {
    if (value === undefined || (Array.isArray(value) && value.length === 0)) return;
    input[field.name] = await readValue(field, value, cwd);
  };
  for (const [at, field] of positional.entries()) await set(field, args[at]);
  for (const field of flags) {
    const value = given[field.name];
    // Commander sets a --no-x flag to true by itself: that is the default already.
    if (field.default === true && field.type === "boolean" && value === true) continue;
    await set(field, value);
  }
  return input;
}

async function readValue(field: Field, value: unknown, cwd: string): Promise<unknown> {
  if (typeof value === "boolean") return value;
  if (field.file && value === "-") return await pipedIn();
  if (field.file)
    return Array.isArray(value) ? value.map((path) => resolve(cwd, String(path))) : resolve(cwd, String(value));
  if (field.type === "json" && typeof value === "string" && value.startsWith("@")) {
    const path = resolve(cwd, value.slice(1));
    const text = await readFile(path, "utf8").catch((cause) => {
      throw new InvalidInputError(`${field.name}: cannot read ${path}.`, { cause, details: String(cause) });
    });
    return fromText(field, text);
  }
  return fromText(field, value as string | readonly string[]);
}

/** What is piped in, as a file that goes away with this process: the node that reads it may be another one. */
async function pipedIn(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "assay-stdin-"));
  process.once("exit", () => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, "stdin");
  await pipeline(process.stdin, createWriteStream(path, { mode: 0o600 }));
  return path;
}

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
