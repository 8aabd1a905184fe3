import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { infoOf, isLong } from "../src/onnx/dtype.ts";
import { OnnxError, OnnxModelError, UnsupportedOperatorError } from "../src/onnx/errors.ts";
import { importOnnx, type OnnxSlot } from "../src/onnx/model.ts";
import {
  type ModelProto,
  modelSchema,
  type OptionalProto,
  optionalSchema,
  type SequenceProto,
  sequenceSchema,
  type TensorProto,
  tensorSchema,
  type TypeProto,
} from "../src/onnx/proto.ts";
import { decodeTensor, type OnnxTensor, type OnnxValue, isMap } from "../src/onnx/tensor.ts";
import { decodeMessage } from "../src/onnx/wire.ts";

/** How one case ended: `refused` is a typed error, `wrong` is a different answer or any other error. */
export interface CaseResult {
  readonly name: string;
  readonly operators: readonly string[];
  readonly outcome: "passed" | "refused" | "wrong";
  readonly why?: string;
}

const RTOL = 1e-3;
const ATOL = 1e-7;

function sequenceOf(proto: SequenceProto): OnnxValue {
  return proto.sequenceValues.length > 0 ? proto.sequenceValues.map(sequenceOf) : proto.tensorValues.map(decodeTensor);
}

function optionalOf(proto: OptionalProto): OnnxValue {
  if (proto.tensorValue !== undefined) return decodeTensor(proto.tensorValue);
  return proto.sequenceValue === undefined ? null : sequenceOf(proto.sequenceValue);
}

/** Reads a value file of a case by the type that its model declares. */
export function decodeValue(type: TypeProto | undefined, bytes: Uint8Array): OnnxValue {
  if (type?.sequenceType !== undefined)
    return sequenceOf(decodeMessage(sequenceSchema, bytes) as unknown as SequenceProto);
  if (type?.optionalType !== undefined)
    return optionalOf(decodeMessage(optionalSchema, bytes) as unknown as OptionalProto);
  return decodeTensor(decodeMessage(tensorSchema, bytes) as unknown as TensorProto);
}

function near(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  return a === b || Math.abs(a - b) <= ATOL + RTOL * Math.abs(b);
}

function tensorDifference(got: OnnxTensor, want: OnnxTensor): string | undefined {
  if (got.dtype !== want.dtype) return `is ${got.dtype}, not ${want.dtype}`;
  if (got.shape.join() !== want.shape.join()) return `has shape [${got.shape}], not [${want.shape}]`;
  const exact = infoOf(got.dtype).kind === "string" || isLong(got.dtype);
  for (let i = 0; i < want.data.length; i++) {
    const [a, b] = [got.data[i], want.data[i]];
    if (exact ? a !== b : !near(a as number, b as number)) return `differs at ${i}: ${a}, not ${b}`;
  }
  return undefined;
}

/** What differs beyond the suite's tolerance (rtol 1e-3, atol 1e-7), or undefined. */
export function difference(got: OnnxValue | undefined, want: OnnxValue): string | undefined {
  if (want === null) return got === null ? undefined : "should be empty";
  if (got === null || got === undefined) return "is empty";
  if ("dtype" in want) return "dtype" in got ? tensorDifference(got, want) : "is a sequence";
  if ("dtype" in got) return "is a tensor";
  if (isMap(want) || isMap(got)) return "is a map";
  if (got.length !== want.length) return `has ${got.length} entries, not ${want.length}`;
  return want.map((entry, i) => difference(got[i], entry)).find((found) => found !== undefined);
}

function operatorsOf(proto: ModelProto): string[] {
  const names = (proto.graph?.node ?? []).map(({ opType = "", domain = "" }) =>
    domain === "" ? opType : `${domain}.${opType}`,
  );
  return [...new Set(names)].sort();
}

