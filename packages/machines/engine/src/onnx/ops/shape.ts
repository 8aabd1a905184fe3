import { isLong } from "../dtype.ts";
import { OnnxModelError } from "../errors.ts";
import { countOf, longs, numbersOf, type OnnxTensor, reshaped, stridesOf, zeros } from "../tensor.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { broadcastShape, copyRun, expanded, gathered, offsetsBy, product, transposed } from "./shared.ts";

function reshape(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const wanted = call.numbers(1) ?? [];
  const keepZero = call.int("allowzero", 0) !== 0;
  const shape = wanted.map((extent, axis) => (extent === 0 && !keepZero ? (x.shape[axis] ?? 0) : extent));
  const free = shape.indexOf(-1);
  if (free >= 0) {
    const rest = product(shape.filter((_, axis) => axis !== free));
    if (rest === 0 || x.data.length % rest !== 0) throw call.fault(`[${x.shape}] cannot become [${wanted}]`);
    shape[free] = x.data.length / rest;
  }
  return [reshaped(x, shape)];
}

function squeeze(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const given = call.numbers(1) ?? call.ints("axes");
  const axes = new Set(
    given?.map((axis) => call.axis(axis, x.shape.length)) ??
      x.shape.flatMap((extent, axis) => (extent === 1 ? [axis] : [])),
  );
  for (const axis of axes) if (x.shape[axis] !== 1) throw call.fault(`axis ${axis} of [${x.shape}] is not 1`);
  return [
    reshaped(
      x,
      x.shape.filter((_, axis) => !axes.has(axis)),
    ),
  ];
}

function unsqueeze(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const given = call.numbers(1) ?? call.ints("axes") ?? [];
  const rank = x.shape.length + given.length;
  const axes = new Set(given.map((axis) => call.axis(axis, rank)));
  if (axes.size !== given.length) throw call.fault("an axis is named twice");
  let next = 0;
  return [
    reshaped(
      x,
      Array.from({ length: rank }, (_, axis) => (axes.has(axis) ? 1 : (x.shape[next++] as number))),
    ),
  ];
}

function flatten(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const axis = call.axis(call.int("axis", 1), x.shape.length, x.shape.length);
  return [reshaped(x, [product(x.shape, 0, axis), product(x.shape, axis)])];
}

function transpose(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const perm = call.ints("perm") ?? x.shape.map((_, axis) => x.shape.length - 1 - axis);
  if (perm.length !== x.shape.length || new Set(perm).size !== perm.length)
    throw call.fault(`perm [${perm}] does not order ${x.shape.length} axes`);
  return [
    transposed(
      x,
      perm.map((axis) => call.axis(axis, x.shape.length)),
    ),
  ];
}

/** Tensors one after another along an axis. */
export function concat(call: Call, list: readonly OnnxTensor[], axis: number): OnnxTensor {
  const first = list[0];
  if (first === undefined) throw call.fault("it needs an operand");
  let extent = 0;
  for (const tensor of list) {
    call.expectSame(first, tensor);
    const fits =
      tensor.shape.length === first.shape.length && tensor.shape.every((n, i) => i === axis || n === first.shape[i]);
    if (!fits) throw call.fault(`[${first.shape}] and [${tensor.shape}] do not join along axis ${axis}`);
    extent += tensor.shape[axis] as number;
  }
  const result = zeros(
    first.dtype,
    first.shape.map((n, i) => (i === axis ? extent : n)),
  );
  const outer = product(first.shape, 0, axis);
  let at = 0;
  for (let i = 0; i < outer; i++)
    for (const { shape, data } of list) {
      const run = product(shape, axis);
      copyRun(result.data, at, data, i * run, run);
      at += run;
    }
  return result;
}

