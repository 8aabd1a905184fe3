import { FormatError } from "./errors.ts";
import type { ByteSource } from "./source.ts";

/** A value that enters or leaves a model: sizes that are not fixed have their name, or `?`. */
export interface OnnxValue {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/** What an ONNX model says of itself. */
export interface OnnxFacts {
  readonly irVersion: number;
  readonly producer: string;
  readonly opsets: Readonly<Record<string, number>>;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** How many nodes of each operator. */
  readonly operators: Readonly<Record<string, number>>;
  /** Numbers in its initialisers. */
  readonly parameters: number;
  readonly initialisers: number;
}

/** Largest model in bytes: protobuf allows 2 GiB, and it stands in memory while it is read. */
const MAX_MODEL = 512 * 1024 * 1024;

const types =
  "undefined float uint8 int8 uint16 int16 int32 int64 string bool float16 double uint32 uint64 complex64 complex128 bfloat16".split(
    " ",
  );

/** Reads the outline of a ModelProto (onnx.proto3): what goes in and out, operators, size. Throws FormatError. */
export async function readOnnx(source: ByteSource): Promise<OnnxFacts> {
  if (source.size > MAX_MODEL) throw new FormatError("onnx", `Models up to ${MAX_MODEL} bytes are read.`);
  const model = fields(await source.read(0, source.size));
  const graphs = model.filter(({ id }) => id === 7);
  const [graph] = graphs;
  if (!graph || graphs.length > 1) throw wrong();
  const parts = fields(bytesOf(graph));
  const all = (id: number) => parts.filter((field) => field.id === id).map((field) => fields(bytesOf(field)));
  const operators: Record<string, number> = {};
  for (const node of all(1)) {
    const name = text(node, 4) || "?";
    operators[name] = (Object.hasOwn(operators, name) ? (operators[name] as number) : 0) + 1;
  }
  const initialisers = all(5);
  const named = new Set(initialisers.map((tensor) => text(tensor, 8)));
  const opsets = model.filter(({ id }) => id === 8).map((field) => fields(bytesOf(field)));
  const facts: OnnxFacts = {
    irVersion: number(model, 1),
    producer: [text(model, 2), text(model, 3)].filter(Boolean).join(" "),
    opsets: Object.fromEntries(opsets.map((opset) => [text(opset, 1) || "ai.onnx", number(opset, 2)])),
    inputs: all(11)
      .map(valueInfo)
      .filter(({ name }) => !named.has(name)),
    outputs: all(12).map(valueInfo),
    operators,
    parameters: initialisers.reduce((sum, tensor) => sum + countOf(tensor), 0),
    initialisers: initialisers.length,
  };
  if (facts.irVersion < 1 || Object.keys(operators).length + facts.outputs.length === 0) throw wrong();
  return facts;
}

interface Field {
  readonly id: number;
  readonly value: bigint | Uint8Array;
}

/** Fields of one protobuf message, in order; groups and unknown wire types are refused. */
function fields(bytes: Uint8Array): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw wrong();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw wrong();
  };
  const take = (length: number) => {
    if (length > bytes.length - at) throw wrong();
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = varint();
    const id = Number(key >> 3n);
    const wire = Number(key & 7n);
    if (id === 0) throw wrong();
    if (wire === 0) found.push({ id, value: varint() });
    else if (wire === 1) found.push({ id, value: take(8) });
    else if (wire === 2) found.push({ id, value: take(Number(varint())) });
    else if (wire === 5) found.push({ id, value: take(4) });
    else throw wrong();
  }
  return found;
}

function bytesOf({ value }: Field): Uint8Array {
  if (typeof value === "bigint") throw wrong();
  return value;
}

function text(message: readonly Field[], id: number): string {
  const field = message.findLast((candidate) => candidate.id === id);
  return field ? new TextDecoder().decode(bytesOf(field)).slice(0, 1000) : "";
}

function number(message: readonly Field[], id: number): number {
  const value = message.findLast((candidate) => candidate.id === id)?.value ?? 0n;
  return typeof value === "bigint" ? Number(value) : 0;
}

/** ValueInfoProto: name, and of its tensor type (or sequence) element type and shape. */
function valueInfo(message: readonly Field[]): OnnxValue {
  const outer = message.find(({ id }) => id === 2);
  const tensor = outer && fields(bytesOf(outer)).find(({ id }) => id === 1);
  if (!tensor) return { name: text(message, 1), type: "other", shape: [] };
  const inner = fields(bytesOf(tensor));
  const shape = inner.find(({ id }) => id === 2);
  const sides = shape ? fields(bytesOf(shape)).map((side) => fields(bytesOf(side))) : [];
  return {
    name: text(message, 1),
    type: types[number(inner, 1)] ?? "other",
    shape: sides.map((side) => (side.some(({ id }) => id === 1) ? number(side, 1) : text(side, 2) || "?")),
  };
}

/** Product of a TensorProto's dimensions, packed or not. */
function countOf(tensor: readonly Field[]): number {
  let count = 1;
  for (const { id, value } of tensor) {
    if (id !== 1) continue;
    const dims = typeof value === "bigint" ? [value] : varints(value);
    for (const dim of dims) count *= Number(dim);
  }
  return Number.isSafeInteger(count) && count >= 0 ? count : 0;
}

function varints(bytes: Uint8Array): bigint[] {
  const values: bigint[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte >= 128) continue;
    values.push(value);
    value = 0n;
    shift = 0n;
  }
  return values;
}

const wrong = () => new FormatError("onnx", "The file is no sound ONNX model.");
