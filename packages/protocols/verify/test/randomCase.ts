import { canonicalise } from "@machines/engine/bits.ts";
import { encodeAttributes } from "@machines/engine/commit/attributes.ts";
import { referenceOf } from "@machines/engine/commit/lowered.ts";
import type { OpName } from "@machines/engine/commit/opcodes.ts";
import { type Attributes, type Shape, sizeOf } from "@machines/engine/graph/ir.ts";
import { philox4x32 } from "@machines/engine/random/philox.ts";
import type { Question } from "../src/reads.ts";

/** An operator on random operands, and what the engine's reference makes of them. */
export interface RandomCase {
  readonly question: Omit<Question, "index">;
  readonly values: readonly Float32Array[];
  readonly truth: Float32Array;
}

const EDGES = [
  0, 0x80000000, 1, 0x80000001, 0x007fffff, 0x00800000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000,
  0x3f800000, 0xbf800000, 0x33800000, 0x42b20000, 0xc2d00000,
];

/** Integers below `limit`, one after the other, from a seed. */
type Draw = (limit: number) => number;

function drawer(seed: number): Draw {
  let at = 0;
  return (limit) => philox4x32([at++, seed, 0, 31], [0, 0])[0] % limit;
}

/** Bit patterns: by `mood` ordinary numbers, with some edges, or anything. */
function bits(draw: Draw, count: number, mood: number): Float32Array {
  const words = Uint32Array.from({ length: count }, () => {
    const word = draw(2 ** 32);
    if (mood === 2 && word % 3 === 0) return word;
    if (mood > 0 && word % 7 === 0) return EDGES[draw(EDGES.length)] as number;
    return ((word & 0x807fffff) | ((117 + (draw(20) % 20)) << 23)) >>> 0;
  });
  return canonicalise(new Float32Array(words.buffer));
}

const extents = (draw: Draw, rank: number) => Array.from({ length: rank }, () => (draw(9) === 0 ? 0 : 1 + draw(5)));

/** A shape that broadcasts with `shape`. */
function stretched(draw: Draw, shape: Shape): number[] {
  const own = shape.map((extent) => (draw(3) === 0 ? 1 : extent));
  return own.slice(draw(own.length + 1));
}

function windowShape(draw: Draw): { shape: number[]; attrs: Attributes } {
  const pair = (least: number, most: number) => [least + draw(most), least + draw(most)];
  const [kernel, strides, dilations] = [pair(1, 3), pair(1, 3), pair(1, 2)];
  const pads = [draw(3), draw(3), draw(3), draw(3)];
  const reach = (axis: number) => (dilations[axis] as number) * ((kernel[axis] as number) - 1) + 1;
  const plane = [reach(0) + draw(6), reach(1) + draw(6)];
  return { shape: [1 + draw(2), 1 + draw(3), ...plane], attrs: { kernel, strides, pads, dilations } };
}

const LONG_ROW = 1030;
const row = (draw: Draw) => [...extents(draw, draw(3)), draw(6) === 0 ? LONG_ROW : draw(40)];

type Make = (draw: Draw) => { shapes: Shape[]; attrs?: Attributes };
const unary: Make = (draw) => ({ shapes: [extents(draw, draw(4))] });
const binary: Make = (draw) => {
  const shape = extents(draw, draw(5));
  return { shapes: draw(2) ? [shape, stretched(draw, shape)] : [stretched(draw, shape), shape] };
};
const matrix: Make = (draw) => ({ shapes: [[1 + draw(40), draw(4) === 0 ? 0 : draw(60)]] });
const windowed: Make = (draw) => {
  const { shape, attrs } = windowShape(draw);
  return { shapes: [shape], attrs };
};

function folding(draw: Draw): { shapes: Shape[]; attrs: Attributes } {
  const { shape, attrs } = windowShape(draw);
  return { shapes: [referenceOf("unfold").shape([shape], attrs)], attrs: { ...attrs, size: shape } };
}

/** Random shapes and attributes for every operator on binary32. */
const MAKERS: Partial<Record<OpName, Make>> = {
  reshape(draw) {
    const shape = extents(draw, 3);
    return { shapes: [shape], attrs: { shape: [...shape].reverse() } };
  },
  transpose: matrix,
  permute(draw) {
    const shape = extents(draw, 1 + draw(4));
    const perm = shape.map((_, axis) => axis).sort(() => draw(3) - 1);
    return { shapes: [shape], attrs: { perm } };
  },
  fill: (draw) => ({ shapes: [], attrs: { shape: extents(draw, draw(4)), value: draw(1000) / 7 } }),
  add: binary,
  sub: binary,
  mul: binary,
  div: binary,
  gate: binary,
  relu: unary,
  sqrt: unary,
  exp: unary,
  log: unary,
  tanh: unary,
  sigmoid: unary,
  softplus: unary,
  clip: (draw) => ({ ...unary(draw), attrs: { low: -draw(5), high: draw(5) } }),
  matmulT(draw) {
    const [m, n, k] = [1 + draw(5), 1 + draw(5), draw(8) === 0 ? LONG_ROW : draw(30)];
    const batch = draw(2) ? [] : [1 + draw(3)];
    return { shapes: [[...batch, m, k], draw(2) ? [n, k] : [...batch, n, k]] };
  },
  rowsum: (draw) => ({ shapes: [row(draw)] }),
  rowmaxFinite: (draw) => ({ shapes: [row(draw)] }),
  colsumT: matrix,
  unfold: windowed,
  maxpool: windowed,
  avgpool: windowed,
  fold: folding,
  maxpoolgrad(draw) {
    const { shape, attrs } = windowShape(draw);
    const out = referenceOf("maxpool").shape([shape], attrs);
    return { shapes: [out, shape, out], attrs };
  },
};

/** Operators that a random case can be made for. */
export const RANDOM_OPS = Object.keys(MAKERS) as OpName[];

/** Case `seed` of an operator. */
export function randomCase(op: OpName, seed: number): RandomCase {
  const draw = drawer(seed);
  const { shapes, attrs: attributes = {} } = (MAKERS[op] as Make)(draw);
  const mood = seed % 3;
  const reference = referenceOf(op);
  const values = shapes.map((shape) => bits(draw, sizeOf(shape), mood));
  if (op === "maxpoolgrad") {
    // Few different values, so that several taps hold the maximum; Y is the true one.
    const few = (values[1] as Float32Array).map((value) => (draw(8) === 0 ? value : draw(2)));
    values[1] = few;
    values[2] = canonicalise(referenceOf("maxpool").compute([{ shape: shapes[1] as Shape, values: few }], attributes));
  }
  const shape = reference.shape(shapes, attributes);
  const attrs = encodeAttributes(op, attributes, shapes, shape);
  const tensors = shapes.map((own, i) => ({ shape: own, values: values[i] as Float32Array }));
  const truth = canonicalise(reference.compute(tensors, attributes));
  return { question: { op, attrs, operands: shapes, shape }, values, truth };
}
