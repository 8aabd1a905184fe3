import { type Data, type Dtype, decodeSmall, dtypeOf, encodeSmall, infoOf, isLong, makeData } from "./dtype.ts";
import { OnnxFormatError, OnnxLimitError, OnnxModelError } from "./errors.ts";
import type { TensorProto } from "./proto.ts";

/** A tensor: extents and row-major elements. */
export interface OnnxTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: Data;
}

/** A dictionary: keys (int64 or string) and values, both lists of one length. */
export interface OnnxMap {
  readonly keys: OnnxTensor;
  readonly values: OnnxTensor;
}

/** What a name may stand for at run time: a tensor, a map, a sequence, or an optional that holds nothing. */
export type OnnxValue = OnnxTensor | OnnxMap | readonly OnnxValue[] | null;

/** Whether a value is a tensor. */
export function isTensor(value: OnnxValue | undefined): value is OnnxTensor {
  return value !== undefined && value !== null && "dtype" in value;
}

/** Whether a value is a map. */
export function isMap(value: OnnxValue | undefined): value is OnnxMap {
  return value !== undefined && value !== null && "keys" in value && "values" in value && !Array.isArray(value);
}

/** Most elements of one tensor: 2^27. */
export const MAX_TENSOR = 2 ** 27;

/** Number of elements; throws OnnxLimitError above {@link MAX_TENSOR} and OnnxModelError on a negative extent. */
export function countOf(shape: readonly number[]): number {
  let count = 1;
  for (const extent of shape) {
    if (!Number.isSafeInteger(extent) || extent < 0) throw new OnnxModelError(`Shape [${shape}] has a bad extent.`);
    count *= extent;
    if (count > MAX_TENSOR && !shape.includes(0))
      throw new OnnxLimitError(`A tensor of shape [${shape}] has more than ${MAX_TENSOR} elements.`);
  }
  if (shape.length > 64) throw new OnnxLimitError("A tensor has more than 64 axes.");
  return count;
}

/** A tensor of zeros (or empty strings). */
export function zeros(dtype: Dtype, shape: readonly number[]): OnnxTensor {
  return { dtype, shape, data: makeData(dtype, countOf(shape)) };
}

/** The same elements under other extents. */
export function reshaped(tensor: OnnxTensor, shape: readonly number[]): OnnxTensor {
  if (countOf(shape) !== tensor.data.length)
    throw new OnnxModelError(`Shape [${tensor.shape}] cannot become [${shape}].`);
  return { dtype: tensor.dtype, shape, data: tensor.data };
}

/** A tensor of whole numbers of type int64. */
export function longs(values: readonly number[], shape: readonly number[] = [values.length]): OnnxTensor {
  return { dtype: "int64", shape, data: BigInt64Array.from(values, BigInt) };
}

/** A tensor of an element type from plain numbers, which must lie on its grid. */
export function fromNumbers(dtype: Dtype, shape: readonly number[], values: ArrayLike<number>): OnnxTensor {
  const result = zeros(dtype, shape);
  setNumbers(result, values);
  return result;
}

function setNumbers({ dtype, data }: OnnxTensor, values: ArrayLike<number>): void {
  if (isLong(dtype)) for (let i = 0; i < data.length; i++) data[i] = BigInt(values[i] as number);
  else for (let i = 0; i < data.length; i++) data[i] = values[i] as number;
}

/** Elements as numbers: int64 beyond 2^53 loses bits, so use it for indices, extents and floats only. */
export function numbersOf({ dtype, data }: OnnxTensor): ArrayLike<number> {
  if (dtype === "string") throw new OnnxModelError("Numbers are wanted, not strings.");
  return isLong(dtype) ? Float64Array.from(data as BigInt64Array, Number) : (data as Float32Array);
}

/** Row-major strides in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--)
    strides[axis] = (strides[axis + 1] as number) * (shape[axis + 1] as number);
  return strides;
}

/** Bytes of raw data for a count of elements. */
function rawLength(dtype: Dtype, count: number): number {
  return Math.ceil((infoOf(dtype).bits * count) / 8);
}

function readRaw(dtype: Dtype, raw: Uint8Array, count: number): Data {
  if (dtype === "string") throw new OnnxFormatError("Strings cannot stand in raw data.");
  if (raw.length !== rawLength(dtype, count))
    throw new OnnxFormatError(`A ${dtype} tensor of ${count} elements has ${raw.length} bytes of data.`);
  const { kind, bits, name } = infoOf(dtype);
  const data = makeData(dtype, count);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const small = kind === "float" && bits < 32;
  for (let i = 0; i < count; i++) {
    if (bits < 8) data[i] = unpack(dtype, raw, i);
    else if (small) data[i] = decodeSmall(name, bits === 16 ? view.getUint16(i * 2, true) : view.getUint8(i));
    else if (bits === 8) data[i] = kind === "int" ? view.getInt8(i) : view.getUint8(i);
    else if (bits === 16) data[i] = kind === "int" ? view.getInt16(i * 2, true) : view.getUint16(i * 2, true);
    else if (name === "float32") data[i] = view.getFloat32(i * 4, true);
    else if (name === "float64") data[i] = view.getFloat64(i * 8, true);
    else if (bits === 32) data[i] = kind === "int" ? view.getInt32(i * 4, true) : view.getUint32(i * 4, true);
    else data[i] = kind === "int" ? view.getBigInt64(i * 8, true) : view.getBigUint64(i * 8, true);
  }
  if (kind === "bool") for (let i = 0; i < count; i++) data[i] = data[i] === 0 ? 0 : 1;
  return data;
}

