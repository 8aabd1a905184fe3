import { isLong } from "../dtype.ts";
import { countOf, longs, numbersOf, type OnnxTensor, stridesOf, zeros } from "../tensor.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { copyRun, gathered, larger, product, smaller, transposed } from "./shared.ts";

function wrap(call: Call, index: number, extent: number): number {
  const result = index < 0 ? index + extent : index;
  if (!(result >= 0 && result < extent)) throw call.fault(`index ${index} is outside of ${extent}`);
  return result;
}

function gather(call: Call): OnnxTensor[] {
  const [x, indices] = [call.tensor(0), call.tensor(1)];
  const axis = call.axis(call.int("axis", 0), x.shape.length);
  const extent = x.shape[axis] as number;
  const inner = product(x.shape, axis + 1);
  const picks = Array.from(numbersOf(indices), (i) => wrap(call, i, extent));
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  const result = zeros(x.dtype, shape);
  let at = 0;
  for (let outer = 0; outer < product(x.shape, 0, axis); outer++)
    for (const pick of picks) {
      copyRun(result.data, at, x.data, (outer * extent + pick) * inner, inner);
      at += inner;
    }
  return [result];
}

/** Offset into a tensor of shape `to` for every index element: the index stands in for `axis`. */
function elementOffsets(call: Call, indices: OnnxTensor, to: readonly number[], axis: number): Int32Array {
  const picks = numbersOf(indices);
  const [strides, own] = [stridesOf(to), stridesOf(indices.shape)];
  return Int32Array.from({ length: indices.data.length }, (_, i) => {
    let at = 0;
    for (let d = 0; d < to.length; d++) {
      const place = Math.floor(i / (own[d] as number)) % (indices.shape[d] as number);
      const index = d === axis ? wrap(call, picks[i] as number, to[d] as number) : wrap(call, place, to[d] as number);
      at += index * (strides[d] as number);
    }
    return at;
  });
}

function gatherElements(call: Call): OnnxTensor[] {
  const [x, indices] = [call.tensor(0), call.tensor(1)];
  if (x.shape.length !== indices.shape.length) throw call.fault("ranks differ");
  const axis = call.axis(call.int("axis", 0), x.shape.length);
  return [gathered(x, indices.shape, elementOffsets(call, indices, x.shape, axis))];
}

/** Start offset for every row of indices of GatherND and ScatterND. */
function rowOffsets(call: Call, indices: OnnxTensor, to: readonly number[], batch: number): number[] {
  const depth = indices.shape.at(-1) ?? 0;
  if (depth + batch > to.length) throw call.fault("index rows are longer than the rank");
  const strides = stridesOf(to);
  const picks = numbersOf(indices);
  const rows = product(indices.shape, 0, indices.shape.length - 1);
  const perBatch = product(indices.shape, batch, indices.shape.length - 1);
  return Array.from({ length: rows }, (_, row) => {
    let at = batch === 0 ? 0 : Math.floor(row / perBatch) * product(to, batch);
    for (let j = 0; j < depth; j++)
      at += wrap(call, picks[row * depth + j] as number, to[batch + j] as number) * (strides[batch + j] as number);
    return at;
  });
}

function gatherNd(call: Call): OnnxTensor[] {
  const [x, indices] = [call.tensor(0), call.tensor(1)];
  const batch = call.int("batch_dims", 0);
  if (batch < 0 || batch >= Math.min(x.shape.length, indices.shape.length))
    throw call.fault(`batch_dims ${batch} does not fit`);
  if (x.shape.slice(0, batch).join() !== indices.shape.slice(0, batch).join()) throw call.fault("batch extents differ");
  const depth = indices.shape.at(-1) ?? 0;
  const tail = x.shape.slice(batch + depth);
  const run = product(tail);
  const starts = rowOffsets(call, indices, x.shape, batch);
  const offsets = starts.flatMap((start) => Array.from({ length: run }, (_, i) => start + i));
  return [gathered(x, [...indices.shape.slice(0, -1), ...tail], offsets)];
}

type Merge = (old: number | bigint, next: number | bigint) => number | bigint;

function mergeOf(call: Call, x: OnnxTensor): Merge {
  const name = call.string("reduction", "none");
  const f = x.dtype === "float32" ? Math.fround : (v: number): number => v;
  const both =
    (rule: (a: number, b: number) => number): Merge =>
    (a, b) =>
      isLong(x.dtype) ? rule(a as number, b as number) : f(rule(a as number, b as number));
  if (name === "none") return (_, next) => next;
  if (name === "add") return both((a, b) => a + b);
  if (name === "mul") return both((a, b) => a * b);
  if (name === "max") return both(larger);
  if (name === "min") return both(smaller);
  throw call.unsupported(`reduction "${name}" is unknown`);
}

