import { engineOp } from "../kernels.ts";
import { countOf, type OnnxTensor, stridesOf } from "../tensor.ts";
import { matrix } from "./matmul.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { concat, part } from "./shape.ts";
import { functionsOf, mapped, product, step, stored } from "./shared.ts";

/** How a window slides over the spatial axes; any number of them. */
export interface Slide {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly out: readonly number[];
}

/** Reads kernel_shape, strides, dilations, pads, auto_pad and ceil_mode for spatial extents `size`. */
export function slideOf(call: Call, size: readonly number[], kernel: readonly number[]): Slide {
  const rank = size.length;
  const list = (name: string, fallback: number, count = rank): number[] => {
    const given = call.ints(name) ?? new Array<number>(count).fill(fallback);
    const least = name === "pads" ? 0 : 1;
    if (given.length !== count || given.some((n) => n < least || n > 2 ** 20))
      throw call.fault(`${name} [${given}] does not fit`);
    return given;
  };
  const [strides, dilations] = [list("strides", 1), list("dilations", 1)];
  const pads = list("pads", 0, rank * 2);
  const auto = call.string("auto_pad", "NOTSET");
  const reach = kernel.map((k, i) => (k - 1) * (dilations[i] as number) + 1);
  let [before, after] = [pads.slice(0, rank), pads.slice(rank)];
  if (auto === "SAME_UPPER" || auto === "SAME_LOWER") {
    const total = size.map((n, i) => {
      const [stride, out] = [strides[i] as number, Math.ceil(n / (strides[i] as number))];
      return Math.max(0, (out - 1) * stride + (reach[i] as number) - n);
    });
    before = total.map((n) => (auto === "SAME_UPPER" ? Math.floor(n / 2) : Math.ceil(n / 2)));
    after = total.map((n, i) => n - (before[i] as number));
  } else if (auto === "VALID") [before, after] = [size.map(() => 0), size.map(() => 0)];
  else if (auto !== "NOTSET") throw call.unsupported(`auto_pad "${auto}" is unknown`);
  const ceil = call.int("ceil_mode", 0) !== 0;
  const out = size.map((n, i) => {
    const stride = strides[i] as number;
    const room = n + (before[i] as number) + (after[i] as number) - (reach[i] as number);
    if (room < 0) throw call.fault(`a window of [${kernel}] does not fit into [${size}]`);
    const places = (ceil ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
    return ceil && (places - 1) * stride >= n + (before[i] as number) ? places - 1 : places;
  });
  return { kernel, strides, dilations, before, after, out };
}

/** For one output place and every tap, the offset in the plane, or -1 on the padding. */
export function tapsOf(slide: Slide, size: readonly number[]): (place: readonly number[], tap: number) => number {
  const [steps, plane] = [stridesOf(slide.kernel), stridesOf(size)];
  return (place, tap) => {
    let at = 0;
    for (let i = 0; i < size.length; i++) {
      const k = Math.floor(tap / (steps[i] as number)) % (slide.kernel[i] as number);
      const index =
        (place[i] as number) * (slide.strides[i] as number) -
        (slide.before[i] as number) +
        k * (slide.dilations[i] as number);
      if (index < 0 || index >= (size[i] as number)) return -1;
      at += index * (plane[i] as number);
    }
    return at;
  };
}

/** The coordinates of every place of a plane, row-major. */
export function places(out: readonly number[]): number[][] {
  const steps = stridesOf(out);
  return Array.from({ length: countOf(out) }, (_, i) =>
    out.map((n, axis) => Math.floor(i / (steps[axis] as number)) % n),
  );
}

function withBias(y: OnnxTensor, bias: OnnxTensor | undefined): OnnxTensor {
  if (bias === undefined) return y;
  const [c, inner] = [y.shape[1] ?? 1, product(y.shape, 2)];
  const f = step(y.dtype);
  const values = y.dtype === "float64" ? new Float64Array(y.data.length) : new Float32Array(y.data.length);
  for (let i = 0; i < values.length; ) {
    const more = bias.data[(i / inner) % c] as number;
    for (const end = i + inner; i < end; i++) values[i] = f((y.data[i] as number) + more);
  }
  return stored(y.dtype, y.shape, values);
}

/** Convolution without bias; two spatial axes of binary32 run on the engine's own operator. */
export function convolve(call: Call, x: OnnxTensor, w: OnnxTensor): OnnxTensor {
  const size = x.shape.slice(2);
  const kernel = call.ints("kernel_shape") ?? w.shape.slice(2);
  const group = call.int("group", 1);
  const [n = 0, c = 0] = x.shape;
  const o = w.shape[0] ?? 0;
  if (
    w.shape.length !== x.shape.length ||
    kernel.join() !== w.shape.slice(2).join() ||
    group < 1 ||
    c % group !== 0 ||
    o % group !== 0 ||
    w.shape[1] !== c / group
  )
    throw call.fault(`weights [${w.shape}] do not slide over [${x.shape}] in ${group} groups`);
  const slide = slideOf(call, size, kernel);
  const shape = [n, o, ...slide.out];
  countOf(shape);
  if (size.length <= 2 && x.data instanceof Float32Array && w.data instanceof Float32Array && product(shape) > 0) {
    const line = size.length === 1;
    const [xs, ws] = line
      ? [
          [n, c, 1, size[0] as number],
          [o, c / group, 1, kernel[0] as number],
        ]
      : [x.shape, w.shape];
    const pair = (list: readonly number[], one: number): number[] => (line ? [one, ...list] : [...list]);
    const attrs = {
      strides: pair(slide.strides, 1),
      dilations: pair(slide.dilations, 1),
      pads: [...pair(slide.before, 0), ...pair(slide.after, 0)],
      groups: group,
    };
    const work = product(shape) * product(w.shape, 1);
    return stored(
      x.dtype,
      shape,
      engineOp(
        "conv2d",
        [
          { shape: xs, values: x.data },
          { shape: ws, values: w.data },
        ],
        attrs,
        work,
      ),
    );
  }
  return convolveAny(x, w, slide, shape, group);
}

function convolveAny(x: OnnxTensor, w: OnnxTensor, slide: Slide, shape: readonly number[], group: number): OnnxTensor {
  const [n = 0, c = 0] = x.shape;
  const size = x.shape.slice(2);
  const [area, plane, taps] = [product(slide.out), product(size), product(slide.kernel)];
  const [inputs, outputs] = [c / group, (w.shape[0] ?? 0) / group];
  const [offset, all] = [tapsOf(slide, size), places(slide.out)];
  const values = new Float64Array(product(shape));
  for (let image = 0; image < n; image++)
    for (let g = 0; g < group; g++) {
      const columns =
        x.dtype === "float64" ? new Float64Array(inputs * taps * area) : new Float32Array(inputs * taps * area);
      for (let i = 0; i < inputs; i++)
        for (let tap = 0; tap < taps; tap++)
          all.forEach((place, p) => {
            const at = offset(place, tap);
            if (at >= 0)
              columns[(i * taps + tap) * area + p] = x.data[(image * c + g * inputs + i) * plane + at] as number;
          });
      const depth = inputs * taps;
      const weights = (w.data as Float32Array).slice(g * outputs * depth, (g + 1) * outputs * depth);
      values.set(matrix(x.dtype, weights, columns, outputs, depth, area), (image * group + g) * outputs * area);
    }
  return stored(x.dtype, shape, values);
}

function transposedConv(call: Call): OnnxTensor[] {
  const [x, w] = [call.tensor(0), call.tensor(1)];
  call.expectKind(x, "float");
  const size = x.shape.slice(2);
  const rank = size.length;
  const kernel = call.ints("kernel_shape") ?? w.shape.slice(2);
  const group = call.int("group", 1);
  const [n = 0, c = 0] = x.shape;
  const each = w.shape[1] ?? 0;
  if (w.shape[0] !== c || group < 1 || c % group !== 0 || kernel.join() !== w.shape.slice(2).join())
    throw call.fault("weights do not fit");
  const list = (name: string, fallback: number): number[] => call.ints(name) ?? new Array<number>(rank).fill(fallback);
  const [strides, dilations, extra] = [list("strides", 1), list("dilations", 1), list("output_padding", 0)];
  const auto = call.string("auto_pad", "NOTSET");
  const given = call.ints("output_shape")?.slice(-rank);
  const natural = size.map(
    (s, i) =>
      (strides[i] as number) * (s - 1) +
      (extra[i] as number) +
      ((kernel[i] as number) - 1) * (dilations[i] as number) +
      1,
  );
  const pads = call.ints("pads") ?? new Array<number>(2 * rank).fill(0);
  let before = pads.slice(0, rank);
  let out = natural.map((total, i) => total - (pads[i] as number) - (pads[i + rank] as number));
  const same = auto === "SAME_UPPER" || auto === "SAME_LOWER";
  if (given !== undefined || same) {
    out = given ?? size.map((s, i) => s * (strides[i] as number));
    const total = natural.map((all, i) => all - (out[i] as number));
    if (given === undefined && total.some((n) => n < 0))
      throw call.unsupported(`${auto} with strides beyond what the windows reach`);
    before = total.map((all) => Math.max(0, auto === "SAME_UPPER" ? Math.floor(all / 2) : Math.ceil(all / 2)));
  } else if (auto !== "NOTSET" && auto !== "VALID") throw call.unsupported(`auto_pad "${auto}" is unknown`);
  const shape = [n, each * group, ...out];
  const values = new Float64Array(countOf(shape));
  const f = step(x.dtype);
  const [taps, plane, area, inputs] = [product(kernel), product(size), product(out), c / group];
  const [from, tapPlaces, steps] = [places(size), places(kernel), stridesOf(out)];
  for (let image = 0; image < n; image++)
    for (let o = 0; o < each * group; o++)
      for (let i = 0; i < inputs; i++) {
        const channel = Math.floor(o / each) * inputs + i;
        from.forEach((place, p) => {
          const value = x.data[(image * c + channel) * plane + p] as number;
          tapPlaces.forEach((tap, t) => {
            let at = 0;
            for (let d = 0; d < rank; d++) {
              const index =
                (place[d] as number) * (strides[d] as number) +
                (tap[d] as number) * (dilations[d] as number) -
                (before[d] as number);
              if (index < 0 || index >= (out[d] as number)) return;
              at += index * (steps[d] as number);
            }
            const to = (image * each * group + o) * area + at;
            const weight = w.data[(channel * each + (o % each)) * taps + t] as number;
            values[to] = f((values[to] as number) + f(value * weight));
          });
        });
      }
  return [withBias(stored(x.dtype, shape, values), call.optional(2))];
}

function columnsToImage(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const [size, block] = [call.numbers(1) ?? [], call.numbers(2) ?? []];
  const slide = slideOf(call, size, block);
  const [area, taps, plane] = [product(slide.out), product(block), product(size)];
  const n = x.shape[0] ?? 0;
  const c = (x.shape[1] ?? 0) / taps;
  if (!Number.isInteger(c) || x.shape[2] !== area)
    throw call.fault(`[${x.shape}] does not hold ${area} blocks of ${taps}`);
  const [offset, all] = [tapsOf(slide, size), places(slide.out)];
  const values = new Float64Array(n * c * plane);
  const f = step(x.dtype);
  for (let image = 0; image < n * c; image++)
    for (let tap = 0; tap < taps; tap++)
      all.forEach((place, p) => {
        const at = offset(place, tap);
        if (at >= 0)
          values[image * plane + at] = f(
            (values[image * plane + at] as number) + (x.data[(image * taps + tap) * area + p] as number),
          );
      });
  return [stored(x.dtype, [n, c, ...size], values)];
}

function causalConv(call: Call): OnnxTensor[] {
  const [x, w, bias] = [call.tensor(0), call.tensor(1), call.optional(2)];
  const [n = 0, c = 0] = x.shape;
  const k = w.shape[2] ?? 1;
  const past = call.optional(3) ?? stored(x.dtype, [n, c, k - 1], new Float32Array(n * c * (k - 1)));
  const all = concat(call, [past, x], 2);
  const length = all.shape[2] ?? 0;
  const image = engineOp(
    "conv2d",
    [
      { shape: [n, c, 1, length], values: all.data as Float32Array },
      { shape: [c, 1, 1, k], values: w.data as Float32Array },
    ],
    { groups: c },
  );
  const y = withBias(stored(x.dtype, x.shape, image), bias);
  const name = call.string("activation", "none");
  if (!["none", "silu", "swish"].includes(name)) throw call.unsupported(`activation "${name}" is unknown`);
  const { exp } = functionsOf(x.dtype);
  const f = step(x.dtype);
  const active = name === "none" ? y : mapped(y, (v) => f(v * f(1 / f(1 + exp(-v)))));
  return [active, part(all, 2, length - (k - 1), k - 1)];
}

/** Convolutions; every element is one sum from +0 over channels, then taps. */
export const convOps: readonly OnnxOp[] = [
  define("Conv", [1, 11, 22], "auto_pad dilations group kernel_shape pads strides", (call) => {
    call.expectKind(call.tensor(0), "float");
    return [withBias(convolve(call, call.tensor(0), call.tensor(1)), call.optional(2))];
  }),
  define(
    "ConvTranspose",
    [1, 11, 22],
    "auto_pad dilations group kernel_shape output_padding output_shape pads strides",
    transposedConv,
  ),
  define("Col2Im", [18], "dilations pads strides", columnsToImage),
  define("CausalConvWithState", [27], "activation", causalConv),
];
