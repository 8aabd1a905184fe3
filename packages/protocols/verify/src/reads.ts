import { BugError, InvalidInputError } from "@base/errors";
import { productExtents } from "@machines/engine/commit/lowered.ts";
import type { OpName } from "@machines/engine/commit/opcodes.ts";
import { type Shape, sizeOf } from "@machines/engine/graph/ir.ts";
import { eachTap, inputColumn, inputRow, type Window, windowOf } from "@machines/engine/ops/window.ts";

/** Elements [from, from + count) of an operand. */
export type Range = readonly [from: number, count: number];

/** One element that a referee is asked for: operator, attributes as integers, shapes, row-major index. */
export interface Question {
  readonly op: OpName;
  readonly attrs: readonly number[];
  readonly operands: readonly Shape[];
  readonly shape: Shape;
  readonly index: number;
}

/** Some operators choose by an operand's elements what to read of another: `known` gives them. */
type Known = (operand: number, index: number) => number;
type Reader = (q: Question, terms: Range, known: Known) => readonly (readonly Range[])[];

const one = (place: number): Range[] => [[place, 1]];
const unary: Reader = ({ index }) => [one(index)];
const nothing: Reader = () => [];

/** Row-major index into an operand of shape `from` of element `index` of the broadcast result. */
function broadcastPlace(from: Shape, shape: Shape, index: number): number {
  let [rest, place, stride] = [index, 0, 1];
  for (let axis = 1; axis <= shape.length; axis++) {
    const [extent, own] = [shape.at(-axis) as number, from.at(-axis) ?? 1];
    if (own !== 1) place += (rest % extent) * stride;
    stride *= own;
    rest = Math.floor(rest / extent);
  }
  return place;
}

const binary: Reader = ({ operands, shape, index }) => operands.map((from) => one(broadcastPlace(from, shape, index)));

const product: Reader = ({ operands, index }, [first, count]) => {
  const [left, right] = operands as [Shape, Shape];
  const { m, k, n } = productExtents(left, right);
  const row = Math.floor(index / n);
  const batch = right.length === 2 ? 0 : Math.floor(row / m);
  return [[[row * k + first, count]], [[(batch * n + (index % n)) * k + first, count]]];
};

const row: Reader = ({ operands, index }, [first, count]) => {
  const length = (operands[0] as Shape).at(-1) as number;
  return [[[index * length + first, count]]];
};

function permuted({ attrs, operands, index }: Question): number {
  const shape = operands[0] as Shape;
  let [rest, from] = [index, 0];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const source = attrs[axis] as number;
    const stride = sizeOf(shape.slice(source + 1));
    from += (rest % (shape[source] as number)) * stride;
    rest = Math.floor(rest / (shape[source] as number));
  }
  return from;
}

const transposed: Reader = ({ operands, index }) => {
  const [m, n] = operands[0] as [number, number];
  return [one((index % m) * n + Math.floor(index / m))];
};

/** The window that integer attributes say, over a plane of this shape. */
function windowFrom(attrs: readonly number[], shape: Shape): Window {
  const [kernel, strides, pads, dilations] = [
    attrs.slice(0, 2),
    attrs.slice(2, 4),
    attrs.slice(4, 8),
    attrs.slice(8, 10),
  ];
  return windowOf("window", shape, { kernel, strides, pads, dilations });
}

const inPlane = ({ h, w }: Window, y: number, x: number) => y >= 0 && y < h && x >= 0 && x < w;

const unfolded: Reader = ({ attrs, operands, index }) => {
  const window = windowFrom(attrs, operands[0] as Shape);
  const { c, h, w, kernel, out } = window;
  const taps = kernel[0] * kernel[1];
  const across = window.n * out[0] * out[1];
  const [line, place] = [Math.floor(index / across), index % across];
  const y = inputRow(window, Math.floor(place / out[1]) % out[0], Math.floor((line % taps) / kernel[1]));
  const x = inputColumn(window, place % out[1], line % kernel[1]);
  if (!inPlane(window, y, x)) return [[]];
  const plane = Math.floor(place / (out[0] * out[1])) * c + Math.floor(line / taps);
  return [one((plane * h + y) * w + x)];
};

const pooled: Reader = ({ attrs, operands, index }) => {
  const window = windowFrom(attrs, operands[0] as Shape);
  const [rows, columns] = window.out;
  const plane = Math.floor(index / (rows * columns));
  const ranges: Range[] = [];
  eachTap(window, (i, j) => {
    const y = inputRow(window, Math.floor(index / columns) % rows, i);
    const x = inputColumn(window, index % columns, j);
    if (inPlane(window, y, x)) ranges.push([(plane * window.h + y) * window.w + x, 1]);
  });
  return [ranges];
};

/** Calls `visit` with tap and output place of every window that covers element `index` of [N, C, H, W], taps in order. */
function eachCover(window: Window, index: number, visit: (tap: number, y: number, x: number) => void): void {
  const { h, w, strides, dilations, pads, out } = window;
  const [row, column] = [Math.floor(index / w) % h, index % w];
  eachTap(window, (i, j, tap) => {
    const [above, before] = [row + pads[0] - i * dilations[0], column + pads[1] - j * dilations[1]];
    const [y, x] = [above / strides[0], before / strides[1]];
    if (Number.isInteger(y) && Number.isInteger(x) && y >= 0 && x >= 0 && y < out[0] && x < out[1]) visit(tap, y, x);
  });
}

