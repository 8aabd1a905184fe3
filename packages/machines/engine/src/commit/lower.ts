import { NotFoundError } from "@base/errors";
import { fromHexBits } from "../bits.ts";
import type { Attributes, Graph, GraphNode, Shape } from "../graph/ir.ts";
import { graphShapes } from "../graph/validate.ts";
import { convolutionOf } from "../ops/conv2d/shape.ts";
import { encodeAttributes } from "./attributes.ts";
import type { DisputeProgram, ProgramValue } from "./disputeProgram.ts";
import { referenceOf } from "./lowered.ts";
import { OPCODES, type OpName } from "./opcodes.ts";

/** Writes the nodes of a dispute program; names of values that the graph does not have follow from those that it has. */
class Lowering {
  readonly values: ProgramValue[] = [];
  readonly #index = new Map<string, number>();
  readonly #taken: Set<string>;
  /** Per matrix its transposed, both ways. */
  readonly #turned = new Map<string, string>();

  constructor(names: Iterable<string>) {
    this.#taken = new Set(names);
  }

  define(value: ProgramValue): void {
    this.#index.set(value.name, this.values.length);
    this.values.push(value);
  }

  indexOf(name: string): number {
    return this.#index.get(name) as number;
  }

  shape(name: string): Shape {
    return (this.values[this.indexOf(name)] as ProgramValue).shape;
  }

