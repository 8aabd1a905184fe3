import { cast } from "../cast.ts";
import { type Dtype, dtypeOf, infoOf, roundEven } from "../dtype.ts";
import { numbersOf, type OnnxTensor, zeros } from "../tensor.ts";
import { convolve } from "./conv.ts";
import { matmul } from "./matmul.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { product, step, stored } from "./shared.ts";

/** For element `i` of a shape, the place of its scale: one for all, one along an axis, or one per block of the axis. */
function scaleIndex(call: Call, scale: OnnxTensor, shape: readonly number[]): (i: number) => number {
  if (scale.data.length === 1 && call.int("block_size", 0) === 0) return () => 0;
  const axis = call.axis(call.int("axis", 1), shape.length);
  const [extent, inner] = [shape[axis] as number, product(shape, axis + 1)];
  const block = call.int("block_size", 0);
  if (block === 0) {
    if (scale.shape.length !== 1 || scale.data.length !== extent)
      throw call.fault(`${scale.data.length} scales do not fit axis ${axis}`);
    return (i) => Math.floor(i / inner) % extent;
  }
  const blocks = Math.ceil(extent / block);
  if (scale.data.length !== product(shape, 0, axis) * blocks * inner) throw call.fault("scales do not fit the blocks");
  return (i) => {
    const along = Math.floor(i / inner) % extent;
    return (Math.floor(i / (inner * extent)) * blocks + Math.floor(along / block)) * inner + (i % inner);
  };
}

function rangeOf(dtype: Dtype): readonly [number, number] {
  const { kind, bits } = infoOf(dtype);
  return kind === "int" ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
}

const clamp = (x: number, [low, high]: readonly [number, number]): number => Math.max(low, Math.min(high, x));

function quantize(call: Call): OnnxTensor[] {
  const [x, scale, zero] = [call.tensor(0), call.tensor(1), call.optional(2)];
  const asked = call.int("output_dtype", 0);
  const dtype = zero?.dtype ?? (asked === 0 ? "uint8" : dtypeOf(asked));
  if (call.int("precision", 0) > 1) throw call.unsupported("this precision");
  const at = scaleIndex(call, scale, x.shape);
  const f = step(x.dtype);
  const ratio = (i: number): number => f(Number(x.data[i]) / (scale.data[at(i)] as number));
  if (infoOf(dtype).kind === "float") {
    if (zero !== undefined && Array.from(numbersOf(zero)).some((z) => z !== 0))
      throw call.unsupported("a zero point of a float type");
    const wide = stored(
      "float32",
      x.shape,
      Float64Array.from({ length: x.data.length }, (_, i) => ratio(i)),
    );
    return [cast(wide, dtype, call.int("saturate", 1) !== 0)];
  }
  const range = rangeOf(dtype);
  const values = Float64Array.from({ length: x.data.length }, (_, i) => {
    const rounded = roundEven(ratio(i)) + (zero === undefined ? 0 : (zero.data[at(i)] as number));
    return Number.isNaN(rounded) ? 0 : clamp(rounded, range);
  });
  return [stored(dtype, x.shape, values)];
}

function dequantize(call: Call): OnnxTensor[] {
  const [x, scale, zero] = [call.tensor(0), call.tensor(1), call.optional(2)];
  const asked = call.int("output_dtype", 0);
  const dtype = asked === 0 ? scale.dtype : dtypeOf(asked);
  if (infoOf(dtype).kind !== "float" || infoOf(scale.dtype).kind !== "float")
    throw call.fault(`${scale.dtype} scales do not give ${dtype}`);
  const at = scaleIndex(call, scale, x.shape);
  const values = Float64Array.from({ length: x.data.length }, (_, i) => {
    const base = zero === undefined ? 0 : (zero.data[at(i)] as number);
    return ((x.data[i] as number) - base) * (scale.data[at(i)] as number);
  });
  return [stored(dtype, x.shape, values)];
}

function dynamicQuantize(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const f = Math.fround;
  let [low, high] = [0, 0];
  for (const value of x.data as Float32Array) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const scale = f(f(high - low) / 255);
  const zero = scale === 0 ? 0 : clamp(roundEven(f(-low / scale)), [0, 255]);
  const values = (x.data as Float32Array).map((value) =>
    scale === 0 ? 0 : clamp(roundEven(f(value / scale)) + zero, [0, 255]),
  );
  return [stored("uint8", x.shape, values), stored("float32", [], [scale]), stored("uint8", [], [zero])];
}

