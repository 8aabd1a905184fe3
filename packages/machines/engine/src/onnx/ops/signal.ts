import { dtypeOf } from "../dtype.ts";
import * as math from "../math.ts";
import type { OnnxTensor } from "../tensor.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { product, stored } from "./shared.ts";

const TURN = 2 * Math.PI;

/** Discrete Fourier transform of one line in binary64, sums ascending: pairs (re, im). */
function transform(line: Float64Array, length: number, out: number, inverse: boolean): Float64Array {
  const angles = Array.from(
    { length },
    (_, k) => [math.cos((TURN * k) / length), math.sin((TURN * k) / length)] as const,
  );
  const result = new Float64Array(out * 2);
  for (let k = 0; k < out; k++) {
    let [re, im] = [0, 0];
    for (let j = 0; j < length; j++) {
      const [c, s] = angles[(k * j) % length] as readonly [number, number];
      const sine = inverse ? s : -s;
      const [a, b] = [line[j * 2] as number, line[j * 2 + 1] as number];
      re += a * c - b * sine;
      im += a * sine + b * c;
    }
    result[k * 2] = inverse ? re / length : re;
    result[k * 2 + 1] = inverse ? im / length : im;
  }
  return result;
}

function dft(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  call.expectKind(x, "float");
  const rank = x.shape.length;
  const axis = call.axis(call.opset < 20 ? call.int("axis", 1) : call.number(2, -2), rank, rank - 2);
  const [inverse, onesided] = [call.int("inverse", 0) !== 0, call.int("onesided", 0) !== 0];
  const parts = x.shape.at(-1) as number;
  if (parts !== 1 && parts !== 2) throw call.fault("the last axis must hold 1 or 2 parts");
  // Sums that cancel leave what the algorithm leaves: the standard's own binary32 figures are noise of a fast transform.
  if (inverse && !onesided && x.dtype !== "float64")
    throw call.unsupported(`an inverse of two sides in ${x.dtype}, whose values near zero the standard does not fix`);
  const size = x.shape[axis] as number;
  const folded = inverse && onesided;
  if (onesided && !inverse && parts !== 1) throw call.fault("a one-sided transform takes real numbers");
  const length = call.inputs[1] === undefined ? (folded ? 2 * (size - 1) : size) : call.number(1, size);
  if (!(length >= 1) || length > 65_536) throw call.unsupported(`a length of ${length}`);
  if (folded && size !== Math.floor(length / 2) + 1)
    throw call.unsupported(`a one-sided spectrum of ${size} bins for a length of ${length}`);
  const bins = onesided && !inverse ? Math.floor(length / 2) + 1 : length;
  const inner = product(x.shape, axis + 1, rank - 1);
  const outer = product(x.shape, 0, axis);
  const width = folded ? 1 : 2;
  const values = new Float64Array(outer * bins * inner * width);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const line = new Float64Array(length * 2);
      const at = (j: number): number => ((o * size + j) * inner + i) * parts;
      for (let j = 0; j < Math.min(size, length); j++) {
        line[j * 2] = x.data[at(j)] as number;
        line[j * 2 + 1] = parts === 2 ? (x.data[at(j) + 1] as number) : 0;
      }
      // A one-sided spectrum stands for its mirror image as well.
      if (folded)
        for (let j = Math.floor(length / 2) + 1; j < length; j++) {
          line[j * 2] = line[(length - j) * 2] as number;
          line[j * 2 + 1] = -(line[(length - j) * 2 + 1] as number);
        }
      const result = transform(line, length, bins, inverse);
      for (let k = 0; k < bins; k++)
        for (let part = 0; part < width; part++)
          values[((o * bins + k) * inner + i) * width + part] = result[k * 2 + part] as number;
    }
  return [stored(x.dtype, [...x.shape.slice(0, axis), bins, ...x.shape.slice(axis + 1, -1), width], values)];
}

