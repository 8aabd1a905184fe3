import { relu32 } from "../../ops/relu/reference.ts";
import { sigmoid32 } from "../../ops/sigmoid/reference.ts";
import { softplus32 } from "../../ops/softplus/reference.ts";
import * as math from "../math.ts";
import { numbersOf, type OnnxTensor } from "../tensor.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { functionsOf, step, stored, transposed } from "./shared.ts";

type Fn = (x: number) => number;

interface Activation {
  /** What alpha and beta are unless said; a function without one takes no number from the lists. */
  readonly alpha?: number | "given";
  readonly beta?: number | "given";
  make(wide: boolean, f: Fn, alpha: number, beta: number): Fn;
}

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  tanh: { make: (wide) => functionsOf(wide ? "float64" : "float32").tanh },
  sigmoid: { make: (wide) => (wide ? (x) => 1 / (1 + math.exp(-x)) : sigmoid32) },
  relu: { make: () => relu32 },
  softsign: { make: (_, f) => (x) => f(x / f(1 + Math.abs(x))) },
  softplus: { make: (wide) => (wide ? (x) => (x > 0 ? x : 0) + math.log1p(math.exp(-Math.abs(x))) : softplus32) },
  leakyrelu: { alpha: Math.fround(0.01), make: (_, f, alpha) => (x) => (x < 0 ? f(alpha * x) : x) },
  thresholdedrelu: { alpha: 1, make: (_, __, alpha) => (x) => (x > alpha ? x : 0) },
  elu: {
    alpha: 1,
    make: (wide, f, alpha) => {
      const { exp } = functionsOf(wide ? "float64" : "float32");
      return (x) => (x < 0 ? f(alpha * f(exp(x) - 1)) : x);
    },
  },
  hardsigmoid: {
    alpha: Math.fround(0.2),
    beta: 0.5,
    make: (_, f, alpha, beta) => (x) => Math.max(0, Math.min(1, f(f(alpha * x) + beta))),
  },
  affine: { alpha: "given", beta: "given", make: (_, f, alpha, beta) => (x) => f(f(alpha * x) + beta) },
  scaledtanh: {
    alpha: "given",
    beta: "given",
    make: (wide, f, alpha, beta) => {
      const { tanh } = functionsOf(wide ? "float64" : "float32");
      return (x) => f(alpha * tanh(f(beta * x)));
    },
  },
};

/** The functions of all directions; those that take numbers read them from the lists in turn. */
function activations(call: Call, names: readonly string[], wide: boolean, f: Fn): Fn[] {
  const [alphas, betas] = [[...(call.floats("activation_alpha") ?? [])], [...(call.floats("activation_beta") ?? [])]];
  const limit = call.has("clip") ? call.float("clip", 0) : Number.POSITIVE_INFINITY;
  if (!(limit > 0)) throw call.fault("clip must be above 0");
  return names.map((name) => {
    const rule = ACTIVATIONS[name.toLowerCase()];
    if (rule === undefined) throw call.unsupported(`activation "${name}" is not built in`);
    const next = (list: number[], fallback: number | "given" | undefined): number => {
      if (fallback === undefined) return 0;
      const value = list.shift() ?? fallback;
      if (value === "given") throw call.unsupported(`activation "${name}" without its numbers`);
      return value;
    };
    const fn = rule.make(wide, f, next(alphas, rule.alpha), next(betas, rule.beta));
    return limit === Number.POSITIVE_INFINITY ? fn : (x) => fn(Math.max(-limit, Math.min(limit, x)));
  });
}

/** One direction of one recurrent layer. */
interface Layer {
  readonly call: Call;
  readonly x: OnnxTensor;
  readonly index: number;
  readonly backwards: boolean;
  readonly hidden: number;
  readonly gates: number;
  readonly f: Fn;
  /** W x + bias of every step, batch and gate, sums ascending. */
  input(t: number, b: number, row: number): number;
  /** R h of one gate row. */
  state(h: Float64Array, b: number, row: number): number;
  readonly functions: readonly Fn[];
}