function scatter(x: OnnxTensor, offsets: ArrayLike<number>, updates: OnnxTensor, merge: Merge): OnnxTensor {
  const result = { ...zeros(x.dtype, x.shape), data: x.data.slice() };
  for (let i = 0; i < offsets.length; i++) {
    const at = offsets[i] as number;
    result.data[at] = merge(result.data[at] as number, updates.data[i] as number) as number;
  }
  return result;
}

function scatterElements(call: Call): OnnxTensor[] {
  const [x, indices, updates] = [call.tensor(0), call.tensor(1), call.tensor(2)];
  if (x.shape.length !== indices.shape.length || indices.data.length !== updates.data.length)
    throw call.fault("indices and updates do not fit");
  const axis = call.axis(call.int("axis", 0), x.shape.length);
  return [scatter(x, elementOffsets(call, indices, x.shape, axis), updates, mergeOf(call, x))];
}

function scatterNd(call: Call): OnnxTensor[] {
  const [x, indices, updates] = [call.tensor(0), call.tensor(1), call.tensor(2)];
  const run = product(x.shape, indices.shape.at(-1) ?? 0);
  const offsets = rowOffsets(call, indices, x.shape, 0).flatMap((start) =>
    Array.from({ length: run }, (_, i) => start + i),
  );
  if (offsets.length !== updates.data.length) throw call.fault("updates do not fit the indices");
  return [scatter(x, offsets, updates, mergeOf(call, x))];
}

function oneHot(call: Call): OnnxTensor[] {
  const [indices, values] = [call.tensor(0), call.tensor(2)];
  const depth = call.number(1, 0);
  const axis = call.axis(call.int("axis", -1), indices.shape.length + 1);
  const shape = [...indices.shape.slice(0, axis), depth, ...indices.shape.slice(axis)];
  const result = zeros(values.dtype, shape);
  const inner = product(indices.shape, axis);
  const picks = numbersOf(indices);
  for (let i = 0; i < result.data.length; i++) {
    const place = Math.floor(i / inner) % depth;
    const pick = picks[Math.floor(i / (inner * depth)) * inner + (i % inner)] as number;
    const hot = pick >= -depth && pick < depth && (pick < 0 ? pick + depth : pick) === place;
    result.data[i] = values.data[hot ? 1 : 0] as number;
  }
  return [result];
}

function compress(call: Call): OnnxTensor[] {
  const [x, test] = [call.tensor(0), call.tensor(1)];
  const chosen = Array.from(numbersOf(test)).flatMap((value, i) => (value !== 0 ? [i] : []));
  if (!call.has("axis")) {
    const list = chosen.filter((i) => i < x.data.length);
    return [gathered(x, [list.length], list)];
  }
  const axis = call.axis(call.int("axis", 0), x.shape.length);
  const extent = x.shape[axis] as number;
  const list = chosen.filter((i) => i < extent);
  const inner = product(x.shape, axis + 1);
  const offsets: number[] = [];
  for (let outer = 0; outer < product(x.shape, 0, axis); outer++)
    for (const pick of list) for (let i = 0; i < inner; i++) offsets.push((outer * extent + pick) * inner + i);
  return [
    gathered(
      x,
      x.shape.map((n, i) => (i === axis ? list.length : n)),
      offsets,
    ),
  ];
}

function nonZero(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const values = numbersOf(x);
  const found = Array.from({ length: values.length }, (_, i) => i).filter((i) => values[i] !== 0);
  const rows = stridesOf(x.shape).flatMap((stride, axis) =>
    found.map((i) => Math.floor(i / stride) % (x.shape[axis] as number)),
  );
  return [longs(rows, [x.shape.length, found.length])];
}

function topK(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  call.expectKind(x, "float", "int", "uint");
  const k = call.inputs.length > 1 ? call.number(1, 0) : call.int("k", 0);
  const axis = call.axis(call.int("axis", -1), x.shape.length);
  const sign = call.int("largest", 1) !== 0 ? -1 : 1;
  const extent = x.shape[axis] as number;
  if (!(k >= 0 && k <= extent)) throw call.fault(`k = ${k} of ${extent}`);
  const inner = product(x.shape, axis + 1);
  const shape = x.shape.map((n, i) => (i === axis ? k : n));
  const offsets = new Int32Array(countOf(shape));
  const places = new Array<number>(offsets.length).fill(0);
  for (let outer = 0; outer < product(x.shape, 0, axis); outer++)
    for (let i = 0; i < inner; i++) {
      const at = (j: number): number => (outer * extent + j) * inner + i;
      const value = (j: number): number => x.data[at(j)] as number;
      const order = Array.from({ length: extent }, (_, j) => j).sort((a, b) => {
        if (value(a) === value(b)) return a - b;
        return value(a) < value(b) ? -sign : sign;
      });
      order.slice(0, k).forEach((j, rank) => {
        offsets[(outer * k + rank) * inner + i] = at(j);
        places[(outer * k + rank) * inner + i] = j;
      });
    }
  return [gathered(x, shape, offsets), longs(places, shape)];
}

