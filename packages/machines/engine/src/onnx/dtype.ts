import { OnnxModelError } from "./errors.ts";

/** Element types of ONNX that this engine holds (TensorProto.DataType, complex numbers left out). */
export type Dtype =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "float8e4m3fn"
  | "float8e4m3fnuz"
  | "float8e5m2"
  | "float8e5m2fnuz"
  | "float8e8m0"
  | "float4e2m1"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "int4"
  | "int2"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "uint4"
  | "uint2"
  | "bool"
  | "string";

/** Number arrays that hold elements; small floats live in a Float32Array of exact values, small integers in bytes. */
export type NumberData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array;
export type Data = NumberData | BigInt64Array | BigUint64Array | string[];

/** How a small float is laid out: mantissa bits, least normal exponent, largest finite value, and what lies beyond. */
export interface FloatForm {
  readonly mantissa: number;
  readonly exponents: number;
  readonly bias: number;
  readonly least: number;
  readonly most: number;
  /** `ieee`: infinities and NaN; `fn`: all ones is NaN; `fnuz`: minus zero is NaN; `none`: finite only. */
  readonly beyond: "ieee" | "fn" | "fnuz" | "none";
}

/** What is known about an element type. */
export interface DtypeInfo {
  readonly name: Dtype;
  /** Number in TensorProto.DataType. */
  readonly code: number;
  readonly kind: "float" | "int" | "uint" | "bool" | "string";
  readonly bits: number;
  readonly form?: FloatForm;
}

const form = (
  mantissa: number,
  exponents: number,
  bias: number,
  most: number,
  beyond: FloatForm["beyond"],
): FloatForm => ({ mantissa, exponents, bias, least: 1 - bias, most, beyond });

const INFOS: readonly DtypeInfo[] = [
  { name: "float32", code: 1, kind: "float", bits: 32 },
  { name: "uint8", code: 2, kind: "uint", bits: 8 },
  { name: "int8", code: 3, kind: "int", bits: 8 },
  { name: "uint16", code: 4, kind: "uint", bits: 16 },
  { name: "int16", code: 5, kind: "int", bits: 16 },
  { name: "int32", code: 6, kind: "int", bits: 32 },
  { name: "int64", code: 7, kind: "int", bits: 64 },
  { name: "string", code: 8, kind: "string", bits: 0 },
  { name: "bool", code: 9, kind: "bool", bits: 8 },
  { name: "float16", code: 10, kind: "float", bits: 16, form: form(10, 5, 15, 65504, "ieee") },
  { name: "float64", code: 11, kind: "float", bits: 64 },
  { name: "uint32", code: 12, kind: "uint", bits: 32 },
  { name: "uint64", code: 13, kind: "uint", bits: 64 },
  { name: "bfloat16", code: 16, kind: "float", bits: 16, form: form(7, 8, 127, 2 ** 127 * 1.9921875, "ieee") },
  { name: "float8e4m3fn", code: 17, kind: "float", bits: 8, form: form(3, 4, 7, 448, "fn") },
  { name: "float8e4m3fnuz", code: 18, kind: "float", bits: 8, form: form(3, 4, 8, 240, "fnuz") },
  { name: "float8e5m2", code: 19, kind: "float", bits: 8, form: form(2, 5, 15, 57344, "ieee") },
  { name: "float8e5m2fnuz", code: 20, kind: "float", bits: 8, form: form(2, 5, 16, 57344, "fnuz") },
  { name: "uint4", code: 21, kind: "uint", bits: 4 },
  { name: "int4", code: 22, kind: "int", bits: 4 },
  { name: "float4e2m1", code: 23, kind: "float", bits: 4, form: form(1, 2, 1, 6, "none") },
  { name: "float8e8m0", code: 24, kind: "float", bits: 8 },
  { name: "uint2", code: 25, kind: "uint", bits: 2 },
  { name: "int2", code: 26, kind: "int", bits: 2 },
];

const byName = new Map(INFOS.map((info) => [info.name, info]));
const byCode = new Map(INFOS.map((info) => [info.code, info.name]));

/** Facts about an element type. */
export function infoOf(dtype: Dtype): DtypeInfo {
  return byName.get(dtype) as DtypeInfo;
}

/** The element type of a number in a file; throws OnnxModelError for a number that stands for none. */
export function dtypeOf(code: number | undefined): Dtype {
  const name = byCode.get(code ?? 0);
  if (name === undefined) throw new OnnxModelError(`Element type ${code ?? 0} is not supported.`);
  return name;
}

/** Whether elements are held as bigint. */
export function isLong(dtype: Dtype): boolean {
  return dtype === "int64" || dtype === "uint64";
}

