import { sizeOf } from "../graph/ir.ts";
import type { CheckedModel } from "./check.ts";
import { CompiledProgram, Compiler, type Outer } from "./compile.ts";
import type { GraphProto, NodeProto } from "./proto.ts";
import { isTensor, type OnnxTensor, type OnnxValue } from "./tensor.ts";

/** Nodes one after another that run as one program. */
export interface Region {
  readonly nodes: readonly NodeProto[];
  /** Values from outside, all float32. */
  readonly inputs: readonly Outer[];
  /** Values that somebody outside reads, in the order of the program's results. */
  readonly outputs: readonly string[];
  /** What is the same in every run that has these extents. */
  readonly constants: ReadonlyMap<string, OnnxTensor>;
  readonly program: CompiledProgram | undefined;
  readonly work: number;
}

/** One step of a run: a region, or a node by itself and the types and extents of its results. */
export type Segment =
  | { readonly region: Region }
  | { readonly node: NodeProto; readonly results: readonly (Outer | undefined)[] };

/** Operators that are worth a program of their own. */
const HEAVY = new Set(["Conv", "MatMul", "Gemm", "Softmax", "LayerNormalization", "InstanceNormalization", "MaxPool"]);

/** Programs of one plan, and the elements of their operands and weights: each has a memory of its own. */
const MAX_REGIONS = 256;
const MAX_ELEMENTS = 2 ** 27;

/** The names that a node reads, those of its subgraphs included. */
function readBy(node: NodeProto): string[] {
  const inner = (graph: GraphProto): string[] => [
    ...graph.node.flatMap(readBy),
    ...graph.output.map(({ name = "" }) => name),
  ];
  return [
    ...node.input,
    ...node.attribute.flatMap(({ g, graphs }) => [...(g === undefined ? [] : [g]), ...graphs].flatMap(inner)),
  ];
}

/** Type and extents of a tensor; undefined for what is none. */
export function outerOf(name: string, value: OnnxValue | undefined): Outer | undefined {
  return isTensor(value) ? { name, dtype: value.dtype, shape: value.shape } : undefined;
}

/** Whether a value has the type and extents that a plan was made for. */
export function fits(outer: Outer | undefined, value: OnnxValue | undefined): boolean {
  const now = outerOf("", value);
  if (outer === undefined || now === undefined) return false;
  return outer.dtype === now.dtype && outer.shape.join() === now.shape.join();
}

/** Cuts the main graph of a model into segments while it runs: extents are those of the values that are there by then. */
export class Planner {
  readonly segments: Segment[] = [];
  readonly #model: CheckedModel;
  readonly #constants: Map<string, OnnxTensor>;
  readonly #lastRead = new Map<string, number>();
  /** Nodes before this one have been tried: a shorter region would be worth no more. */
  #tried = 0;
  #regions = 0;
  #elements = 0;

  /** `constants` are the same in every run: initialisers that no input overrides. */
  constructor(model: CheckedModel, constants: ReadonlyMap<string, OnnxTensor>) {
    this.#model = model;
    this.#constants = new Map(constants);
    model.graph.node.forEach((node, at) => {
      for (const name of readBy(node)) this.#lastRead.set(name, at);
    });
    for (const { name = "" } of model.graph.output) this.#lastRead.set(name, Number.POSITIVE_INFINITY);
  }

  /** The longest region from node `from` on, if it is worth a program; `value` gives what has been computed. */
  region(from: number, value: (name: string) => OnnxValue | undefined): Region | undefined {
    if (from < this.#tried || this.#regions === MAX_REGIONS || this.#elements > MAX_ELEMENTS) return undefined;
    const find = (name: string): { readonly constant: OnnxTensor } | Outer | undefined => {
      const constant = this.#constants.get(name);
      return constant === undefined ? outerOf(name, value(name)) : { constant };
    };
    const { node: all } = this.#model.graph;
    const compiler = new Compiler(this.#model, find);
    let to = from;
    for (; to < all.length; to++) {
      // A node that breaks off half-way must leave nothing behind, so it is tried alone first; folding leaves nothing.
      const node = all[to] as NodeProto;
      const at = (name: string): ReturnType<typeof find> => resultOf(compiler, name) ?? find(name);
      const folds = node.input.every((name) => name === "" || "constant" in (at(name) ?? {}));
      if (!folds && !tries(() => new Compiler(this.#model, at).node(node))) break;
      if (folds && !tries(() => compiler.node(node))) break;
      if (folds) continue;
      if (!tries(() => compiler.node(node))) {
        this.#tried = to + 1;
        return undefined;
      }
    }
    this.#tried = to;
    const nodes = all.slice(from, to);
    return nodes.length === 0 ? undefined : this.#close(compiler, nodes, to);
  }

  #close(compiler: Compiler, nodes: readonly NodeProto[], to: number): Region | undefined {
    const constants = new Map<string, OnnxTensor>();
    const outputs: string[] = [];
    let moving = 0;
    for (const { output } of nodes)
      for (const name of output) {
        const result = name === "" ? undefined : resultOf(compiler, name);
        if (result === undefined) continue;
        if ("constant" in result) constants.set(name, result.constant);
        else {
          moving++;
          if ((this.#lastRead.get(name) ?? -1) >= to) outputs.push(name);
        }
      }
    const heavy = nodes.some(({ opType = "" }) => HEAVY.has(opType));
    if (moving > 0 && moving < 2 && !heavy) return undefined;
    let program: CompiledProgram | undefined;
    const inputs: Outer[] = [];
    const sound = tries(() => {
      if (moving === 0) return;
      const results = outputs.map((name) => compiler.output(name));
      const graph = compiler.b.finish();
      this.#elements += graph.inputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
      if (this.#elements > MAX_ELEMENTS) return;
      program = new CompiledProgram({ graph, weights: compiler.weights, outputs: results, work: compiler.work });
      for (const { name, role, shape } of graph.inputs)
        if (role === "data") inputs.push({ name: name.slice(2), dtype: "float32", shape });
    });
    if (!sound || (moving > 0 && program === undefined)) return undefined;
    this.#regions++;
    for (const [name, tensor] of constants) {
      this.#constants.set(name, tensor);
      this.#elements += tensor.data.length;
    }
    return { nodes, inputs, outputs, constants, program, work: compiler.work };
  }
}

function tries(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false; // the same node says what is wrong when it runs by itself
  }
}

function resultOf(compiler: Compiler, name: string): { readonly constant: OnnxTensor } | Outer | undefined {
  return compiler.given.has(name) ? compiler.result(name) : undefined;
}