function runCase(folder: string, bytes: Uint8Array, proto: ModelProto): string | undefined {
  const model = importOnnx(bytes);
  const data = join(folder, "test_data_set_0");
  const types = proto.graph?.input ?? [];
  const slots = types.filter(({ name }) => model.inputs.some((input: OnnxSlot) => input.name === name));
  const feeds: Record<string, OnnxValue> = {};
  slots.forEach(({ name = "", type }, i) => {
    feeds[name] = decodeValue(type, readFileSync(join(data, `input_${i}.pb`)));
  });
  const results = model.run(feeds);
  for (const [i, { name = "", type }] of (proto.graph?.output ?? []).entries()) {
    const found = difference(results[name], decodeValue(type, readFileSync(join(data, `output_${i}.pb`))));
    if (found !== undefined) return `${name} ${found}`;
  }
  return undefined;
}

/** Runs one case folder (model.onnx, test_data_set_0). */
export function scoreCase(root: string, name: string): CaseResult {
  const folder = join(root, name);
  let operators: string[] = [];
  try {
    const bytes = readFileSync(join(folder, "model.onnx"));
    const proto = decodeMessage(modelSchema, bytes) as unknown as ModelProto;
    operators = operatorsOf(proto);
    const why = runCase(folder, bytes, proto);
    return why === undefined ? { name, operators, outcome: "passed" } : { name, operators, outcome: "wrong", why };
  } catch (error) {
    // A well-formed case that is called malformed is as wrong as another answer.
    const refused =
      error instanceof UnsupportedOperatorError ||
      (error instanceof OnnxModelError && /not supported/.test(error.message));
    const why = error instanceof OnnxError ? error.shortMessage : String(error instanceof Error ? error.stack : error);
    return { name, operators, outcome: refused ? "refused" : "wrong", why };
  }
}

/** Runs every case under a folder, by name. */
export function scoreAll(root: string): CaseResult[] {
  return readdirSync(root)
    .sort()
    .map((name) => scoreCase(root, name));
}

/** How many cases ended how. */
export function tally(results: readonly CaseResult[]): {
  cases: number;
  passed: number;
  refused: number;
  wrong: number;
} {
  const count = (outcome: CaseResult["outcome"]): number =>
    results.filter((result) => result.outcome === outcome).length;
  return { cases: results.length, passed: count("passed"), refused: count("refused"), wrong: count("wrong") };
}

/** The scoreboard as a page. */
export function formatPage(results: readonly CaseResult[]): string {
  const { cases, passed, refused, wrong } = tally(results);
  const operators = new Map<string, { passed: number; refused: number; wrong: number }>();
  for (const { operators: names, outcome } of results)
    for (const name of names) {
      const row = operators.get(name) ?? { passed: 0, refused: 0, wrong: 0 };
      row[outcome]++;
      operators.set(name, row);
    }
  const rows = [...operators].sort(([a], [b]) => (a < b ? -1 : 1));
  const reasons = new Map<string, number>();
  for (const { why, outcome } of results)
    if (outcome === "refused") {
      const key = (why ?? "").replace(/ \(node [^)]*\)/, "");
      reasons.set(key, (reasons.get(key) ?? 0) + 1);
    }
  const share = ((100 * passed) / cases).toFixed(1);
  return [
    "<!-- Generated by `node tools/onnx-scoreboard.mjs`; do not edit. -->",
    "",
    "# ONNX scoreboard",
    "",
    "Node cases of the ONNX project's backend suite, run by the engine's importer within the suite's tolerance",
    "(rtol 1e-3, atol 1e-7). A refused case ended in a typed error that names operator and node; a wrong case gave",
    "another answer or any other error.",
    "",
    `**${passed} of ${cases} passed (${share} %), ${refused} refused, ${wrong} wrong.**`,
    "",
    "## By operator",
    "",
    "A case counts for every operator that its main graph names.",
    "",
    "| operator | passed | refused | wrong |",
    "| --- | ---: | ---: | ---: |",
    ...rows.map(([name, row]) => `| ${name} | ${row.passed} | ${row.refused} | ${row.wrong} |`),
    "",
    "## Why cases were refused",
    "",
    "| cases | reason |",
    "| ---: | --- |",
    ...[...reasons]
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .map(([why, count]) => `| ${count} | ${why} |`),
    "",
  ].join("\n");
}