/** Whole numbers minus their zero point, held in binary64 where sums of them are exact. */
function centred(
  call: Call,
  x: OnnxTensor,
  zero: OnnxTensor | undefined,
  place: (i: number, count: number) => number,
): OnnxTensor {
  const count = zero?.data.length ?? 1;
  const values = Float64Array.from({ length: x.data.length }, (_, i) => {
    const base = zero === undefined ? 0 : (zero.data[count === 1 ? 0 : place(i, count)] as number);
    return (x.data[i] as number) - base;
  });
  if (infoOf(x.dtype).bits > 8) throw call.unsupported(`${x.dtype} here`);
  return { dtype: "float64", shape: x.shape, data: values };
}

/** Rows of the left operand, columns of the right one. */
function product64(
  call: Call,
  [a, az, b, bz]: readonly [OnnxTensor, OnnxTensor | undefined, OnnxTensor, OnnxTensor | undefined],
): OnnxTensor {
  const [k, n] = [a.shape.at(-1) ?? 1, b.shape.at(-1) ?? 1];
  const left = centred(call, a, az, (i, count) => Math.floor(i / k) % count);
  return matmul(
    call,
    left,
    centred(call, b, bz, (i, count) => (i % n) % count),
  );
}

function requantize(call: Call, sums: OnnxTensor, scale: (i: number) => number, zero: OnnxTensor): OnnxTensor {
  const range = rangeOf(zero.dtype);
  if (zero.data.length !== 1) throw call.unsupported("an output zero point per row");
  const values = Float64Array.from({ length: sums.data.length }, (_, i) =>
    clamp(roundEven(Math.fround((sums.data[i] as number) * scale(i))) + (zero.data[0] as number), range),
  );
  return stored(zero.dtype, sums.shape, values);
}

function qlinearMatmul(call: Call): OnnxTensor[] {
  const [as, bs, ys] = [call.tensor(1), call.tensor(4), call.tensor(6)];
  if (as.data.length !== 1 || bs.data.length !== 1 || ys.data.length !== 1)
    throw call.unsupported("scales per row or column");
  const sums = product64(call, [call.tensor(0), call.tensor(2), call.tensor(3), call.tensor(5)]);
  const scale = Math.fround(Math.fround((as.data[0] as number) * (bs.data[0] as number)) / (ys.data[0] as number));
  return [requantize(call, sums, () => scale, call.tensor(7))];
}

function convolution64(
  call: Call,
  x: OnnxTensor,
  xz: OnnxTensor | undefined,
  w: OnnxTensor,
  wz: OnnxTensor | undefined,
): OnnxTensor {
  const per = product(w.shape, 1);
  if (xz !== undefined && xz.data.length !== 1) throw call.unsupported("an input zero point per channel");
  const left = centred(call, x, xz, () => 0);
  return convolve(
    call,
    left,
    centred(call, w, wz, (i) => Math.floor(i / per)),
  );
}

function qlinearConv(call: Call): OnnxTensor[] {
  const [xs, ws, ys, bias] = [call.tensor(1), call.tensor(4), call.tensor(6), call.optional(8)];
  const sums = convolution64(call, call.tensor(0), call.tensor(2), call.tensor(3), call.tensor(5));
  const [c, inner] = [sums.shape[1] ?? 1, product(sums.shape, 2)];
  const channel = (i: number): number => Math.floor(i / inner) % c;
  const total = (sums.data as Float64Array).map(
    (sum, i) => sum + (bias === undefined ? 0 : (bias.data[channel(i)] as number)),
  );
  const scale = (i: number): number => {
    const own = ws.data[ws.data.length === 1 ? 0 : channel(i)] as number;
    return Math.fround(Math.fround((xs.data[0] as number) * own) / (ys.data[0] as number));
  };
  return [requantize(call, { ...sums, data: total }, scale, call.tensor(7))];
}

const toInt32 = (x: OnnxTensor): OnnxTensor => {
  const result = zeros("int32", x.shape);
  for (let i = 0; i < result.data.length; i++) result.data[i] = x.data[i] as number;
  return result;
};

const CONV = "auto_pad dilations group kernel_shape pads strides";

/** Whole-number arithmetic with scales and zero points; sums are exact. */
export const quantizeOps: readonly OnnxOp[] = [
  define("QuantizeLinear", [10, 13, 19, 21, 23, 24, 25], "axis block_size output_dtype saturate precision", quantize),
  define("DequantizeLinear", [10, 13, 19, 21, 23, 24, 25], "axis block_size output_dtype", dequantize),
  define("DynamicQuantizeLinear", [11], "", dynamicQuantize),
  define("MatMulInteger", [10], "", (call) => [
    toInt32(product64(call, [call.tensor(0), call.optional(2), call.tensor(1), call.optional(3)])),
  ]),
  define("ConvInteger", [10], CONV, (call) => [
    toInt32(convolution64(call, call.tensor(0), call.optional(2), call.tensor(1), call.optional(3))),
  ]),
  define("QLinearMatMul", [10, 21], "", qlinearMatmul),
  define("QLinearConv", [10], CONV, qlinearConv),
];
