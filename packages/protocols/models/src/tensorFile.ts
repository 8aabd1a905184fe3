import { InvalidInputError } from "@base/errors";
import type { Dtype } from "@machines/engine/onnx/dtype.ts";
import { tensorSchema, type TensorProto } from "@machines/engine/onnx/proto.ts";
import { countOf, decodeTensor, type OnnxTensor } from "@machines/engine/onnx/tensor.ts";
import { decodeMessage } from "@machines/engine/onnx/wire.ts";

/** Element types of .npy files and their codes in an ONNX tensor. */
const NPY: Readonly<Record<string, readonly [Dtype, number]>> = {
  f2: ["float16", 10],
  f4: ["float32", 1],
  f8: ["float64", 11],
  i1: ["int8", 3],
  i2: ["int16", 5],
  i4: ["int32", 6],
  i8: ["int64", 7],
  u1: ["uint8", 2],
  u2: ["uint16", 4],
  u4: ["uint32", 12],
  u8: ["uint64", 13],
  b1: ["bool", 9],
};

const EMPTY = {
  floatData: [],
  int32Data: [],
  stringData: [],
  int64Data: [],
  doubleData: [],
  uint64Data: [],
  externalData: [],
};

/** Reads a NumPy .npy file (versions 1 to 3, little-endian, C order) or an ONNX TensorProto. Throws InvalidInputError, OnnxError. */
export function readTensor(bytes: Uint8Array, file: string): OnnxTensor {
  if (bytes[0] === 0x93 && new TextDecoder("latin1").decode(bytes.subarray(1, 6)) === "NUMPY")
    return readNpy(bytes, file);
  return decodeTensor(decodeMessage(tensorSchema, bytes) as unknown as TensorProto);
}

function readNpy(bytes: Uint8Array, file: string): OnnxTensor {
  const bad = (why: string): InvalidInputError =>
    new InvalidInputError(`${file} cannot be read as .npy: ${why}`, { data: { file } });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = (bytes[6] ?? 0) >= 2;
  const start = wide ? 12 : 10;
  if (bytes.length < start) throw bad("it ends in its header");
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  if (start + length > bytes.length) throw bad("it ends in its header");
  const header = new TextDecoder("latin1").decode(bytes.subarray(start, start + length));
  const descr = /'descr':\s*'([<>|=]?)(\w\d+)'/.exec(header);
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header);
  const known = NPY[descr?.[2] ?? ""];
  if (descr === null || shape === null || known === undefined || descr[1] === ">")
    throw bad(`its element type ${descr?.[0] ?? ""} is not taken`);
  const dims = (shape[1] ?? "")
    .split(",")
    .map((text) => text.trim())
    .filter((text) => text !== "")
    .map(Number);
  if (/'fortran_order':\s*True/.test(header) && dims.length > 1) throw bad("it is in column order: save it in C order");
  const rawData = bytes.slice(start + length);
  return decodeTensor({ ...EMPTY, dims: dims.map(BigInt), dataType: known[1], rawData });
}

/** Nested lists of numbers (float32), whole numbers as `{"int64": [...]}`, words or booleans. Throws InvalidInputError. */
export function tensorOfJson(name: string, value: unknown): OnnxTensor {
  const wrong = (why: string): InvalidInputError =>
    new InvalidInputError(`input "${name}": ${why}`, { data: { field: "input", input: name } });
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const [entry, ...more] = Object.entries(value);
    const known = Object.values(NPY).find(([dtype]) => dtype === entry?.[0]);
    if (entry === undefined || more.length > 0 || known === undefined)
      throw wrong('expected lists, or one type with lists, e.g. {"int64": [1, 2]}');
    return typed(known[0], ...flatten(entry[1], wrong), wrong);
  }
  const [shape, list] = flatten(value, wrong);
  const kind = typeof list[0];
  return typed(kind === "string" ? "string" : kind === "boolean" ? "bool" : "float32", shape, list, wrong);
}

function flatten(value: unknown, wrong: (why: string) => Error): [shape: number[], list: unknown[]] {
  if (!Array.isArray(value)) return [[], [value]];
  const parts = value.map((entry) => flatten(entry, wrong));
  const [first] = parts;
  if (first === undefined) return [[0], []];
  if (parts.some(([shape]) => shape.join() !== first[0].join())) throw wrong("its lists differ in length");
  return [[value.length, ...first[0]], parts.flatMap(([, list]) => list)];
}

function typed(
  dtype: Dtype,
  shape: readonly number[],
  list: readonly unknown[],
  wrong: (why: string) => Error,
): OnnxTensor {
  countOf(shape);
  if (dtype === "string") {
    if (!list.every((one) => typeof one === "string")) throw wrong("it mixes words with something else");
    return { dtype, shape, data: list as string[] };
  }
  const numbers = list.map((one) => (one === null ? Number.NaN : typeof one === "boolean" ? Number(one) : one));
  if (!numbers.every((one) => typeof one === "number")) throw wrong("it holds more than numbers");
  const data: Partial<Record<Dtype, () => OnnxTensor["data"]>> = {
    float32: () => Float32Array.from(numbers),
    float64: () => Float64Array.from(numbers),
    int64: () => BigInt64Array.from(numbers, whole),
    uint64: () => BigUint64Array.from(numbers, whole),
    int32: () => Int32Array.from(numbers),
    int16: () => Int16Array.from(numbers),
    int8: () => Int8Array.from(numbers),
    uint32: () => Uint32Array.from(numbers),
    uint16: () => Uint16Array.from(numbers),
    uint8: () => Uint8Array.from(numbers),
    bool: () => Uint8Array.from(numbers, (one) => (one === 0 ? 0 : 1)),
  };
  const make = data[dtype];
  if (make === undefined || (dtype !== "float32" && dtype !== "float64" && !numbers.every(Number.isInteger)))
    throw wrong(`it does not hold ${dtype}`);
  return { dtype, shape, data: make() };
}

const whole = (value: number): bigint => BigInt(value);