function unique(call: Call): (OnnxTensor | undefined)[] {
  const x = call.tensor(0);
  const flat = !call.has("axis");
  const axis = flat ? 0 : call.axis(call.int("axis", 0), x.shape.length);
  const order = x.shape.map((_, i) => (i === 0 ? axis : i <= axis ? i - 1 : i));
  const first = flat ? x : transposed(x, order);
  const count = flat ? x.data.length : (x.shape[axis] as number);
  const run = flat ? 1 : first.data.length / Math.max(1, count);
  const compare = (a: number, b: number): number => {
    for (let i = 0; i < run; i++) {
      const [p, q] = [first.data[a * run + i] as number, first.data[b * run + i] as number];
      if (p !== q) return p < q ? -1 : 1;
    }
    return 0;
  };
  const sorted = Array.from({ length: count }, (_, i) => i).sort((a, b) => compare(a, b) || a - b);
  let groups: number[][] = [];
  for (const i of sorted) {
    const last = groups.at(-1);
    if (last !== undefined && compare(last[0] as number, i) === 0) last.push(i);
    else groups.push([i]);
  }
  if (call.int("sorted", 1) === 0) groups = groups.sort((a, b) => (a[0] as number) - (b[0] as number));
  const offsets = groups.flatMap((group) => Array.from({ length: run }, (_, i) => (group[0] as number) * run + i));
  const inverse = new Array<number>(count).fill(0);
  groups.forEach((group, g) => {
    for (const i of group) inverse[i] = g;
  });
  const kept = gathered(first, flat ? [groups.length] : [groups.length, ...first.shape.slice(1)], offsets);
  const back = x.shape.map((_, i) => (i === axis ? 0 : i < axis ? i + 1 : i));
  return [
    flat ? kept : transposed(kept, back),
    longs(groups.map((group) => group[0] as number)),
    longs(inverse),
    longs(groups.map((group) => group.length)),
  ];
}

function tensorScatter(call: Call): OnnxTensor[] {
  const [past, update] = [call.tensor(0), call.tensor(1)];
  const axis = call.axis(call.int("axis", -2), past.shape.length);
  const starts = call.numbers(2);
  const circular = call.string("mode", "linear") === "circular";
  const [extent, length] = [past.shape[axis] as number, update.shape[axis] as number];
  const inner = product(past.shape, axis + 1);
  const outer = product(past.shape, 0, axis);
  const perBatch = outer / Math.max(1, past.shape[0] as number);
  const result = { ...past, data: past.data.slice() };
  for (let o = 0; o < outer; o++)
    for (let t = 0; t < length; t++) {
      const place = (starts?.[Math.floor(o / perBatch)] ?? 0) + t;
      const to = circular ? place % extent : wrap(call, place, extent);
      for (let i = 0; i < inner; i++)
        result.data[(o * extent + to) * inner + i] = update.data[(o * length + t) * inner + i] as number;
    }
  return [result];
}

function arrayFeatures(call: Call): OnnxTensor[] {
  const [x, y] = [call.tensor(0), call.numbers(1) ?? []];
  const width = x.shape.at(-1) ?? 0;
  const rows = product(x.shape, 0, x.shape.length - 1);
  const offsets = Array.from({ length: rows }, (_, row) => y.map((j) => row * width + wrap(call, j, width))).flat();
  const shape = x.shape.length === 1 ? [1, y.length] : [...x.shape.slice(0, -1), y.length];
  return [gathered(x, shape, offsets)];
}

/** Operators that pick and place elements by index. */
export const indexOps: readonly OnnxOp[] = [
  define("Gather", [1, 11, 13], "axis", gather),
  define("GatherElements", [11, 13], "axis", gatherElements),
  define("GatherND", [11, 12, 13], "batch_dims", gatherNd),
  define("ScatterElements", [11, 13, 16, 18], "axis reduction", scatterElements),
  define("Scatter", [9], "axis", scatterElements),
  define("ScatterND", [11, 13, 16, 18], "reduction", scatterNd),
  define("TensorScatter", [24], "axis mode", tensorScatter),
  define("OneHot", [9, 11], "axis", oneHot),
  define("Compress", [9, 11], "axis", compress),
  define("NonZero", [9, 13], "", nonZero),
  define("TopK", [1, 10, 11, 24], "axis k largest sorted", topK),
  define("Unique", [11], "axis sorted", unique),
  define("ArrayFeatureExtractor", [1], "", arrayFeatures, "ai.onnx.ml"),
];