/** Fresh elements: zeros, or empty strings. */
export function makeData(dtype: Dtype, count: number): Data {
  const { kind, bits } = infoOf(dtype);
  if (kind === "string") return new Array<string>(count).fill("");
  if (kind === "float") return bits === 64 ? new Float64Array(count) : new Float32Array(count);
  if (kind === "bool") return new Uint8Array(count);
  if (kind === "int") {
    if (bits <= 8) return new Int8Array(count);
    if (bits === 16) return new Int16Array(count);
    return bits === 32 ? new Int32Array(count) : new BigInt64Array(count);
  }
  if (bits <= 8) return new Uint8Array(count);
  if (bits === 16) return new Uint16Array(count);
  return bits === 32 ? new Uint32Array(count) : new BigUint64Array(count);
}

const word = new DataView(new ArrayBuffer(8));

/** floor(log2 |x|) of a finite x other than zero, exact. */
export function exponentOf(x: number): number {
  word.setFloat64(0, x);
  const raw = (word.getUint16(0) >> 4) & 0x7ff;
  if (raw > 0) return raw - 1023;
  word.setFloat64(0, x * 2 ** 54);
  return ((word.getUint16(0) >> 4) & 0x7ff) - 1077;
}

/** 2^n for -1022 <= n <= 1023, by bits. */
export function powerOfTwo(n: number): number {
  word.setUint32(0, (n + 1023) << 20);
  word.setUint32(4, 0);
  return word.getFloat64(0);
}

/** Nearest whole number, ties to even; |x| below 2^51 or already whole. */
export function roundEven(x: number): number {
  if (!(Math.abs(x) < 4503599627370496)) return x;
  const magic = x < 0 || Object.is(x, -0) ? -6755399441055744 : 6755399441055744;
  const rounded = x + magic - magic;
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded;
}

/** Rounds to a small float's grid (nearest, ties to even), the exponent unbounded above. */
function toGrid(x: number, { mantissa, least }: FloatForm): number {
  const exponent = Math.max(exponentOf(x), least) - mantissa;
  const quantum = powerOfTwo(exponent);
  return roundEven(x / quantum) * quantum;
}

/** Rounds to a small float; beyond the largest value: saturates or becomes what the format has for it. */
export function roundForm(x: number, small: FloatForm, saturate: boolean): number {
  const { most, beyond } = small;
  if (Number.isNaN(x)) return beyond === "none" ? 0 : x;
  if (x === 0) return beyond === "fnuz" ? 0 : x;
  const y = Math.abs(x) === Number.POSITIVE_INFINITY ? x : toGrid(x, small);
  if (beyond === "fnuz" && y === 0) return 0;
  if (Math.abs(y) <= most) return y;
  const sign = x < 0 ? -1 : 1;
  if (saturate || beyond === "none") return sign * most;
  return beyond === "ieee" ? sign * Number.POSITIVE_INFINITY : Number.NaN;
}

/** Rounds a number to a float type as a result of arithmetic: IEEE types overflow to infinity, 8-bit types to their own. */
export function roundTo(dtype: Dtype, x: number): number {
  const { form: small, bits } = infoOf(dtype);
  if (bits === 64) return x;
  return small === undefined ? Math.fround(x) : roundForm(x, small, bits < 16);
}

/** The bit pattern of a value that is on the type's grid. */
export function encodeSmall(dtype: Dtype, x: number): number {
  if (dtype === "float8e8m0") return Number.isNaN(x) ? 255 : exponentOf(x) + 127;
  const { form: small, bits } = infoOf(dtype);
  const { mantissa, exponents, bias, least, beyond } = small as FloatForm;
  const all = 2 ** exponents - 1;
  if (Number.isNaN(x)) {
    if (beyond === "fnuz") return 0x80;
    return beyond === "fn" ? 0x7f : (all << mantissa) | (1 << (mantissa - 1));
  }
  const sign = x < 0 || Object.is(x, -0) ? 2 ** (bits - 1) : 0;
  const size = Math.abs(x);
  if (size === 0) return sign;
  if (size === Number.POSITIVE_INFINITY) return sign + (all << mantissa);
  const exponent = Math.max(exponentOf(size), least);
  const scaled = size / powerOfTwo(exponent - mantissa);
  const hidden = 2 ** mantissa;
  return sign + (scaled < hidden ? scaled : ((exponent + bias) << mantissa) + (scaled - hidden));
}

/** The value of a bit pattern. */
export function decodeSmall(dtype: Dtype, pattern: number): number {
  if (dtype === "float8e8m0") return pattern === 255 ? Number.NaN : powerOfTwo(pattern - 127);
  const { form: small, bits } = infoOf(dtype);
  const { mantissa, exponents, bias, least, beyond } = small as FloatForm;
  const sign = pattern >>> (bits - 1) === 0 ? 1 : -1;
  const exponent = (pattern >>> mantissa) & (2 ** exponents - 1);
  const fraction = pattern & (2 ** mantissa - 1);
  const all = 2 ** exponents - 1;
  if (beyond === "fnuz" && pattern === 0x80) return Number.NaN;
  if (beyond === "fn" && (pattern & 0x7f) === 0x7f) return Number.NaN;
  if (beyond === "ieee" && exponent === all) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * powerOfTwo(least - mantissa);
  return sign * (fraction + 2 ** mantissa) * powerOfTwo(exponent - bias - mantissa);
}
