import { sizeOf } from "../../graph/ir.ts";
import { roundEven } from "../../onnx/dtype.ts";
import { broadcastStrides } from "../../ops/broadcast.ts";
import { IntegerProduct } from "../matmul/product.ts";
import { matmulReference } from "../matmul/reference.ts";
import type { IntegerProgram, IntegerStep, IntegerTensor, Rescale, Scale, Sliding } from "./program.ts";

/** An int8 value with its extents. */
interface Value {
  readonly shape: readonly number[];
  readonly values: Int8Array;
}

/** The two places where speed matters; everything else is integer arithmetic on small numbers. */
interface Arithmetic {
  /** Exact sums [m, n] of a [m, k] and fixed weights [k, n]. */
  sums(key: string, a: Int8Array, weights: Int8Array, m: number, k: number, n: number): Int32Array;
  /** floor((sum * multiplier + 2^(shift-1)) / 2^shift). */
  scaled(sum: number, multiplier: number, shift: number): number;
}

/** The obvious form: plain loops, and 64-bit whole numbers. */
export const referenceArithmetic: Arithmetic = {
  sums: (_, a, weights, m, k, n) => matmulReference(a, weights, m, k, n),
  scaled: (sum, multiplier, shift) =>
    Number((BigInt(sum) * BigInt(multiplier) + (1n << BigInt(shift - 1))) >> BigInt(shift)),
};

/**
 * The fast form: packed WebAssembly products. A sum has at most 32 bits and a multiplier 21, so their product and half
 * of 2^shift (at most 2^50) are exact in binary64, and so is the division by a power of two.
 */
function kernelArithmetic(): Arithmetic {
  const products = new Map<string, IntegerProduct>();
  return {
    sums: (key, a, weights, m, k, n) => {
      let product = products.get(key);
      if (product === undefined) {
        product = new IntegerProduct(weights, m, k, n);
        products.set(key, product);
      }
      return product.sums(a);
    },
    scaled: (sum, multiplier, shift) => Math.floor((sum * multiplier + 2 ** (shift - 1)) / 2 ** shift),
  };
}

const clamp = (value: number, low: number, high: number): number => (value < low ? low : value > high ? high : value);

/** Runs integer programs; the same bits with either arithmetic. */
export class IntegerRunner {
  readonly #program: IntegerProgram;
  readonly #tensors: ReadonlyMap<string, IntegerTensor>;
  readonly #arithmetic: Arithmetic;

  constructor(
    program: IntegerProgram,
    tensors: ReadonlyMap<string, IntegerTensor>,
    arithmetic: Arithmetic = kernelArithmetic(),
  ) {
    this.#program = program;
    this.#tensors = tensors;
    this.#arithmetic = arithmetic;
  }