/** The part [from, from + count) of an axis. */
export function part(x: OnnxTensor, axis: number, from: number, count: number): OnnxTensor {
  const result = zeros(
    x.dtype,
    x.shape.map((extent, i) => (i === axis ? count : extent)),
  );
  const [inner, extent] = [product(x.shape, axis + 1), x.shape[axis] as number];
  if (from < 0 || from + count > extent) throw new OnnxModelError("A part outside of the operand is asked for.");
  for (let outer = 0; outer < product(x.shape, 0, axis); outer++)
    copyRun(result.data, outer * count * inner, x.data, (outer * extent + from) * inner, count * inner);
  return result;
}

/** Sizes of the parts of Split. */
export function splitSizes(call: Call, extent: number, given: readonly number[] | undefined, parts: number): number[] {
  if (given !== undefined) {
    if (given.some((n) => n < 0) || given.reduce((a, b) => a + b, 0) !== extent)
      throw call.fault(`parts [${given}] do not make up ${extent}`);
    return [...given];
  }
  const chunk = Math.ceil(extent / parts);
  return Array.from({ length: parts }, (_, i) => Math.max(0, Math.min(chunk, extent - i * chunk)));
}

function split(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const axis = call.axis(call.int("axis", 0), x.shape.length);
  const given = call.numbers(1) ?? call.ints("split");
  const parts = call.int("num_outputs", call.node.output.length);
  const sizes = splitSizes(call, x.shape[axis] as number, given, parts);
  let from = 0;
  return sizes.map((count) => {
    const piece = part(x, axis, from, count);
    from += count;
    return piece;
  });
}

function slice(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const rank = x.shape.length;
  const starts = call.numbers(1) ?? call.ints("starts") ?? [];
  const ends = call.numbers(2) ?? call.ints("ends") ?? [];
  const axes = (call.numbers(3) ?? call.ints("axes") ?? starts.map((_, i) => i)).map((axis) => call.axis(axis, rank));
  const steps = call.numbers(4) ?? starts.map(() => 1);
  if (starts.length !== ends.length || axes.length !== starts.length || steps.length !== starts.length)
    throw call.fault("starts, ends, axes and steps differ in length");
  const strides = stridesOf(x.shape);
  const [shape, walk] = [[...x.shape], [...strides]];
  let at = 0;
  axes.forEach((axis, i) => {
    const [extent, step] = [x.shape[axis] as number, steps[i] as number];
    if (step === 0) throw call.fault("a step is 0");
    const wrap = (n: number): number => (n < 0 ? n + extent : n);
    const clamp = (n: number, low: number, high: number): number => Math.max(low, Math.min(high, n));
    const [low, high] = step > 0 ? [0, extent] : [-1, extent - 1];
    const from = clamp(wrap(starts[i] as number), step > 0 ? 0 : 0, high);
    const to = clamp(wrap(ends[i] as number), low, high);
    shape[axis] = Math.max(0, Math.ceil((to - from) / step));
    at += from * (strides[axis] as number);
    walk[axis] = step * (strides[axis] as number);
  });
  return [gathered(x, shape, offsetsBy(shape, walk, at))];
}

function tile(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const repeats = call.numbers(1) ?? [];
  if (repeats.length !== x.shape.length || repeats.some((n) => n < 0)) throw call.fault("repeats do not fit");
  const shape = x.shape.map((extent, axis) => extent * (repeats[axis] as number));
  countOf(shape);
  const wide = x.shape.flatMap((extent, axis) => [repeats[axis] as number, extent]);
  const strides = stridesOf(x.shape).flatMap((stride) => [0, stride]);
  return [gathered(x, shape, offsetsBy(wide, strides))];
}

function padPlace(index: number, extent: number, mode: string): number {
  if (index >= 0 && index < extent) return index;
  if (mode === "constant" || extent === 0) return -1;
  if (mode === "edge") return index < 0 ? 0 : extent - 1;
  if (mode === "wrap") return ((index % extent) + extent) % extent;
  if (extent === 1) return 0;
  const period = 2 * (extent - 1);
  const folded = ((index % period) + period) % period;
  return folded < extent ? folded : period - folded;
}