function layerOf(
  call: Call,
  x: OnnxTensor,
  index: number,
  gates: number,
  count: number,
  defaults: readonly string[],
): Layer {
  const [w, r, bias] = [call.tensor(1), call.tensor(2), call.optional(3)];
  const hidden = call.int("hidden_size", r.shape[2] ?? 0);
  const [, batch = 0, width = 0] = x.shape;
  if (w.data.length !== count * gates * hidden * width || r.data.length !== count * gates * hidden * hidden)
    throw call.fault("weights do not fit");
  if (bias !== undefined && bias.data.length !== count * 2 * gates * hidden) throw call.fault("biases do not fit");
  const f = step(x.dtype);
  const names = call.strings("activations") ?? Array.from({ length: count }, () => defaults).flat();
  if (names.length !== count * defaults.length) throw call.fault("activations do not fit");
  const functions = activations(call, names, x.dtype === "float64", f);
  const rows = gates * hidden;
  return {
    call,
    x,
    index,
    backwards: call.string("direction", "forward") === "reverse" || index === 1,
    hidden,
    gates,
    f,
    functions: functions.slice(index * defaults.length, (index + 1) * defaults.length),
    input(t, b, row) {
      let sum = 0;
      for (let j = 0; j < width; j++)
        sum = f(
          sum +
            f((x.data[(t * batch + b) * width + j] as number) * (w.data[(index * rows + row) * width + j] as number)),
        );
      return bias === undefined ? sum : f(sum + (bias.data[index * 2 * rows + row] as number));
    },
    state(h, b, row) {
      let sum = 0;
      for (let j = 0; j < hidden; j++)
        sum = f(sum + f((h[b * hidden + j] as number) * (r.data[(index * rows + row) * hidden + j] as number)));
      return bias === undefined ? sum : f(sum + (bias.data[index * 2 * rows + rows + row] as number));
    },
  };
}

/** New hidden (and cell) values of one batch entry. */
type Cell = (
  layer: Layer,
  t: number,
  b: number,
  h: Float64Array,
  c: Float64Array,
) => readonly [h: number[], c: number[]];

const rnnCell: Cell = ({ hidden, f, functions, input, state }, t, b, h) => {
  const next = Array.from({ length: hidden }, (_, j) => (functions[0] as Fn)(f(input(t, b, j) + state(h, b, j))));
  return [next, next];
};

const gruCell: Cell = ({ call, hidden, f, functions, input, state }, t, b, h) => {
  const [gate, squash] = functions as readonly [Fn, Fn];
  const linear = call.int("linear_before_reset", 0) !== 0;
  const each = (make: (j: number) => number): Float64Array => Float64Array.from({ length: hidden }, (_, j) => make(j));
  const update = each((j) => gate(f(input(t, b, j) + state(h, b, j))));
  const reset = each((j) => gate(f(input(t, b, hidden + j) + state(h, b, hidden + j))));
  const faded = h.slice();
  for (let j = 0; j < hidden; j++) faded[b * hidden + j] = f((reset[j] as number) * (h[b * hidden + j] as number));
  const candidate = each((j) => {
    const row = 2 * hidden + j;
    const part = linear ? f((reset[j] as number) * state(h, b, row)) : state(faded, b, row);
    return squash(f(input(t, b, row) + part));
  });
  const next = Array.from({ length: hidden }, (_, j) =>
    f(
      f(f(1 - (update[j] as number)) * (candidate[j] as number)) +
        f((update[j] as number) * (h[b * hidden + j] as number)),
    ),
  );
  return [next, next];
};

