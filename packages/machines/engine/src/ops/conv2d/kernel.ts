import { gather } from "../elementwise.ts";
import type { After } from "../matmul/after.ts";
import { BIAS_ROW } from "../matmul/after.ts";
import { cuts, type Product, productStrip, productTask, taskScratch } from "../matmul/kernel.ts";
import type { Exports, Kernel, Place, Stage } from "../op.ts";
import { unfoldImage } from "../unfold/kernel.ts";
import { ranges } from "../../threads/tape.ts";
import { isPadded } from "../window.ts";
import { depthwiseScratch, depthwiseTasks, emitDepthwise, isDepthwise } from "./depthwise.ts";
import { emitPack } from "./pack.ts";
import { type Convolution, convolutionOf } from "./shape.ts";

const align = (bytes: number): number => Math.ceil((bytes + 16) / 64) * 64;

/** Padded rows of all channels that are kept at once: they stay in the second-level cache. */
const BAND_BYTES = 196_608;
/** Unfolded columns that are multiplied at once, for windows that the direct form does not take. */
const UNFOLDED_BYTES = 131_072;
/** Multiply-adds that are worth a task of their own. */
const GRAIN = 131_072;

/** A 1 x 1 window on every place: the planes are the right operand as they stand. */
function isPointwise({ window }: Convolution): boolean {
  const { kernel, strides } = window;
  return kernel[0] * kernel[1] * strides[0] * strides[1] === 1 && !isPadded(window);
}

const depthOf = ({ inputs, window }: Convolution): number => inputs * window.kernel[0] * window.kernel[1];

/** Output rows that are unfolded at once. */
function blockRows(conv: Convolution): number {
  const row = depthOf(conv) * conv.window.out[1] * 4;
  return Math.max(1, Math.min(conv.window.out[0], Math.floor(UNFOLDED_BYTES / Math.max(1, row))));
}

/** Output rows of one band, and the padded input rows that they touch. */
function bandOf(conv: Convolution): { readonly rows: number; readonly bytes: number } {
  const { strides, out } = conv.window;
  const [high, wide] = reach(conv);
  const line = conv.inputs * wide * 4;
  const rows = Math.floor((BAND_BYTES / line - high) / strides[0]) + 1;
  const kept = Math.max(1, Math.min(out[0], rows));
  return { rows: kept, bytes: align(line * ((kept - 1) * strides[0] + high) + 64) };
}

/** Rows that one window touches, and columns that all panels of one output row touch. */
function reach({ window }: Convolution): readonly [high: number, wide: number] {
  const { kernel, dilations, strides, out } = window;
  const columns = Math.ceil(out[1] / 8) * 8;
  const edge = (columns - 1) * strides[1] + (kernel[1] - 1) * dilations[1] + 1;
  return [(kernel[0] - 1) * dilations[0] + 1, Math.ceil(edge / 4) * 4];
}

/** Whether windows are packed straight from padded rows: strides of 1 or 2 along a row. */
function isDirect({ window }: Convolution): boolean {
  return window.strides[1] <= 2;
}

/** How many tasks a convolution is cut into. */
function pieces(conv: Convolution, parts: number): number {
  const { window, channels } = conv;
  const work = window.n * channels * depthOf(conv) * window.out[0] * window.out[1];
  return Math.max(1, Math.min(parts, Math.floor(work / GRAIN)));
}

/** Scratch of one task. */
function scratchOf(conv: Convolution): number {
  const { window } = conv;
  if (isDepthwise(conv)) return depthwiseScratch(window);
  const depth = depthOf(conv);
  if (isPointwise(conv)) return taskScratch(depth, window.out[0] * window.out[1]);
  if (isDirect(conv)) return bandOf(conv).bytes + align(depth * 32) + taskScratch(depth, 8);
  const columns = blockRows(conv) * window.out[1];
  return align(depth * columns * 4) + taskScratch(depth, columns);
}

/** Where a convolution reads and writes. */
interface Job {
  readonly conv: Convolution;
  readonly x: number;
  readonly w: number;
  readonly y: number;
  readonly after: After | undefined;
}

/** The product of one image and group, without its right operand. */
function productOf({ conv, w, y, after }: Job, image: number, group: number): Omit<Product, "b" | "strideB" | "n"> {
  const { window, channels, outputs } = conv;
  const [area, depth] = [window.out[0] * window.out[1], depthOf(conv)];
  const first = group * outputs;
  const bias = after && { ...after, bias: after.bias + (after.kinds & BIAS_ROW ? first * 4 : 0) };
  const c = y + (image * channels + first) * area * 4;
  return { a: w + first * depth * 4, strideA: depth * 4, c, strideC: area * 4, m: outputs, k: depth, after: bias };
}

/** One task per image, group and range of columns. */
function pointwise(exports: Exports, job: Job, scratch: number, parts: number): Stage {
  const { window, groups, inputs } = job.conv;
  const area = window.out[0] * window.out[1];
  const size = scratchOf(job.conv);
  const [wanted, tasks] = [pieces(job.conv, parts), [] as (readonly [Product, ReturnType<typeof cuts>[0]])[]];
  for (let image = 0; image < window.n; image++)
    for (let group = 0; group < groups; group++) {
      const b = job.x + (image * window.c + group * inputs) * area * 4;
      const product = { ...productOf(job, image, group), b, strideB: area * 4, n: area };
      const own = Math.ceil(wanted / (window.n * groups));
      for (const cut of cuts(product.m, product.k, area, own)) tasks.push([product, cut]);
    }
  return ranges(tasks.length, Math.max(1, Math.min(parts, tasks.length))).map(([from, to], index) =>
    joined(tasks.slice(from, to).map(([product, cut]) => productTask(exports, product, cut, scratch + index * size))),
  );
}