/** Grows (or, with negative pads, crops) every axis. */
export function padded(
  x: OnnxTensor,
  before: readonly number[],
  after: readonly number[],
  mode: string,
  fill: number | bigint | string,
): OnnxTensor {
  const shape = x.shape.map((extent, axis) => extent + (before[axis] as number) + (after[axis] as number));
  const result = zeros(x.dtype, shape);
  const strides = stridesOf(x.shape);
  const places = shape.map((extent, axis) =>
    Int32Array.from({ length: extent }, (_, i) =>
      padPlace(i - (before[axis] as number), x.shape[axis] as number, mode),
    ),
  );
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0; i < result.data.length; i++) {
    let at = 0;
    for (let axis = 0; axis < shape.length && at >= 0; axis++) {
      const place = (places[axis] as Int32Array)[index[axis] as number] as number;
      at = place < 0 ? -1 : at + place * (strides[axis] as number);
    }
    result.data[i] = (at < 0 ? fill : x.data[at]) as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      index[axis] = 0;
    }
  }
  return result;
}

function pad(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const pads = call.numbers(1) ?? call.ints("pads") ?? [];
  const axes = (call.numbers(3) ?? x.shape.map((_, axis) => axis)).map((axis) => call.axis(axis, x.shape.length));
  if (pads.length !== 2 * axes.length) throw call.fault("pads do not fit the axes");
  const before = x.shape.map(() => 0);
  const after = x.shape.map(() => 0);
  axes.forEach((axis, i) => {
    before[axis] = pads[i] as number;
    after[axis] = pads[i + axes.length] as number;
  });
  const mode = call.string("mode", "constant");
  if (!["constant", "reflect", "edge", "wrap"].includes(mode)) throw call.unsupported(`mode "${mode}" is unknown`);
  const given = call.optional(2)?.data[0];
  const fill =
    given ?? (isLong(x.dtype) ? BigInt(call.float("value", 0)) : x.dtype === "string" ? "" : call.float("value", 0));
  return [padded(x, before, after, mode, fill)];
}

function blocks(call: Call, x: OnnxTensor): readonly [number, number, number, number, number] {
  const size = call.int("blocksize", 0);
  if (x.shape.length !== 4 || size < 1) throw call.fault("it takes [N, C, H, W] and a blocksize");
  return [...(x.shape as [number, number, number, number]), size];
}

function depthToSpace(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const [n, c, h, w, b] = blocks(call, x);
  if (c % (b * b) !== 0) throw call.fault(`${c} channels are no multiple of ${b * b}`);
  const inner = c / (b * b);
  const rows = call.string("mode", "DCR") === "CRD";
  const cut = rows ? reshaped(x, [n, inner, b, b, h, w]) : reshaped(x, [n, b, b, inner, h, w]);
  const mixed = transposed(cut, rows ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]);
  return [reshaped(mixed, [n, inner, h * b, w * b])];
}

function spaceToDepth(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const [n, c, h, w, b] = blocks(call, x);
  if (h % b !== 0 || w % b !== 0) throw call.fault(`[${h}, ${w}] is no multiple of ${b}`);
  const cut = reshaped(x, [n, c, h / b, b, w / b, b]);
  return [reshaped(transposed(cut, [0, 3, 5, 1, 2, 4]), [n, c * b * b, h / b, w / b])];
}

function centerCropPad(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const wanted = call.numbers(1) ?? [];
  const axes = (call.ints("axes") ?? x.shape.map((_, axis) => axis)).map((axis) => call.axis(axis, x.shape.length));
  if (axes.length !== wanted.length) throw call.fault("shape and axes differ in length");
  const before = x.shape.map(() => 0);
  const after = x.shape.map(() => 0);
  axes.forEach((axis, i) => {
    const more = (wanted[i] as number) - (x.shape[axis] as number);
    before[axis] = more >= 0 ? Math.floor(more / 2) : -Math.floor(-more / 2);
    after[axis] = more - (before[axis] as number);
  });
  const fill = isLong(x.dtype) ? 0n : x.dtype === "string" ? "" : 0;
  return [padded(x, before, after, "constant", fill)];
}