const lstmCell: Cell = ({ call, index, hidden, f, functions, input, state }, t, b, h, c) => {
  const [gate, squash, finish] = functions as readonly [Fn, Fn, Fn];
  const peep = call.optional(7);
  const coupled = call.int("input_forget", 0) !== 0;
  const hole = (k: number, j: number, cell: number): number =>
    peep === undefined ? 0 : f((peep.data[(index * 3 + k) * hidden + j] as number) * cell);
  const limit = call.has("clip") ? call.float("clip", 0) : Number.POSITIVE_INFINITY;
  const next: number[] = [];
  const cells: number[] = [];
  for (let j = 0; j < hidden; j++) {
    const old = c[b * hidden + j] as number;
    const sum = (g: number): number => f(input(t, b, g * hidden + j) + state(h, b, g * hidden + j));
    const i = gate(f(sum(0) + hole(0, j, old)));
    const forget = coupled ? f(1 - i) : gate(f(sum(2) + hole(2, j, old)));
    const cell = f(f(forget * old) + f(i * squash(sum(3))));
    const out = gate(f(sum(1) + hole(1, j, cell)));
    if (Math.abs(cell) > limit)
      throw call.unsupported("clip where a cell state passes it: readings of the standard differ");
    cells.push(cell);
    next.push(f(out * finish(cell)));
  }
  return [next, cells];
};

function initial(call: Call, index: number, layer: number, size: number, batchFirst: boolean): Float64Array {
  const state = call.optional(index);
  if (state === undefined) return new Float64Array(size);
  const given = batchFirst && state.shape.length === 3 ? transposed(state, [1, 0, 2]) : state;
  if (given.data.length < (layer + 1) * size) throw call.fault(`operand ${index} does not fit`);
  return Float64Array.from(numbersOf(given)).slice(layer * size, (layer + 1) * size);
}

function recurrent(
  name: string,
  since: readonly number[],
  gates: number,
  defaults: readonly string[],
  cell: Cell,
  more: string,
): OnnxOp {
  return define(
    name,
    since,
    `activation_alpha activation_beta activations clip direction hidden_size layout ${more}`.trim(),
    (call) => {
      const batchFirst = call.int("layout", 0) !== 0;
      const x = batchFirst ? transposed(call.tensor(0), [1, 0, 2]) : call.tensor(0);
      call.expectKind(x, "float");
      if (x.shape.length !== 3) throw call.fault("it takes [steps, batch, width]");
      const [length = 0, batch = 0] = x.shape;
      const count = call.string("direction", "forward") === "bidirectional" ? 2 : 1;
      const lengths = call.numbers(4) ?? new Array<number>(batch).fill(length);
      if (lengths.length !== batch || lengths.some((n) => !(n >= 0 && n <= length)))
        throw call.fault(`lengths [${lengths}] do not fit [${x.shape}]`);
      const hidden = call.int("hidden_size", call.tensor(2).shape[2] ?? 0);
      const size = batch * hidden;
      const y = new Float64Array(length * count * size);
      const [lastH, lastC] = [new Float64Array(count * size), new Float64Array(count * size)];
      for (let d = 0; d < count; d++) {
        const layer = layerOf(call, x, d, gates, count, defaults);
        const [h, c] = [initial(call, 5, d, size, batchFirst), initial(call, 6, d, size, batchFirst)];
        for (let s = 0; s < length; s++)
          for (let b = 0; b < batch; b++) {
            const own = lengths[b] ?? 0;
            if (s >= own) continue;
            const t = layer.backwards ? own - 1 - s : s;
            const [next, cells] = cell(layer, t, b, h, c);
            h.set(next, b * hidden);
            c.set(cells, b * hidden);
            y.set(next, ((t * count + d) * batch + b) * hidden);
          }
        lastH.set(h, d * size);
        lastC.set(c, d * size);
      }
      const all = stored(x.dtype, [length, count, batch, hidden], y);
      const ends = [lastH, lastC].map((values) => stored(x.dtype, [count, batch, hidden], values));
      if (!batchFirst) return [all, ...ends];
      return [transposed(all, [2, 0, 1, 3]), ...ends.map((end) => transposed(end, [1, 0, 2]))];
    },
  );
}

/** Recurrent layers; the sums over inputs and states ascend from +0. */
export const recurrentOps: readonly OnnxOp[] = [
  recurrent("RNN", [7, 14, 22], 1, ["Tanh"], rnnCell, ""),
  recurrent("GRU", [7, 14, 22], 3, ["Sigmoid", "Tanh"], gruCell, "linear_before_reset"),
  recurrent("LSTM", [7, 14, 22], 4, ["Sigmoid", "Tanh", "Tanh"], lstmCell, "input_forget"),
];