const folded: Reader = ({ attrs, shape, index }) => {
  const window = windowFrom(attrs, shape);
  const { n, c, h, w, kernel, out } = window;
  const plane = Math.floor(index / (h * w));
  const ranges: Range[] = [];
  eachCover(window, index, (tap, y, x) => {
    const line = (plane % c) * kernel[0] * kernel[1] + tap;
    ranges.push([((line * n + Math.floor(plane / c)) * out[0] + y) * out[1] + x, 1]);
  });
  return [ranges];
};

/** Of X whole rows from the first that a covering window touches to the element's own; of Y and dY one element a window. */
const maxGradient: Reader = ({ attrs, operands, index }) => {
  const window = windowFrom(attrs, operands[1] as Shape);
  const { h, w, out } = window;
  const plane = Math.floor(index / (h * w));
  const row = Math.floor(index / w) % h;
  let low = row;
  const places: Range[] = [];
  eachCover(window, index, (_tap, y, x) => {
    for (let i = 0; i < window.kernel[0]; i++) {
      const touched = inputRow(window, y, i);
      if (touched >= 0 && touched < low) low = touched;
    }
    places.push([(plane * out[0] + y) * out[1] + x, 1]);
  });
  return [places, [[(plane * h + low) * w, (row - low + 1) * w]], places];
};

const treeLeaf: Reader = ({ operands, index }) => {
  const [[, features], [trees]] = operands as [[number, number], [number]];
  return [[[Math.floor(index / trees) * features, features]], one(index % trees)];
};

const treeScore: Reader = ({ attrs, operands, index }, [first, count]) => {
  const trees = (operands[0] as Shape)[1] as number;
  return [[[Math.floor(index / attrs.length) * trees + first, count]]];
};

const ownRow: Reader = ({ operands, shape, index }) => {
  const outputs = shape[1] as number;
  return operands.map(() => [[Math.floor(index / outputs) * outputs, outputs]]);
};

const TABLE_STEPS = 65_536;

/** Two neighbours of the table of exponentials, by the score's distance from zero or from the largest score. */
const treeExp: Reader = (question, terms, known) => {
  const [outputs, index] = [question.shape[1] as number, question.index];
  const own = known(0, index);
  const row = Array.from({ length: outputs }, (_, k) => known(0, index - (index % outputs) + k));
  const place = Math.floor((outputs === 1 ? Math.abs(own) : Math.max(...row) - own) / 256);
  const table = place < TABLE_STEPS ? [...one(place), ...one(place + 1)] : one(TABLE_STEPS);
  return [ownRow(question, terms, known)[0] as Range[], table];
};

const histogram: Reader = ({ attrs, operands, index }, [first, count]) => {
  const rows = (operands[0] as Shape)[1] as number;
  const bin = Math.floor(index / 3);
  const feature = attrs.slice(2).findIndex((end) => bin < end);
  const summed = (what: number): Range[] => (index % 3 === what ? [[first, count]] : []);
  return [[[feature * rows + first, count]], summed(0), summed(1), [[first, count]]];
};

const splitOfFeature: Reader = ({ attrs, index }) => {
  const [offset, present, lacking] = attrs.slice(3 + 3 * Math.floor(index / 6)) as [number, number, number];
  return [[[offset * 3, (present + lacking) * 3]]];
};

const whole: Reader = ({ operands }) => [[[0, sizeOf(operands[0] as Shape)]]];

const READERS: Readonly<Record<OpName, Reader>> = {
  reshape: unary,
  transpose: transposed,
  permute: (question) => [one(permuted(question))],
  fill: nothing,
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
  clip: unary,
  matmulT: product,
  matmulInt8T: product,
  requantise: unary,
  rowsum: row,
  colsumT: row,
  rowmaxFinite: row,
  unfold: unfolded,
  fold: folded,
  maxpool: pooled,
  avgpool: pooled,
  maxpoolgrad: maxGradient,
  treeLeaf,
  treeScore,
  treeExp,
  treeAnswer: ownRow,
  histogram,
  splitOfFeature,
  bestSplit: whole,
};

const LONG = new Set<OpName>(["matmulT", "matmulInt8T", "rowsum", "colsumT", "rowmaxFinite", "treeScore", "histogram"]);

/** Terms of the reduction behind each element; 0 for an operator that is settled at once. As the referee's `terms`. */
export function termsOf({ op, operands }: Pick<Question, "op" | "operands">): number {
  return LONG.has(op) ? ((operands[0] as Shape).at(-1) as number) : 0;
}

/**
 * What a referee reads of each operand, in its order; `known` gives an operand's elements, `terms` limits a long reduction to [first, first + count).
 * Throws InvalidInputError when the element is outside the result, or the terms outside the reduction.
 */
export function reads(
  question: Question,
  known: (operand: number, index: number) => number,
  terms?: Range,
): readonly (readonly Range[])[] {
  const { op, shape, index } = question;
  const size = sizeOf(shape);
  if (!Number.isSafeInteger(index) || index < 0 || index >= size)
    throw new InvalidInputError(`Element ${index} is outside a result of ${size}.`);
  const length = termsOf(question);
  const [first, count] = terms ?? [0, length];
  if (first < 0 || count < 0 || first + count > length)
    throw new InvalidInputError(`Terms ${first} to ${first + count} are outside a reduction of ${length}.`);
  const reader = READERS[op];
  if (reader === undefined) throw new BugError(`Nobody knows what ${op} reads.`);
  return reader(question, [first, count], known);
}
