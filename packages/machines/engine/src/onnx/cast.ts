import { type Dtype, exponentOf, infoOf, isLong, powerOfTwo, roundForm } from "./dtype.ts";
import { OnnxModelError } from "./errors.ts";
import { type OnnxTensor, zeros } from "./tensor.ts";

/** A float as text, the shortest that reads back as the same value of its type. */
function textOf(x: number, dtype: Dtype): string {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  let text = String(x);
  if (dtype !== "float64")
    for (let digits = 1; digits <= 9; digits++) {
      text = x.toPrecision(digits);
      if (Math.fround(Number(text)) === x) break;
    }
  const [size, value] = [Math.abs(x), Number(text)];
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  return Number.isInteger(value) ? `${Object.is(x, -0) ? "-" : ""}${value}.0` : String(value);
}

function numberFrom(text: string): number {
  const clean = text.trim().toLowerCase().replace(/^\+/, "");
  if (/^-?inf(inity)?$/.test(clean)) return clean.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^-?nan$/.test(clean)) return Number.NaN;
  if (!/^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(clean))
    throw new OnnxModelError(`"${text.slice(0, 40)}" is not a number.`);
  return Number(clean);
}

/** A power of two: the format has neither sign nor zero. */
function roundPower(x: number, mode: string, saturate: boolean): number {
  if (Number.isNaN(x) || x < 0) return Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return saturate ? powerOfTwo(127) : Number.NaN;
  if (x < 2 ** -127) return 2 ** -127;
  const low = exponentOf(x);
  const base = low < -1022 ? 0 : powerOfTwo(low);
  let exponent = low;
  if (mode === "up") exponent += x > base ? 1 : 0;
  else if (mode === "nearest") exponent += x >= base * 1.5 ? 1 : 0;
  if (exponent > 127) return saturate ? powerOfTwo(127) : Number.NaN;
  return exponent < -127 ? 2 ** -127 : powerOfTwo(exponent);
}

/** Rounds to a float type. */
function floatTo(dtype: Dtype, saturate: boolean, mode: string): (x: number) => number {
  const { form, bits } = infoOf(dtype);
  if (bits === 64) return (x) => x;
  if (dtype === "float8e8m0") return (x) => roundPower(x, mode, saturate);
  if (form === undefined) return Math.fround;
  return (x) => roundForm(x, form, saturate && bits < 16);
}

function longFrom(value: number | bigint): bigint {
  if (typeof value === "bigint") return value;
  if (Number.isNaN(value)) return 0n;
  if (!Number.isFinite(value)) return value > 0 ? 2n ** 63n - 1n : -(2n ** 63n);
  return BigInt(Math.trunc(value));
}

/** Whole numbers: floats lose their fraction and stay in range from 8 bits up; all else keeps its low bits. */
function wholeTo(dtype: Dtype, fromFloat: boolean): (value: number | bigint) => number {
  const { kind, bits } = infoOf(dtype);
  const [low, high] = kind === "int" ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
  if (fromFloat && bits >= 8)
    return (x) => (Number.isNaN(x) ? 0 : Math.max(low, Math.min(high, Math.trunc(x as number))));
  return (given) => {
    const x = typeof given === "bigint" ? given : Number.isFinite(given) ? Math.trunc(given) : 0;
    if (x >= low && x <= high) return Number(x);
    return Number(kind === "int" ? BigInt.asIntN(bits, BigInt(x)) : BigInt.asUintN(bits, BigInt(x)));
  };
}

/** A tensor in another element type by the rules of ONNX Cast; throws OnnxModelError for text that is no number. */
export function cast(tensor: OnnxTensor, dtype: Dtype, saturate = true, mode = "up"): OnnxTensor {
  if (tensor.dtype === dtype) return tensor;
  const result = zeros(dtype, tensor.shape);
  const from = infoOf(tensor.dtype).kind;
  const { kind } = infoOf(dtype);
  const toFloat = floatTo(dtype, saturate, mode);
  const toWhole = wholeTo(dtype, from === "float" || from === "string");
  for (let i = 0; i < result.data.length; i++) {
    const raw = tensor.data[i] as number | bigint | string;
    const text = (): string => (from === "float" ? textOf(raw as number, tensor.dtype) : String(raw));
    if (kind === "string") result.data[i] = text();
    else {
      const value =
        typeof raw === "string" ? (isLong(dtype) && /^-?\d+$/.test(raw) ? BigInt(raw) : numberFrom(raw)) : raw;
      if (kind === "float") result.data[i] = toFloat(Number(value));
      else if (kind === "bool") result.data[i] = Number(value) === 0 ? 0 : 1;
      else result.data[i] = (isLong(dtype) ? longFrom(value) : toWhole(value)) as number;
    }
  }
  return result;
}