  /** Real answer for a real input (row-major, as many numbers as the input has): quantised on the way in, scaled on the way out. */
  run(x: Float32Array): Float32Array {
    const { output } = this.#program;
    const { values } = this.integers(quantised(x, this.#program.input));
    return Float32Array.from(values, (q) => Math.fround((q - output.zero) * Math.fround(output.scale)));
  }

  /** The int8 answer for an int8 input. */
  integers(x: Int8Array): Value {
    const { input, output, steps } = this.#program;
    const known = new Map<string, Value>([[input.name, { shape: input.shape, values: x }]]);
    for (const { name, kind, shape, values } of this.#tensors.values())
      if (kind === "int8") known.set(name, { shape, values });
    const value = (name: string): Value => known.get(name) as Value;
    for (const step of steps) known.set(step.output, { shape: step.shape, values: this.#step(step, value) });
    return value(output.value);
  }

  #step(step: IntegerStep, value: (name: string) => Value): Int8Array {
    switch (step.op) {
      case "matmul":
        return this.#matmul(step, value(step.x));
      case "conv2d":
        return this.#conv(step, value(step.x));
      case "table": {
        const table = this.#tensors.get(step.table)?.values as Int8Array;
        return value(step.x).values.map((q) => table[q + 128] as number);
      }
      case "add":
      case "mul":
        return this.#pair(step, value(step.a), value(step.b));
      case "maxpool":
        return maxpool(value(step.x), step.window, step.shape);
      case "mean":
        return this.#mean(step, value(step.x));
      case "softmax":
        return softmax(value(step.x), this.#tensors.get(step.table)?.values as Int32Array);
      case "reshape":
        return value(step.x).values;
      case "permute":
        return permuted(value(step.x), step.perm, step.shape);
    }
  }

  #rescaled(sum: number, { multipliers, shifts, zero, low, high }: Rescale, channel: number): number {
    const at = multipliers.length === 1 ? 0 : channel;
    return clamp(this.#arithmetic.scaled(sum, multipliers[at] as number, shifts[at] as number) + zero, low, high);
  }

  #matmul(step: Extract<IntegerStep, { op: "matmul" }>, x: Value): Int8Array {
    const weights = this.#tensors.get(step.weights) as IntegerTensor;
    const bias = this.#tensors.get(step.bias)?.values as Int32Array;
    const [k, n] = weights.shape as [number, number];
    const m = x.values.length / k;
    const sums = this.#arithmetic.sums(step.output, x.values, weights.values as Int8Array, m, k, n);
    return Int8Array.from(sums, (sum, i) => this.#rescaled(sum + (bias[i % n] as number), step.rescale, i % n));
  }

  #conv(step: Extract<IntegerStep, { op: "conv2d" }>, x: Value): Int8Array {
    const { window, groups, padding, rescale, shape } = step;
    const weights = this.#tensors.get(step.weights) as IntegerTensor;
    const bias = this.#tensors.get(step.bias)?.values as Int32Array;
    const [outputs, inputs, kh, kw] = weights.shape as [number, number, number, number];
    const [, , rows, columns] = shape as [number, number, number, number];
    const [, c, h, w] = x.shape as [number, number, number, number];
    const [area, depth, each] = [rows * columns, inputs * kh * kw, outputs / groups];
    const result = new Int8Array(sizeOf(shape));
    const patches = new Int8Array(area * depth);
    for (let image = 0; image < (x.shape[0] as number); image++)
      for (let group = 0; group < groups; group++) {
        let at = 0;
        for (let y = 0; y < rows; y++)
          for (let column = 0; column < columns; column++)
            for (let i = 0; i < inputs; i++)
              for (let a = 0; a < kh; a++)
                for (let b = 0; b < kw; b++) {
                  const row = y * window.strides[0] - window.pads[0] + a * window.dilations[0];
                  const place = column * window.strides[1] - window.pads[1] + b * window.dilations[1];
                  const inside = row >= 0 && row < h && place >= 0 && place < w;
                  const from = ((image * c + group * inputs + i) * h + row) * w + place;
                  patches[at++] = inside ? (x.values[from] as number) : padding;
                }
        const right = new Int8Array(depth * each);
        for (let o = 0; o < each; o++)
          for (let d = 0; d < depth; d++)
            right[d * each + o] = weights.values[(group * each + o) * depth + d] as number;
        const sums = this.#arithmetic.sums(`${step.output}:${group}`, patches, right, area, depth, each);
        for (let o = 0; o < each; o++) {
          const channel = group * each + o;
          for (let p = 0; p < area; p++)
            result[(image * outputs + channel) * area + p] = this.#rescaled(
              (sums[p * each + o] as number) + (bias[channel] as number),
              rescale,
              channel,
            );
        }
      }
    return result;
  }

  #pair(step: Extract<IntegerStep, { op: "add" | "mul" }>, a: Value, b: Value): Int8Array {
    const { shape, zeros, multipliers, shift, zero, low, high } = step;
    const [left, right] = [offsets(a.shape, shape), offsets(b.shape, shape)];
    const half = 2 ** (shift - 1);
    return Int8Array.from({ length: sizeOf(shape) }, (_, i) => {
      const [x, y] = [
        (a.values[left[i] as number] as number) - zeros[0],
        (b.values[right[i] as number] as number) - zeros[1],
      ];
      const sum =
        step.op === "add"
          ? x * (multipliers[0] as number) + y * (multipliers[1] as number)
          : x * y * (multipliers[0] as number);
      return clamp(Math.floor((sum + half) / 2 ** shift) + zero, low, high);
    });
  }

  #mean(step: Extract<IntegerStep, { op: "mean" }>, x: Value): Int8Array {
    const { window, zero, rescale, shape } = step;
    if (window === null) {
      const count = x.values.length / sizeOf(shape);
      return Int8Array.from({ length: sizeOf(shape) }, (_, row) => {
        let sum = 0;
        for (let j = 0; j < count; j++) sum += (x.values[row * count + j] as number) - zero;
        return this.#rescaled(sum, rescale, 0);
      });
    }
    return overWindows(x, window, shape, (taps) => {
      let sum = 0;
      for (const q of taps) sum += q - zero;
      return this.#rescaled(sum, rescale, 0);
    });
  }
}

/** Real numbers as int8: round half to even of x / scale, plus zero, clamped; NaN counts as 0. */
export function quantised(x: Float32Array, { scale, zero }: Scale): Int8Array {
  const step = Math.fround(scale);
  return Int8Array.from(x, (value) => {
    const q = roundEven(Math.fround(value / step)) + zero;
    return Number.isNaN(q) ? zero : clamp(q, -128, 127);
  });
}

function offsets(from: readonly number[], to: readonly number[]): Int32Array {
  const strides = broadcastStrides(from, to);
  return Int32Array.from({ length: sizeOf(to) }, (_, i) => {
    let [rest, at] = [i, 0];
    for (let axis = to.length - 1; axis >= 0; axis--) {
      at += (rest % (to[axis] as number)) * (strides[axis] as number);
      rest = Math.floor(rest / (to[axis] as number));
    }
    return at;
  });
}

/** Calls `rule` with the taps of every window that lie on the plane. */
function overWindows(
  x: Value,
  window: Sliding,
  shape: readonly number[],
  rule: (taps: readonly number[]) => number,
): Int8Array {
  const [, , h, w] = x.shape as [number, number, number, number];
  const [, , rows, columns] = shape as [number, number, number, number];
  return Int8Array.from({ length: sizeOf(shape) }, (_, i) => {
    const plane = Math.floor(i / (rows * columns)) * h * w;
    const [y, column] = [Math.floor(i / columns) % rows, i % columns];
    const taps: number[] = [];
    for (let a = 0; a < window.kernel[0]; a++)
      for (let b = 0; b < window.kernel[1]; b++) {
        const row = y * window.strides[0] - window.pads[0] + a * window.dilations[0];
        const place = column * window.strides[1] - window.pads[1] + b * window.dilations[1];
        if (row >= 0 && row < h && place >= 0 && place < w) taps.push(x.values[plane + row * w + place] as number);
      }
    return rule(taps);
  });
}

function maxpool(x: Value, window: Sliding, shape: readonly number[]): Int8Array {
  return overWindows(x, window, shape, (taps) => taps.reduce((most, q) => (q > most ? q : most), -128));
}

/** Rows of the last axis: e = table[most - q], answer floor((256 e + sum / 2) / sum) - 128, at most 127: scale 1/256, zero -128. */
function softmax(x: Value, table: Int32Array): Int8Array {
  const n = x.shape.at(-1) as number;
  const result = new Int8Array(x.values.length);
  for (let from = 0; from < result.length; from += n) {
    const row = x.values.subarray(from, from + n);
    const most = row.reduce((a, b) => (b > a ? b : a), -128);
    const e = Array.from(row, (q) => table[most - q] as number);
    const sum = e.reduce((a, b) => a + b, 0);
    e.forEach((value, j) => {
      result[from + j] = Math.min(127, Math.floor((value * 256 + Math.floor(sum / 2)) / sum) - 128);
    });
  }
  return result;
}

function permuted(x: Value, perm: readonly number[], shape: readonly number[]): Int8Array {
  const strides = perm.map((axis) => sizeOf(x.shape.slice(axis + 1)));
  return Int8Array.from({ length: x.values.length }, (_, i) => {
    let [rest, at] = [i, 0];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += (rest % (shape[axis] as number)) * (strides[axis] as number);
      rest = Math.floor(rest / (shape[axis] as number));
    }
    return x.values[at] as number;
  });
}
