import { OnnxFormatError } from "./errors.ts";

/** Kinds of protobuf fields that ONNX uses; a list names the schema of a nested message. */
export type FieldKind = "int" | "long" | "ulong" | "float" | "double" | "string" | "bytes" | (() => Schema);

/** One field: its name, its kind, and whether it repeats. */
export type Field = readonly [name: string, kind: FieldKind, repeated?: "many"];

/** Fields by number. */
export type Schema = Readonly<Record<number, Field>>;

/** A decoded message before its fields are typed. */
export type Message = Record<string, unknown>;

const MAX_DEPTH = 100;
const text = new TextDecoder("utf-8", { fatal: true });

/** A cursor over protobuf bytes; every read is checked against the end. */
class Reader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
    this.end = end;
  }

  take(length: number): number {
    const from = this.at;
    if (length > this.end - from) throw new OnnxFormatError(`The file ends inside a field at byte ${from}.`);
    this.at = from + length;
    return from;
  }

  /** Low and high words of a varint of at most 10 bytes. */
  words(): readonly [low: number, high: number] {
    let [low, high] = [0, 0];
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.bytes[this.take(1)] as number;
      const part = byte & 0x7f;
      if (shift < 32) low |= part << shift;
      if (shift > 24) high |= shift < 32 ? part >>> (32 - shift) : part << (shift - 32);
      if (byte < 0x80) return [low >>> 0, high >>> 0];
    }
    throw new OnnxFormatError(`A number is longer than 10 bytes at byte ${this.at}.`);
  }

  long(): bigint {
    const [low, high] = this.words();
    return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
  }

  /** Length of what follows. */
  length(): number {
    const [low, high] = this.words();
    if (high !== 0 || low > this.end - this.at)
      throw new OnnxFormatError(
        `A field of ${high * 2 ** 32 + low} bytes at byte ${this.at} does not fit in the file.`,
      );
    return low;
  }
}

function scalar(reader: Reader, kind: FieldKind): unknown {
  if (kind === "int") return reader.words()[0] | 0;
  if (kind === "long") return reader.long();
  if (kind === "ulong") return BigInt.asUintN(64, reader.long());
  if (kind === "float") return reader.view.getFloat32(reader.take(4), true);
  return reader.view.getFloat64(reader.take(8), true);
}

const WIRE: Readonly<Record<string, number>> = { int: 0, long: 0, ulong: 0, double: 1, float: 5 };

function skip(reader: Reader, wire: number): void {
  if (wire === 0) reader.words();
  else if (wire === 1) reader.take(8);
  else if (wire === 2) reader.take(reader.length());
  else if (wire === 5) reader.take(4);
  else throw new OnnxFormatError(`Wire type ${wire} at byte ${reader.at} is not part of the format.`);
}

function delimited(reader: Reader, kind: FieldKind, depth: number): unknown {
  const length = reader.length();
  const from = reader.take(length);
  if (kind === "bytes") return reader.bytes.subarray(from, from + length);
  if (typeof kind === "function") return decodeRange(kind(), reader.bytes, from, from + length, depth + 1);
  try {
    return text.decode(reader.bytes.subarray(from, from + length));
  } catch (cause) {
    throw new OnnxFormatError(`A name at byte ${from} is not UTF-8.`, { cause });
  }
}

function readField(reader: Reader, field: Field, wire: number, message: Message, depth: number): void {
  const [name, kind, many] = field;
  const natural = typeof kind === "string" ? (WIRE[kind] ?? 2) : 2;
  const list = message[name] as unknown[];
  if (natural !== 2 && wire === 2 && many !== undefined) {
    const length = reader.length();
    const end = reader.at + length;
    const packed = new Reader(reader.bytes, reader.at, end);
    while (packed.at < end) list.push(scalar(packed, kind));
    reader.at = end;
    return;
  }
  if (wire !== natural) throw new OnnxFormatError(`Field ${name} has the wrong wire type at byte ${reader.at}.`);
  const value = natural === 2 ? delimited(reader, kind, depth) : scalar(reader, kind);
  if (many !== undefined) list.push(value);
  else message[name] = value;
}

function decodeRange(schema: Schema, bytes: Uint8Array, from: number, to: number, depth: number): Message {
  if (depth > MAX_DEPTH) throw new OnnxFormatError(`Messages are nested deeper than ${MAX_DEPTH}.`);
  const message: Message = {};
  for (const [name, , many] of Object.values(schema)) if (many !== undefined) message[name] = [];
  const reader = new Reader(bytes, from, to);
  while (reader.at < to) {
    const [key, high] = reader.words();
    if (high !== 0 || key >>> 3 === 0) throw new OnnxFormatError(`A field number at byte ${reader.at} is not valid.`);
    const field = schema[key >>> 3];
    if (field === undefined) skip(reader, key & 7);
    else readField(reader, field, key & 7, message, depth);
  }
  return message;
}

/** Reads a message; unknown fields are skipped. Throws OnnxFormatError on anything that is not well formed (protobuf wire format). */
export function decodeMessage(schema: Schema, bytes: Uint8Array): Message {
  return decodeRange(schema, bytes, 0, bytes.length, 0);
}

class Writer {
  readonly #parts: Uint8Array[] = [];
  length = 0;

  push(part: Uint8Array): void {
    this.#parts.push(part);
    this.length += part.length;
  }

  varint(value: bigint): void {
    const out: number[] = [];
    let rest = BigInt.asUintN(64, value);
    for (; rest > 127n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
    out.push(Number(rest));
    this.push(Uint8Array.from(out));
  }

  finish(): Uint8Array {
    const bytes = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }
}

function writeValue(writer: Writer, number: number, kind: FieldKind, value: unknown): void {
  const wire = typeof kind === "string" ? (WIRE[kind] ?? 2) : 2;
  writer.varint(BigInt((number << 3) | wire));
  if (wire === 0) writer.varint(BigInt(value as number | bigint));
  else if (wire === 2) {
    const bytes = delimitedBytes(kind, value);
    writer.varint(BigInt(bytes.length));
    writer.push(bytes);
  } else writer.push(floatBytes(value as number, wire === 1 ? 8 : 4));
}

function delimitedBytes(kind: FieldKind, value: unknown): Uint8Array {
  if (kind === "string") return new TextEncoder().encode(value as string);
  return typeof kind === "function" ? encodeMessage(kind(), value as Message) : (value as Uint8Array);
}

function floatBytes(value: number, size: 4 | 8): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  if (size === 8) view.setFloat64(0, value, true);
  else view.setFloat32(0, value, true);
  return bytes;
}

/** Writes the fields that are there, in the order of their numbers (so the same message gives the same bytes). */
export function encodeMessage(schema: Schema, message: Message): Uint8Array {
  const writer = new Writer();
  for (const [number, [name, kind, many]] of Object.entries(schema)) {
    const value = message[name];
    if (value === undefined) continue;
    if (many === undefined) writeValue(writer, Number(number), kind, value);
    else for (const entry of value as unknown[]) writeValue(writer, Number(number), kind, entry);
  }
  return writer.finish();
}
