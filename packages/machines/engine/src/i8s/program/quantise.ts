import { InvalidInputError } from "@base/errors";
import { fromHexBits } from "../../bits.ts";
import type { Attributes, Graph, GraphNode, Shape } from "../../graph/ir.ts";
import { Program } from "../../graph/program.ts";
import { graphShapes } from "../../graph/validate.ts";
import { roundEven } from "../../onnx/dtype.ts";
import { exp as wideExp } from "../../onnx/math.ts";
import { limitsOf } from "../../ops/clip/reference.ts";
import type { Tensor } from "../../ops/op.ts";
import { findOp } from "../../ops/registry.ts";
import { windowOf } from "../../ops/window.ts";
import type { IntegerProgram, IntegerStep, IntegerTensor, Rescale, Scale, Sliding } from "./program.ts";
import { quantised } from "./run.ts";

/** A float network: its graph, the values of its parameters, and the names of the value in and out. */
export interface FloatNetwork {
  readonly graph: Graph;
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly input: string;
  readonly output: string;
}

export interface QuantiseOptions {
  /** One scale per output channel of weights (unless false). */
  readonly perChannel?: boolean;
  /** What the program says of how a row becomes its input. */
  readonly prepare?: unknown;
}

/** The program and its tensors, ready to be encoded. */
export interface Quantised {
  readonly program: IntegerProgram;
  readonly tensors: readonly IntegerTensor[];
}

const UNARY = new Set(["relu", "clip", "sigmoid", "tanh", "softplus", "exp", "log", "sqrt"]);

/** Smallest and largest value of every value of a graph over samples; 0 is always within. */
function rangesOf(network: FloatNetwork, samples: Iterable<Float32Array>): Map<string, [number, number]> {
  const { graph, weights, input } = network;
  const values = [input, ...graph.nodes.map(({ output }) => output)];
  const program = new Program({
    ...graph,
    outputs: values.map((value) => ({ name: `r:${value}`, value })),
    updates: [],
  });
  for (const [name, numbers] of weights) program.write(name, numbers);
  const ranges = new Map<string, [number, number]>(values.map((value) => [value, [0, 0]]));
  let count = 0;
  for (const sample of samples) {
    program.write(input, sample);
    program.run();
    count++;
    for (const [value, range] of ranges)
      for (const number of program.read(`r:${value}`)) {
        if (number < range[0]) range[0] = number;
        if (number > range[1]) range[1] = number;
      }
  }
  if (count === 0) throw new InvalidInputError("Quantising needs at least one calibration sample.");
  return ranges;
}

/** An int8 scale for a range that holds 0. */
function scaleFor([low, high]: readonly [number, number]): Scale {
  if (!Number.isFinite(low) || !Number.isFinite(high))
    throw new InvalidInputError("A value of the model is not finite on the calibration samples.");
  const scale = Math.fround((high - low) / 255);
  if (!(scale > 1e-30)) return { scale: 1, zero: 0 };
  return { scale, zero: Math.max(-128, Math.min(127, -128 - Math.round(low / scale))) };
}

/** A multiplier below 2^21 and a shift for a factor; 0 for what no sum can make visible. */
function factorOf(factor: number): [multiplier: number, shift: number] {
  if (!(factor < 2 ** 19))
    throw new InvalidInputError(`Values of the model lie too far apart to be rescaled (${factor}).`);
  let shift = 1;
  while (shift < 51 && Math.round(factor * 2 ** (shift + 1)) < 2 ** 21) shift++;
  return [Math.round(factor * 2 ** shift), shift];
}

class Quantiser {
  readonly steps: IntegerStep[] = [];
  readonly tensors: IntegerTensor[] = [];
  readonly #graph: Graph;
  readonly #shapes: ReadonlyMap<string, Shape>;
  readonly #ranges: ReadonlyMap<string, readonly [number, number]>;
  readonly #constants = new Map<string, Tensor>();
  readonly #users = new Map<string, GraphNode[]>();
  readonly #done = new Set<GraphNode>();
  readonly #scales = new Map<string, Scale>();
  readonly #perChannel: boolean;

  constructor(network: FloatNetwork, ranges: ReadonlyMap<string, readonly [number, number]>, perChannel: boolean) {
    const { graph, weights } = network;
    this.#graph = graph;
    this.#shapes = graphShapes(graph);
    this.#ranges = ranges;
    this.#perChannel = perChannel;
    for (const { name, shape } of graph.inputs) {
      const values = weights.get(name);
      if (values !== undefined) this.#constants.set(name, { shape, values });
    }
    for (const { name, shape, bits } of graph.constants)
      this.#constants.set(name, { shape, values: fromHexBits(bits) });
    for (const node of graph.nodes)
      for (const input of node.inputs) this.#users.set(input, [...(this.#users.get(input) ?? []), node]);
    for (const { value } of graph.outputs)
      this.#users.set(value, [...(this.#users.get(value) ?? []), { op: "output", inputs: [value], output: "" }]);
  }