/** Element `i` of a packed type, lowest bits first. */
function unpack(dtype: Dtype, bytes: Uint8Array, i: number): number {
  const { bits, kind } = infoOf(dtype);
  const per = 8 / bits;
  const pattern = ((bytes[Math.floor(i / per)] as number) >>> ((i % per) * bits)) & (2 ** bits - 1);
  if (kind === "float") return decodeSmall(dtype, pattern);
  return kind === "int" && pattern >= 2 ** (bits - 1) ? pattern - 2 ** bits : pattern;
}

function readLists(dtype: Dtype, proto: TensorProto, count: number): Data {
  const { kind, bits } = infoOf(dtype);
  const lists: Readonly<Partial<Record<Dtype, readonly unknown[]>>> = {
    float32: proto.floatData,
    float64: proto.doubleData,
    int64: proto.int64Data,
    uint64: proto.uint64Data,
    uint32: proto.uint64Data,
    string: proto.stringData,
  };
  const list = lists[dtype] ?? proto.int32Data;
  const wanted = bits > 0 && bits < 8 ? Math.ceil((count * bits) / 8) : count;
  if (list.length !== wanted)
    throw new OnnxFormatError(`A ${dtype} tensor of ${count} elements has ${list.length} values.`);
  if (bits > 0 && bits < 8) return readRaw(dtype, Uint8Array.from(list as number[]), count);
  const data = makeData(dtype, count);
  const text = new TextDecoder();
  const small = kind === "float" && bits < 32;
  for (let i = 0; i < count; i++) {
    const value = list[i];
    if (dtype === "string") data[i] = text.decode(value as Uint8Array);
    else if (small) data[i] = decodeSmall(dtype, (value as number) & (2 ** bits - 1));
    else if (kind === "bool") data[i] = value === 0 ? 0 : 1;
    else data[i] = dtype === "uint32" ? Number(value as bigint) : (value as number);
  }
  return data;
}

/** Extents in a file; throws on negative or unsafe ones. */
export function shapeOfProto(proto: TensorProto): number[] {
  const shape = proto.dims.map(Number);
  countOf(shape);
  return shape;
}

/**
 * Reads a tensor. Throws OnnxFormatError when data and shape differ in size, OnnxModelError on an unknown element
 * type and on external data (which is always refused), OnnxLimitError above 2^27 elements.
 */
export function decodeTensor(proto: TensorProto): OnnxTensor {
  if ((proto.dataLocation ?? 0) !== 0 || proto.externalData.length > 0)
    throw new OnnxModelError("Tensors in external files are refused; put the data into the model.");
  if (proto.segment !== undefined) throw new OnnxModelError("Tensors in segments are refused.");
  const dtype = dtypeOf(proto.dataType);
  const shape = shapeOfProto(proto);
  const count = countOf(shape);
  const data = proto.rawData === undefined ? readLists(dtype, proto, count) : readRaw(dtype, proto.rawData, count);
  return { dtype, shape, data };
}

function packed(dtype: Dtype, data: Data): Uint8Array {
  const { bits, kind } = infoOf(dtype);
  const per = 8 / bits;
  const bytes = new Uint8Array(rawLength(dtype, data.length));
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    const pattern = (kind === "float" ? encodeSmall(dtype, value) : value) & (2 ** bits - 1);
    bytes[Math.floor(i / per)] = (bytes[Math.floor(i / per)] as number) | (pattern << ((i % per) * bits));
  }
  return bytes;
}

/** Little-endian bytes of the elements; strings have none. */
export function rawBytes({ dtype, data }: OnnxTensor): Uint8Array {
  const { kind, bits } = infoOf(dtype);
  if (bits < 8) return packed(dtype, data);
  const bytes = new Uint8Array(rawLength(dtype, data.length));
  const view = new DataView(bytes.buffer);
  const small = kind === "float" && bits < 32;
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (bits === 8) view.setUint8(i, small ? encodeSmall(dtype, value) : value & 255);
    else if (bits === 16) view.setUint16(i * 2, small ? encodeSmall(dtype, value) : value & 0xffff, true);
    else if (dtype === "float32") view.setFloat32(i * 4, value, true);
    else if (dtype === "float64") view.setFloat64(i * 8, value, true);
    else if (bits === 32) view.setUint32(i * 4, value >>> 0, true);
    else view.setBigUint64(i * 8, BigInt.asUintN(64, BigInt(value)), true);
  }
  return bytes;
}

/** A tensor as a message for a file. */
export function encodeTensor(tensor: OnnxTensor, name?: string): Record<string, unknown> {
  const { dtype, shape, data } = tensor;
  const strings = dtype === "string" ? (data as string[]).map((text) => new TextEncoder().encode(text)) : undefined;
  return {
    dims: shape.map(BigInt),
    dataType: infoOf(dtype).code,
    ...(name === undefined ? {} : { name }),
    ...(strings === undefined ? { rawData: rawBytes(tensor) } : { stringData: strings }),
  };
}