function stft(call: Call): OnnxTensor[] {
  const [x, hop, window] = [call.tensor(0), call.number(1, 1), call.optional(2)];
  const parts = x.shape.length === 3 ? (x.shape[2] as number) : 1;
  const [batch = 0, samples = 0] = x.shape;
  const length = call.inputs[3] === undefined ? (window?.data.length ?? 0) : call.number(3, 0);
  if (
    length < 1 ||
    length > samples ||
    length > 65_536 ||
    hop < 1 ||
    (window !== undefined && window.data.length !== length)
  )
    throw call.fault("frames do not fit");
  const onesided = call.int("onesided", 1) !== 0;
  if (onesided && parts === 2) throw call.fault("a one-sided transform takes real numbers");
  const [frames, bins] = [Math.floor((samples - length) / hop) + 1, onesided ? Math.floor(length / 2) + 1 : length];
  const values = new Float64Array(batch * frames * bins * 2);
  for (let b = 0; b < batch; b++)
    for (let frame = 0; frame < frames; frame++) {
      const line = new Float64Array(length * 2);
      for (let j = 0; j < length; j++) {
        const at = (b * samples + frame * hop + j) * parts;
        const weight = window === undefined ? 1 : (window.data[j] as number);
        line[j * 2] = weight * (x.data[at] as number);
        line[j * 2 + 1] = parts === 2 ? weight * (x.data[at + 1] as number) : 0;
      }
      values.set(transform(line, length, bins, false), (b * frames + frame) * bins * 2);
    }
  return [stored(x.dtype, [batch, frames, bins, 2], values)];
}

/** Triangles on the mel scale that weigh the bins of a spectrum. */
function melWeights(call: Call): OnnxTensor[] {
  const [bands, length, rate] = [call.number(0, 0), call.number(1, 0), call.number(2, 0)];
  const [low, high] = [call.number(3, 0), call.number(4, 0)];
  const bins = Math.floor(length / 2) + 1;
  if (!(bands >= 1 && length >= 1 && rate >= 1 && low >= 0 && high > low) || bands * bins > 2 ** 24)
    throw call.fault("bands, length, rate or edges do not fit");
  const mel = (hertz: number): number => (2595 * math.log(1 + hertz / 700)) / math.log(10);
  const [first, last] = [mel(low), mel(high)];
  const edges = Array.from({ length: bands + 2 }, (_, i) => {
    const at = first + (i * (last - first)) / (bands + 2);
    return Math.floor(((length + 1) * 700 * (math.exp((at / 2595) * math.log(10)) - 1)) / rate);
  });
  if (edges.some((edge) => edge < 0 || edge >= bins)) throw call.fault("the upper edge lies above half the rate");
  const values = new Float64Array(bins * bands);
  for (let band = 0; band < bands; band++) {
    const [from, centre, to] = edges.slice(band, band + 3) as [number, number, number];
    if (centre === from) values[centre * bands + band] = 1;
    else for (let j = from; j <= centre; j++) values[j * bands + band] = (j - from) / (centre - from);
    for (let j = centre; j < to; j++) values[j * bands + band] = (to - j) / (to - centre);
  }
  return [stored(dtypeOf(call.int("output_datatype", 1)), [bins, bands], values)];
}

/** A window a0 - a1 cos + a2 cos 2. */
function cosineWindow(name: string, terms: readonly [number, number, number]): OnnxOp {
  return define(name, [17], "output_datatype periodic", (call) => {
    const size = call.number(0, 0);
    if (!(size >= 0 && size <= 2 ** 24)) throw call.fault(`a window of ${size}`);
    const span = call.int("periodic", 1) !== 0 ? size : size - 1;
    const values = Float64Array.from({ length: size }, (_, i) => {
      const angle = span === 0 ? 0 : (TURN * i) / span;
      return terms[0] - terms[1] * math.cos(angle) + terms[2] * math.cos(2 * angle);
    });
    return [stored(dtypeOf(call.int("output_datatype", 1)), [size], values)];
  });
}

/** Transforms and windows, in binary64 with one rounding. */
export const signalOps: readonly OnnxOp[] = [
  define("DFT", [17, 20], "axis inverse onesided", dft),
  define("STFT", [17], "onesided", stft),
  define("MelWeightMatrix", [17], "output_datatype", melWeights),
  cosineWindow("HannWindow", [0.5, 0.5, 0]),
  cosineWindow("HammingWindow", [25 / 46, 1 - 25 / 46, 0]),
  cosineWindow("BlackmanWindow", [0.42, 0.5, 0.08]),
];