  #shape(name: string): Shape {
    return this.#shapes.get(name) as Shape;
  }

  scale(name: string): Scale {
    let scale = this.#scales.get(name);
    if (scale === undefined) {
      scale = scaleFor(this.#ranges.get(name) ?? [0, 0]);
      this.#scales.set(name, scale);
    }
    return scale;
  }

  #tensor(kind: "int8" | "int32", shape: Shape, values: Int8Array | Int32Array): string {
    const name = `t${this.tensors.length}`;
    this.tensors.push({ name, kind, shape: [...shape], values } as IntegerTensor);
    return name;
  }

  run(): void {
    for (const node of this.#graph.nodes) {
      if (this.#done.has(node)) continue;
      if (node.inputs.every((name) => this.#constants.has(name))) this.#constant(node);
      else this.#node(node);
    }
  }

  #constant(node: GraphNode): void {
    const inputs = node.inputs.map((name) => this.#constants.get(name) as Tensor);
    const { reference } = findOp(node.op);
    const shape = reference.shape(
      inputs.map((one) => one.shape),
      node.attrs ?? {},
    );
    this.#constants.set(node.output, { shape, values: reference.compute(inputs, node.attrs ?? {}) });
  }

  #node(node: GraphNode): void {
    const { op, output } = node;
    const [x = "", y = ""] = node.inputs;
    if ((op === "matmul" || op === "conv2d") && this.#constants.has(y)) this.#product(node, x, y);
    else if (UNARY.has(op)) this.#table(node, x);
    else if (op === "reshape" || op === "permute" || op === "transpose") this.#moved(node, x);
    else if (op === "softmax") this.#softmax(node, x);
    else if (op === "maxpool") this.#maxpool(node, x);
    else if (op === "avgpool") this.#mean(node, x, this.#window(op, x, node.attrs));
    else if (op === "rowsum") this.#mean(node, x, null);
    else if (["add", "sub", "mul", "div"].includes(op)) this.#pair(node, x, y);
    else
      throw new InvalidInputError(`Operator "${op}" (value ${output}) has no integer form.`, {
        data: { operator: op, node: output },
      });
  }

  #moved({ op, output, attrs }: GraphNode, x: string): void {
    const shape = this.#shape(output);
    this.#scales.set(output, this.scale(x));
    const perm = op === "transpose" ? [1, 0] : (attrs?.perm as readonly number[]);
    this.steps.push(op === "reshape" ? { op, x, output, shape } : { op: "permute", x, output, shape, perm });
  }

  #maxpool({ output, attrs }: GraphNode, x: string): void {
    this.#scales.set(output, this.scale(x));
    this.steps.push({
      op: "maxpool",
      x,
      output,
      shape: this.#shape(output),
      window: this.#window("maxpool", x, attrs),
    });
  }

  #window(op: string, x: string, attrs: Attributes = {}): Sliding {
    const { kernel, strides, dilations } = windowOf(op, this.#shape(x), attrs);
    const pads = (attrs.pads ?? [0, 0, 0, 0]) as readonly [number, number, number, number];
    return { kernel, strides, dilations, pads };
  }

  /** The only reader of a value, if it has one. */
  #next(value: string): GraphNode | undefined {
    const users = this.#users.get(value) ?? [];
    return users.length === 1 && users[0]?.op !== "output" ? users[0] : undefined;
  }

  /** A product with its bias and clamp in one step: the sums go straight to the scale of what comes last. */
  #product(node: GraphNode, x: string, w: string): void {
    const weights = this.#constants.get(w) as Tensor;
    const conv = node.op === "conv2d";
    const channels = weights.shape[conv ? 0 : 1] as number;
    let last = node.output;
    let bias: Float64Array = new Float64Array(channels);
    const added = this.#next(last);
    const more = added?.op === "add" ? added.inputs.find((name) => name !== last) : undefined;
    const fits =
      more === undefined
        ? undefined
        : biasOf(this.#constants.get(more), this.#shape(last), conv ? 1 : this.#shape(last).length - 1);
    if (added !== undefined && fits !== undefined) {
      bias = fits;
      last = added.output;
      this.#done.add(added);
    }
    const clamped = this.#next(last);
    const limits =
      clamped?.op === "relu"
        ? [0, Number.POSITIVE_INFINITY]
        : clamped?.op === "clip"
          ? limitsOf(clamped.attrs ?? {})
          : undefined;
    if (clamped !== undefined && limits !== undefined) {
      last = clamped.output;
      this.#done.add(clamped);
    }
    const [from, to] = [this.scale(x), this.scale(last)];
    const at = (index: number): number =>
      conv ? Math.floor(index / (weights.values.length / channels)) : index % channels;
    const sizes = new Float64Array(channels);
    weights.values.forEach((value, i) => {
      sizes[at(i)] = Math.max(sizes[at(i)] as number, Math.abs(value));
    });
    if (!this.#perChannel) sizes.fill(sizes.reduce((a, b) => Math.max(a, b), 0));
    const steps = sizes.map((size) => (size > 0 ? Math.fround(size / 127) : 1));
    const sums = new Float64Array(channels);
    const integers = Int8Array.from(weights.values, (value, i) => {
      const q = Math.max(-127, Math.min(127, roundEven(value / (steps[at(i)] as number))));
      sums[at(i)] = (sums[at(i)] as number) + q;
      return q;
    });
    const offsets = Int32Array.from(bias, (value, c) => {
      const whole = Math.round(value / (from.scale * (steps[c] as number))) - from.zero * (sums[c] as number);
      return Math.max(-(2 ** 30), Math.min(2 ** 30, whole));
    });
    const factors = Array.from(steps, (step) => factorOf((from.scale * step) / to.scale));
    const common = {
      x,
      output: last,
      shape: this.#shape(last),
      weights: this.#tensor("int8", weights.shape, integers),
      bias: this.#tensor("int32", [channels], offsets),
      rescale: rescaleOf(factors, to, limits),
    };
    if (!conv) this.steps.push({ op: "matmul", ...common });
    else {
      const attrs: Attributes = { ...node.attrs, kernel: weights.shape.slice(2) };
      const { groups = 1, ...window } = attrs;
      this.steps.push({
        op: "conv2d",
        ...common,
        groups: groups as number,
        padding: from.zero,
        window: this.#window("conv2d", x, window),
      });
    }
  }

  /** Any function of one value, as a committed table of its 256 cases. */
  #table(node: GraphNode, x: string): void {
    const [from, to] = [this.scale(x), this.scale(node.output)];
    const inputs = Float32Array.from({ length: 256 }, (_, i) => Math.fround((i - 128 - from.zero) * from.scale));
    const values = findOp(node.op).reference.compute([{ shape: [256], values: inputs }], node.attrs ?? {});
    const table = this.#tensor("int8", [256], quantised(values, to));
    this.steps.push({ op: "table", x, output: node.output, shape: this.#shape(node.output), table });
  }

  #softmax(node: GraphNode, x: string): void {
    const { scale } = this.scale(x);
    const table = Int32Array.from({ length: 256 }, (_, d) => Math.round(wideExp(-d * scale) * 2 ** 20));
    this.#scales.set(node.output, { scale: 1 / 256, zero: -128 });
    this.steps.push({
      op: "softmax",
      x,
      output: node.output,
      shape: this.#shape(node.output),
      table: this.#tensor("int32", [256], table),
    });
  }

  /** A mean, or a sum: a division by a constant right behind it joins in. */
  #mean(node: GraphNode, x: string, window: Sliding | null): void {
    let [last, count] = [node.output, window === null ? 1 : window.kernel[0] * window.kernel[1]];
    const next = this.#next(last);
    const by =
      next?.op === "div" && next.inputs[0] === last ? this.#constants.get(next.inputs[1] as string) : undefined;
    if (next !== undefined && by?.values.length === 1) {
      count *= by.values[0] as number;
      last = next.output;
      this.#done.add(next);
    }
    const [from, to] = [this.scale(x), this.scale(last)];
    const rescale = rescaleOf([factorOf(from.scale / (to.scale * count))], to);
    this.steps.push({ op: "mean", x, output: last, shape: this.#shape(last), window, zero: from.zero, rescale });
  }

  /** An operand of a pair as an int8 value: constants become tensors of the bundle. */
  #operand(name: string): Scale & { readonly value: string } {
    const constant = this.#constants.get(name);
    if (constant === undefined) return { value: name, ...this.scale(name) };
    let [low, high] = [0, 0];
    for (const value of constant.values) [low, high] = [Math.min(low, value), Math.max(high, value)];
    const scale = scaleFor([low, high]);
    return { value: this.#tensor("int8", constant.shape, quantised(constant.values, scale)), ...scale };
  }

  #pair(node: GraphNode, x: string, y: string): void {
    let { op } = node;
    let right = y;
    if (op === "div") {
      const divisor = this.#constants.get(y);
      if (divisor === undefined)
        throw new InvalidInputError(`A quotient of two values (${node.output}) has no integer form.`, {
          data: { operator: op, node: node.output },
        });
      right = `${node.output}.inverse`;
      this.#constants.set(right, { shape: divisor.shape, values: divisor.values.map((value) => 1 / value) });
      op = "mul";
    }
    let last = node.output;
    const next = this.#next(last);
    const limits =
      next?.op === "relu"
        ? [0, Number.POSITIVE_INFINITY]
        : next?.op === "clip"
          ? limitsOf(next.attrs ?? {})
          : undefined;
    if (next !== undefined && limits !== undefined) {
      last = next.output;
      this.#done.add(next);
    }
    const [a, b, to] = [this.#operand(x), this.#operand(right), this.scale(last)];
    const { low, high, zero } = rescaleOf([], to, limits);
    const common = {
      a: a.value,
      b: b.value,
      zeros: [a.zero, b.zero] as const,
      output: last,
      shape: this.#shape(last),
      zero,
      low,
      high,
    };
    if (op === "mul") {
      const [multiplier, shift] = factorOf((a.scale * b.scale) / to.scale);
      this.steps.push({ op: "mul", ...common, multipliers: [multiplier], shift: Math.min(40, shift) });
      return;
    }
    const factors = [a.scale / to.scale, (op === "sub" ? -b.scale : b.scale) / to.scale] as const;
    const most = Math.max(...factors.map(Math.abs));
    let shift = 1;
    while (shift < 40 && Math.round(most * 2 ** (shift + 1)) < 2 ** 21) shift++;
    this.steps.push({
      op: "add",
      ...common,
      multipliers: factors.map((factor) => Math.round(factor * 2 ** shift)),
      shift,
    });
  }
}

function rescaleOf(
  factors: readonly (readonly [number, number])[],
  { scale, zero }: Scale,
  limits: readonly number[] = [],
): Rescale {
  const at = (limit: number | undefined, fallback: number): number => {
    if (limit === undefined || !Number.isFinite(limit)) return fallback;
    return Math.max(-128, Math.min(127, roundEven(limit / scale) + zero));
  };
  const same = factors.every(([m, s]) => m === factors[0]?.[0] && s === factors[0]?.[1]);
  const kept = same ? factors.slice(0, 1) : factors;
  return {
    multipliers: kept.map(([multiplier]) => multiplier),
    shifts: kept.map(([, shift]) => shift),
    zero,
    low: at(limits[0], -128),
    high: at(limits[1], 127),
  };
}

/** A constant as one number per channel of `shape` along `axis`, if it is stretched that way. */
function biasOf(constant: Tensor | undefined, shape: Shape, axis: number): Float64Array | undefined {
  if (constant === undefined || constant.shape.length > shape.length) return undefined;
  const channels = shape[axis] as number;
  const own = axis - (shape.length - constant.shape.length);
  const along = constant.shape.every((extent, i) => extent === 1 || i === own);
  if (!along) return undefined;
  const { values } = constant;
  return Float64Array.from({ length: channels }, (_, c) => values[values.length === 1 ? 0 : c] as number);
}

/**
 * Turns a float network into an integer program (contract I8S): ranges of all values come from the calibration samples,
 * weights get one scale per output channel, biases and clamps join their product, functions become tables of 256 entries.
 * The same network and samples give the same bytes. Throws InvalidInputError naming operator and value where an
 * operator has no integer form.
 */
export function quantiseNetwork(
  network: FloatNetwork,
  samples: Iterable<Float32Array>,
  options: QuantiseOptions = {},
): Quantised {
  const quantiser = new Quantiser(network, rangesOf(network, samples), options.perChannel ?? true);
  quantiser.run();
  const input = network.graph.inputs.find(({ name }) => name === network.input);
  const output = network.graph.outputs.find(({ name }) => name === network.output);
  if (input === undefined || output === undefined)
    throw new InvalidInputError("The network lacks its input or output.");
  const shapes = graphShapes(network.graph);
  const program: IntegerProgram = {
    version: 1,
    input: { name: input.name, shape: [...input.shape], ...quantiser.scale(input.name) },
    output: { value: output.value, shape: [...(shapes.get(output.value) as Shape)], ...quantiser.scale(output.value) },
    steps: quantiser.steps,
    prepare: options.prepare ?? null,
  };
  return { program, tensors: quantiser.tensors };
}