function trilu(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  if (x.shape.length < 2) throw call.fault("it takes matrices");
  const k = call.number(1, 0);
  const upper = call.int("upper", 1) !== 0;
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const result = zeros(x.dtype, x.shape);
  for (let i = 0; i < x.data.length; i++) {
    const [row, column] = [Math.floor(i / columns) % rows, i % columns];
    if (upper ? column - row >= k : column - row <= k) result.data[i] = x.data[i] as number;
  }
  return [result];
}

function shapeOf(call: Call): OnnxTensor[] {
  const { shape } = call.tensor(0);
  const clamp = (n: number): number => Math.max(0, Math.min(shape.length, n < 0 ? n + shape.length : n));
  return [longs(shape.slice(clamp(call.int("start", 0)), clamp(call.int("end", shape.length))))];
}

function expand(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  return [expanded(x, broadcastShape(x.shape, Array.from(numbersOf(call.tensor(1)))))];
}

function reverseSequence(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const lengths = call.numbers(1) ?? [];
  const [batch, time] = [call.int("batch_axis", 1), call.int("time_axis", 0)];
  if (batch + time !== 1 || batch * time !== 0 || x.shape.length < 2) throw call.fault("its axes must be 0 and 1");
  const longest = x.shape[time] as number;
  if (lengths.length !== x.shape[batch] || lengths.some((n) => !(n >= 0 && n <= longest)))
    throw call.fault(`lengths [${lengths}] do not fit [${x.shape}]`);
  const strides = stridesOf(x.shape);
  const [alongBatch, alongTime] = [strides[batch] as number, strides[time] as number];
  const inner = product(x.shape, 2);
  const result = zeros(x.dtype, x.shape);
  for (let b = 0; b < (x.shape[batch] as number); b++)
    for (let t = 0; t < (x.shape[time] as number); t++) {
      const length = lengths[b] ?? 0;
      const from = t < length ? length - 1 - t : t;
      for (let i = 0; i < inner; i++)
        result.data[b * alongBatch + t * alongTime + i] = x.data[b * alongBatch + from * alongTime + i] as number;
    }
  return [result];
}

/** Operators that move elements or tell extents; no arithmetic. */
export const shapeOps: readonly OnnxOp[] = [
  define("Reshape", [5, 13, 14, 19, 21, 23, 24, 25], "allowzero", reshape),
  define("Squeeze", [1, 11, 13, 21, 23, 24, 25], "axes", squeeze),
  define("Unsqueeze", [1, 11, 13, 21, 23, 24, 25], "axes", unsqueeze),
  define("Flatten", [1, 9, 11, 13, 21, 23, 24, 25], "axis", flatten),
  define("Transpose", [1, 13, 21, 23, 24, 25], "perm", transpose),
  define("Concat", [4, 11, 13], "axis", (call) => {
    const list = call.tensors();
    return [concat(call, list, call.axis(call.int("axis", 0), list[0]?.shape.length ?? 0))];
  }),
  define("Split", [2, 11, 13, 18], "axis split num_outputs", split),
  define("Slice", [1, 10, 11, 13], "starts ends axes", slice),
  define("Tile", [6, 13], "", tile),
  define("Pad", [2, 11, 13, 18, 19, 21, 23, 24, 25], "mode pads value", pad),
  define("DepthToSpace", [1, 11, 13], "blocksize mode", depthToSpace),
  define("SpaceToDepth", [1, 13], "blocksize", spaceToDepth),
  define("CenterCropPad", [18], "axes", centerCropPad),
  define("Trilu", [14], "upper", trilu),
  define("Shape", [1, 13, 15, 19, 21, 23, 24, 25], "start end", shapeOf),
  define("Size", [1, 13, 19, 21, 23, 24, 25], "", (call) => [longs([call.tensor(0).data.length], [])]),
  define("Expand", [8, 13], "", expand),
  define("ReverseSequence", [10], "batch_axis time_axis", reverseSequence),
];
