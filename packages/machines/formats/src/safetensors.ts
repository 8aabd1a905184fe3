import type { Hash } from "@base/bytes/hash.ts";
import { MerkleBuilder } from "@base/bytes/merkle.ts";
import { FormatError } from "./errors.ts";
import type { ByteSource } from "./source.ts";

/** Bytes of the pieces under a tensor's root. */
export const TENSOR_PIECE = 1024 * 1024;
const MAX_HEADER = 100_000_000;
const MAX_TENSORS = 100_000;

const bits: Readonly<Record<string, number>> = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  I64: 64,
  U64: 64,
  F64: 64,
};

/** One tensor of a file: where it is, and what it is. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Bytes [start, end) of the file. */
  readonly start: number;
  readonly end: number;
}

/** What a safetensors file holds. */
export interface SafetensorsIndex {
  readonly tensors: readonly TensorEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads the header (u64 length, JSON): every tensor's bytes must fit its type and shape, and the tensors must fill the
 * file without gap or overlap, as the format demands. Throws FormatError.
 */
export async function readSafetensors(source: ByteSource): Promise<SafetensorsIndex> {
  const first = await source.read(0, Math.min(8, source.size));
  const length = first.length === 8 ? new DataView(first.buffer, first.byteOffset).getBigUint64(0, true) : 0n;
  if (length < 2n || length > BigInt(Math.min(MAX_HEADER, source.size - 8)))
    throw wrong("its header has no possible length");
  const header = parse(await source.read(8, 8 + Number(length)));
  const base = 8 + Number(length);
  const { __metadata__: metadata, ...entries } = header;
  const tensors = Object.entries(entries).map(([name, entry]) => tensorOf(name, entry, base));
  if (tensors.length > MAX_TENSORS) throw wrong(`it has more than ${MAX_TENSORS} tensors`);
  let end = base;
  for (const tensor of tensors.sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (tensor.start !== end)
      throw wrong(`tensor ${tensor.name} begins at ${tensor.start}, the one before ends at ${end}`);
    end = tensor.end;
  }
  if (end !== source.size) throw wrong(`its tensors end at ${end}, the file at ${source.size}`);
  return { tensors, metadata: textsOf(metadata) };
}

/** RFC 6962 root over a tensor's bytes in pieces of 1 MiB. */
export async function tensorRoot(source: ByteSource, { start, end }: TensorEntry): Promise<Hash> {
  const builder = new MerkleBuilder();
  for (let at = start; at < end; at += TENSOR_PIECE)
    builder.append(await source.read(at, Math.min(at + TENSOR_PIECE, end)));
  return builder.root();
}

/** The values of a tensor in order, some thousands at a time, as numbers; nothing for types that are not read (8-bit floats). */
export async function* tensorValues(
  source: ByteSource,
  { dtype, start, end }: TensorEntry,
): AsyncGenerator<Float64Array> {
  const read = readers[dtype];
  if (!read) return;
  const width = (bits[dtype] as number) / 8;
  for (let at = start; at < end; at += TENSOR_PIECE) {
    const bytes = await source.read(at, Math.min(at + TENSOR_PIECE, end));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const values = new Float64Array(bytes.length / width);
    for (let i = 0; i < values.length; i++) values[i] = read(view, i * width);
    yield values;
  }
}

const word = new DataView(new ArrayBuffer(4));
const readers: Readonly<Record<string, (view: DataView, at: number) => number>> = {
  BOOL: (view, at) => view.getUint8(at),
  U8: (view, at) => view.getUint8(at),
  I8: (view, at) => view.getInt8(at),
  U16: (view, at) => view.getUint16(at, true),
  I16: (view, at) => view.getInt16(at, true),
  U32: (view, at) => view.getUint32(at, true),
  I32: (view, at) => view.getInt32(at, true),
  U64: (view, at) => Number(view.getBigUint64(at, true)),
  I64: (view, at) => Number(view.getBigInt64(at, true)),
  F32: (view, at) => view.getFloat32(at, true),
  F64: (view, at) => view.getFloat64(at, true),
  F16: (view, at) => half(view.getUint16(at, true)),
  BF16: (view, at) => {
    word.setUint32(0, view.getUint16(at, true) << 16);
    return word.getFloat32(0);
  },
};

/** IEEE 754 binary16. */
function half(value: number): number {
  const exponent = (value >> 10) & 31;
  const fraction = value & 1023;
  const sign = value >> 15 ? -1 : 1;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction / 2 ** 24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof header === "object" && header !== null && !Array.isArray(header))
      return header as Record<string, unknown>;
  } catch (cause) {
    throw wrong("its header is not JSON", cause);
  }
  throw wrong("its header is no object");
}

function tensorOf(name: string, entry: unknown, base: number): TensorEntry {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  const whole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  const width = typeof dtype === "string" && Object.hasOwn(bits, dtype) ? bits[dtype] : undefined;
  if (!width) throw wrong(`tensor ${name} has an unknown type`);
  if (!Array.isArray(shape) || shape.length > 32 || !shape.every(whole))
    throw wrong(`tensor ${name} has no sound shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(whole))
    throw wrong(`tensor ${name} has no sound place`);
  const count = shape.reduce((product, side) => product * side, 1);
  const [start, end] = offsets as [number, number];
  if (!Number.isSafeInteger(count) || count * (width / 8) !== end - start)
    throw wrong(`tensor ${name} does not fill its place`);
  return { name, dtype: dtype as string, shape, start: base + start, end: base + end };
}

function textsOf(metadata: unknown): Record<string, string> {
  const entries = Object.entries((metadata ?? {}) as Record<string, unknown>).slice(0, 1000);
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value).slice(0, 10_000)]));
}

const wrong = (what: string, cause?: unknown) =>
  new FormatError("safetensors", `The file is no sound safetensors file: ${what}.`, { cause });