  /** Adds an operator whose result gets exactly this name. */
  node(op: OpName, inputs: readonly string[], attributes: Attributes, name: string): string {
    const shapes = inputs.map((input) => this.shape(input));
    const shape = referenceOf(op).shape(shapes, attributes);
    const attrs = encodeAttributes(op, attributes, shapes, shape);
    this.define({
      kind: "node",
      name,
      shape,
      slot: 0,
      op,
      inputs: inputs.map((i) => this.indexOf(i)),
      attrs,
      attributes,
    });
    if (op === "transpose") {
      const [source] = inputs as [string];
      this.#turned.set(name, source);
      if (!this.#turned.has(source)) this.#turned.set(source, name);
    }
    return name;
  }

  /** Adds an operator whose result gets a new name that begins with `stem`. */
  step(op: OpName, inputs: readonly string[], attributes: Attributes, stem: string): string {
    let name = stem;
    while (this.#taken.has(name)) name += "+";
    this.#taken.add(name);
    return this.node(op, inputs, attributes, name);
  }

  /** The transposed matrix: where one already is the other's transposed, that other one. */
  transposed(matrix: string): string {
    return this.#turned.get(matrix) ?? this.step("transpose", [matrix], {}, `${matrix}.T`);
  }
}

/** Rules for operators that become others; the last node of each has the operator's own name. */
const RULES: Readonly<Record<string, (l: Lowering, node: GraphNode) => void>> = {
  matmul(l, { inputs, output }) {
    const [left, right] = inputs as [string, string];
    l.node("matmulT", [left, l.transposed(right)], {}, output);
  },
  colsum(l, { inputs, output }) {
    l.node("colsumT", [l.transposed(inputs[0] as string)], {}, output);
  },
  softmax(l, { inputs, output }) {
    const { e } = shiftedExp(l, inputs[0] as string, output);
    l.node("div", [e, l.step("rowsum", [e], {}, `${output}.sum`)], {}, output);
  },
  logsumexp(l, { inputs, output }) {
    const { most, e } = shiftedExp(l, inputs[0] as string, output);
    const sum = l.step("rowsum", [e], {}, `${output}.sum`);
    l.node("add", [most, l.step("log", [sum], {}, `${output}.log`)], {}, output);
  },
  conv2d(l, { inputs, output, attrs }) {
    const [x, w] = inputs as [string, string];
    const {
      window,
      groups,
      channels,
      inputs: depth,
      outputs,
      unfold,
    } = convolutionOf(l.shape(x), l.shape(w), attrs ?? {});
    const k = depth * window.kernel[0] * window.kernel[1];
    const places = window.n * window.out[0] * window.out[1];
    const step = (op: OpName, from: readonly string[], attributes: Attributes, part: string) =>
      l.step(op, from, attributes, `${output}.${part}`);
    // One image and a window of one place that visits each place once: the operand is the unfolded matrix.
    const plain = window.n === 1 && k === depth && places === window.h * window.w;
    const flat = plain
      ? step("reshape", [x], { shape: [groups * k, places] }, "unfold")
      : step("unfold", [x], unfold, "unfold");
    let [columns, matrix] = ["", ""];
    if (groups === 1) {
      columns = l.transposed(flat);
      matrix = step("reshape", [w], { shape: [channels, k] }, "w");
    } else {
      const stacked = step("reshape", [flat], { shape: [groups, k, places] }, "groups");
      columns = step("permute", [stacked], { perm: [0, 2, 1] }, "columns");
      matrix = step("reshape", [w], { shape: [groups, outputs, k] }, "w");
    }
    const product = step("matmulT", [matrix, columns], {}, "product");
    const shape = [channels, window.n, ...window.out];
    l.node("permute", [step("reshape", [product], { shape }, "planes")], { perm: [1, 0, 2, 3] }, output);
  },
};

function shiftedExp(l: Lowering, x: string, output: string): { most: string; e: string } {
  const most = l.step("rowmaxFinite", [x], {}, `${output}.max`);
  const e = l.step("exp", [l.step("sub", [x, most], {}, `${output}.shifted`)], {}, `${output}.exp`);
  return { most, e };
}

/** True when an operator of the engine stands in a dispute program as itself or as others. */
export function isRefereed(op: string): boolean {
  return op in RULES || op in OPCODES;
}

/**
 * The dispute program of a graph: matrix products with the right operand transposed, convolutions as products, softmax in
 * steps. Every value of the graph that is still there keeps its name and its bits. Throws InvalidInputError on a graph
 * that is not sound and NotFoundError on an operator without referee.
 */
export function lower(graph: Graph): DisputeProgram {
  const shapes = graphShapes(graph);
  const l = new Lowering(shapes.keys());
  const slots = { data: 0, held: 0 };
  for (const { name, shape, role } of graph.inputs) {
    const slot = role === "data" ? slots.data++ : slots.held++;
    l.define({ kind: role, name, shape, slot, inputs: [], attrs: [], attributes: {} });
  }
  for (const { name, shape, bits } of graph.constants)
    l.define({
      kind: "constant",
      name,
      shape,
      slot: 0,
      inputs: [],
      attrs: [],
      attributes: {},
      constant: fromHexBits(bits),
    });
  for (const node of graph.nodes) {
    const rule = RULES[node.op];
    if (rule !== undefined) rule(l, node);
    else if (node.op in OPCODES) l.node(node.op as OpName, node.inputs, node.attrs ?? {}, node.output);
    else throw new NotFoundError(`The operator ${node.op} has no referee.`);
  }
  return prune(graph, l);
}

/** Leaves out nodes and constants that nothing uses, and renumbers. */
function prune(graph: Graph, l: Lowering): DisputeProgram {
  const ends = [...graph.outputs, ...graph.updates].map(({ value }) => l.indexOf(value));
  const used = new Set(ends);
  for (let index = l.values.length - 1; index >= 0; index--)
    if (used.has(index)) for (const input of (l.values[index] as ProgramValue).inputs) used.add(input);
  const kept = l.values.filter(({ kind }, index) => used.has(index) || (kind !== "node" && kind !== "constant"));
  const renumbered = new Map(kept.map(({ name }, index) => [name, index]));
  const at = (name: string) => renumbered.get(name) as number;
  const updates = new Map(graph.updates.map(({ target, value }) => [target, at(value)]));
  const values = kept.map((value) => {
    const update = updates.get(value.name);
    const inputs = value.inputs.map((input) => at((l.values[input] as ProgramValue).name));
    return { ...value, inputs, ...(update === undefined ? {} : { update }) };
  });
  return { values, outputs: graph.outputs.map(({ name, value }) => ({ name, value: at(value) })) };
}