function joined(tasks: Stage): () => void {
  return gather(tasks, 1)[0] ?? (() => {});
}

/**
 * One task per range of output rows. A band of rows of all channels is copied between borders of +0; eight windows
 * side by side are packed from it as one panel of the product, which goes straight into [N, O, OH, OW].
 */
function direct(exports: Exports, job: Job, scratch: number, parts: number): Stage {
  const { window, groups, inputs } = job.conv;
  const { n, c, h, w, out, strides, dilations, kernel: taps, pads } = window;
  const [depth, band, size] = [depthOf(job.conv), bandOf(job.conv), scratchOf(job.conv)];
  const [high, wide] = reach(job.conv);
  const copy = exports.unfold as (...args: number[]) => void;
  const fill = exports.fill as (...args: number[]) => void;
  const pack = exports[`conv2d.pack${strides[1]}`] as (...args: number[]) => void;
  const bands = Math.ceil(out[0] / band.rows);
  const columns = Math.min(w, wide - pads[1]);
  const oneBand = (at: number, padded: number): void => {
    const group = Math.floor(at / bands) % groups;
    const image = Math.floor(at / bands / groups);
    const first = (at % bands) * band.rows;
    const last = Math.min(out[0], first + band.rows);
    const lines = (last - 1 - first) * strides[0] + high;
    const top = first * strides[0] - pads[0];
    const [from, to] = [Math.max(0, top), Math.max(Math.max(0, top), Math.min(h, top + lines))];
    const plane = wide * lines * 4;
    if (isPadded(window) || wide > columns) fill(padded, (plane * inputs) / 4 + 16, 0);
    for (let channel = 0; channel < inputs; channel++) {
      const source = job.x + ((image * c + group * inputs + channel) * h + from) * w * 4;
      copy(
        source,
        padded + channel * plane + ((from - top) * wide + pads[1]) * 4,
        to - from,
        columns,
        w * 4,
        wide * 4,
        4,
      );
    }
    const rest = productOf(job, image, group);
    const packed = padded + band.bytes;
    const product = { ...rest, b: 0, strideB: 0, n: out[1], packed };
    const strip = productStrip(exports, product, packed + align(depth * 32));
    const [stepI, stepJ] = [dilations[0] * wide * 4, dilations[1] * 4];
    for (let y = first; y < last; y++)
      for (let x = 0; x < out[1]; x += 8) {
        const corner = padded + ((y - first) * strides[0] * wide + x * strides[1]) * 4;
        pack(corner, packed, inputs, taps[0], taps[1], plane, stepI, stepJ);
        strip(rest.c + y * out[1] * 4, x);
      }
  };
  return ranges(n * groups * bands, pieces(job.conv, parts)).map(([from, to], index) => () => {
    for (let at = from; at < to; at++) oneBand(at, scratch + index * size);
  });
}

/** One task per range of output rows: unfold some rows, multiply, write them straight into [N, O, OH, OW]. */
function general(exports: Exports, job: Job, scratch: number, parts: number): Stage {
  const { window, groups, inputs } = job.conv;
  const { n, c, h, w, out } = window;
  const [depth, block, size] = [depthOf(job.conv), blockRows(job.conv), scratchOf(job.conv)];
  const blocks = Math.ceil(out[0] / block);
  return ranges(n * groups * blocks, pieces(job.conv, parts)).map(([from, to], index) => {
    const unfolded = scratch + index * size;
    const packed = unfolded + align(depth * block * out[1] * 4);
    return () => {
      for (let at = from; at < to; at++) {
        const group = Math.floor(at / blocks) % groups;
        const image = Math.floor(at / blocks / groups);
        const first = (at % blocks) * block;
        const rows = [first, Math.min(out[0], first + block)] as const;
        const columns = (rows[1] - rows[0]) * out[1];
        const plane = job.x + image * c * h * w * 4;
        unfoldImage(exports, window, plane, [group * inputs, (group + 1) * inputs], { to: unfolded, columns, rows });
        const rest = productOf(job, image, group);
        const target = rest.c + rows[0] * out[1] * 4;
        const product = { ...rest, c: target, b: unfolded, strideB: columns * 4, n: columns };
        productTask(exports, product, { rows: [0, rest.m], columns: [0, columns] }, packed)();
      }
    };
  });
}

/** All of a convolution as one stage, with a bias and a clamp where wanted. */
export function convolve(
  exports: Exports,
  [x, w]: readonly Place[],
  output: Place,
  attrs: Parameters<Kernel["bind"]>[3],
  scratch: number,
  parts: number,
  after?: After,
): Stage {
  const conv = convolutionOf((x as Place).shape, (w as Place).shape, attrs);
  const job = { conv, x: (x as Place).at, w: (w as Place).at, y: output.at, after };
  if (isDepthwise(conv)) return depthwiseTasks(exports, job, scratch, pieces(conv, parts));
  return (isPointwise(conv) ? pointwise : isDirect(conv) ? direct : general)(exports, job, scratch, parts);
}

/** Depthwise 3 x 3 windows and others of stride 1 or 2 directly, 1 x 1 windows as a plain product, the rest unfolded. */
export const kernel: Kernel = {
  scratch([x, w], attrs, parts) {
    const conv = convolutionOf(x as readonly number[], w as readonly number[], attrs);
    return parts * scratchOf(conv);
  },
  emit(module) {
    emitDepthwise(module);
    emitPack(module);
  },
  bind(exports, operands, output, attrs, scratch) {
    return joined(convolve(exports, operands, output, attrs, scratch, 1));
  },
  split(exports, operands, output, attrs, scratch, parts) {
    return [convolve(exports, operands, output, attrs, scratch, parts)];
  },
};
