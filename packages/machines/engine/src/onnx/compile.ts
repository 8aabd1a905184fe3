import { BaseError } from "@base/errors";
import { Builder } from "../graph/build.ts";
import type { Graph, Shape } from "../graph/ir.ts";
import { Program } from "../graph/program.ts";
import { type CheckedModel, domainOf, functionKey } from "./check.ts";
import { NotCompiled, RULES } from "./lowering.ts";
import { Call } from "./ops/op.ts";
import { findOnnxOp } from "./ops/registry.ts";
import type { Dtype } from "./dtype.ts";
import type { NodeProto } from "./proto.ts";
import { countOf, decodeTensor, isTensor, longs, type OnnxTensor, type OnnxValue } from "./tensor.ts";
import { workOf } from "./work.ts";

/** A model as one graph of the engine, for inputs of fixed extents. */
export interface CompiledGraph {
  readonly graph: Graph;
  /** Values of the graph's parameters. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Per output of the model: a value of the graph, or what it always is. */
  readonly outputs: readonly {
    readonly name: string;
    readonly value?: string;
    readonly constant?: OnnxTensor;
    readonly shape: Shape;
  }[];
  /** Work of one run, as running node by node would be charged for. */
  readonly work: number;
}

/** Why a model has no such graph: the node, and what about it. */
export interface Obstacle {
  readonly node: string;
  readonly operator: string;
  readonly why: string;
}

/** Constants up to this size are written into the graph; larger ones are its parameters. */
const INLINE = 64;
/** Constants that folding may make in all, in elements. */
const MAX_FOLDED = 2 ** 26;

type Known = { readonly constant: OnnxTensor } | { readonly value: string } | Outer;

/** A value that comes from outside: only its type and extents are known. */
export interface Outer {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: Shape;
}

/** A tensor whose extents count and whose elements nobody reads. */
const outline = (shape: Shape, dtype: Dtype = "float32"): OnnxTensor => ({
  dtype,
  shape,
  data: { length: countOf(shape) } as unknown as Float32Array,
});

/** Nodes made into operators of one graph, as far as they have counterparts. */
export class Compiler {
  readonly b = new Builder();
  readonly weights = new Map<string, Float32Array>();
  readonly #model: CheckedModel;
  readonly #known = new Map<string, Known>();
  readonly #named = new Map<OnnxTensor, string>();
  #folded = 0;
  work = 0;

  /** Names that nodes given here give. */
  readonly given = new Set<string>();
  readonly #find: (name: string) => { readonly constant: OnnxTensor } | Outer | undefined;

  /** `find` tells of names that no node given here gives. */
  constructor(model: CheckedModel, find: (name: string) => { readonly constant: OnnxTensor } | Outer | undefined) {
    this.#model = model;
    this.#find = find;
  }

  /** Makes a value from outside an input of the graph. */
  take(name: string, shape: Shape): string {
    const value = this.b.input(`x:${name}`, shape, "data");
    this.#known.set(name, { value });
    return value;
  }

  node(node: NodeProto): void {
    const domain = domainOf(node.domain);
    const own = this.#model.functions.get(functionKey(domain, node.opType, node.overload));
    if (own !== undefined || node.attribute.some(({ g, graphs }) => g !== undefined || graphs.length > 0))
      throw new NotCompiled("functions and control flow");
    const known = node.input.map((name) => (name === "" ? undefined : this.#at(name)));
    const inputs = known.map((one) =>
      one === undefined
        ? undefined
        : "constant" in one
          ? one.constant
          : "value" in one
            ? outline(this.b.shape(one.value))
            : outline(one.shape, one.dtype),
    );
    const call = new Call(node, inputs, this.#model.opsets.get(domain) ?? 1, () => []);
    this.work += workOf(call);
    const shaped = this.#extents(call, inputs[0]);
    if (shaped !== undefined) this.#give(node, [shaped]);
    else if (known.every((one) => one === undefined || "constant" in one)) this.#fold(call);
    else this.#lower(call, known);
    for (const name of node.output) if (this.#known.has(name)) this.given.add(name);
  }

  #at(name: string): Known {
    const known = this.#known.get(name) ?? this.#find(name);
    if (known === undefined) throw new NotCompiled(`"${name}" is not known`);
    return known;
  }

  /** Extents are known already. */
  #extents(call: Call, x: OnnxTensor | undefined): OnnxTensor | undefined {
    if (x === undefined) return undefined;
    if (call.node.opType === "Size") return longs([countOf(x.shape)], []);
    if (call.node.opType !== "Shape") return undefined;
    const rank = x.shape.length;
    const clamp = (value: number): number => Math.min(rank, Math.max(0, value < 0 ? value + rank : value));
    return longs(x.shape.slice(clamp(call.int("start", 0)), clamp(call.int("end", rank))));
  }

  #fold(call: Call): void {
    const op = findOnnxOp(domainOf(call.node.domain), call.node.opType ?? "");
    if (op === undefined) throw new NotCompiled("no such operator");
    const results = op.compute(call);
    for (const value of results) if (isTensor(value)) this.#folded += value.data.length;
    if (this.#folded > MAX_FOLDED) throw new NotCompiled("too many constants");
    this.#give(call.node, results);
  }

  #give(node: NodeProto, results: readonly (OnnxValue | undefined)[]): void {
    node.output.forEach((name, index) => {
      const value = results[index];
      if (name === "") return;
      if (!isTensor(value)) throw new NotCompiled("a result that is no tensor");
      this.#known.set(name, { constant: value });
    });
  }

  /** A constant as a value of the graph. */
  tensor(tensor: OnnxTensor): string {
    if (tensor.dtype !== "float32") throw new NotCompiled(`${tensor.dtype} operands`);
    const data = tensor.data as Float32Array;
    if (data.length <= INLINE) return this.b.constant(data, tensor.shape);
    const named = this.#named.get(tensor);
    if (named !== undefined) return named;
    const name = this.b.input(`w:${this.weights.size}`, tensor.shape, "param");
    this.weights.set(name, data);
    this.#named.set(tensor, name);
    return name;
  }

  #lower(call: Call, known: readonly (Known | undefined)[]): void {
    const { node } = call;
    const rule = domainOf(node.domain) === "" ? RULES[node.opType ?? ""] : undefined;
    if (rule === undefined) throw new NotCompiled("the engine's graph has no such operator");
    const value = rule({
      b: this.b,
      call,
      value: (index) => {
        const one = known[index];
        if (one === undefined) throw call.fault(`operand ${index} is missing`);
        if ("constant" in one) return this.tensor(one.constant);
        if ("value" in one) return one.value;
        const again = this.#known.get(one.name);
        if (again !== undefined && "value" in again) return again.value;
        if (one.dtype !== "float32") throw new NotCompiled(`${one.dtype} operands`);
        return this.take(one.name, one.shape);
      },
      constant: (index) => {
        const one = known[index];
        return one !== undefined && "constant" in one ? one.constant : undefined;
      },
      has: (index) => known[index] !== undefined,
      tensor: (tensor) => this.tensor(tensor),
    });
    this.#known.set(node.output[0] ?? "", { value });
  }

  /** What became of a name that a node given here gives. */
  result(name: string): { readonly constant: OnnxTensor } | Outer {
    const known = this.#at(name);
    if ("value" in known) return { name, dtype: "float32", shape: this.b.shape(known.value) };
    return known;
  }

  output(name: string): CompiledGraph["outputs"][number] {
    const known = this.#at(name);
    if ("constant" in known) return { name, constant: known.constant, shape: known.constant.shape };
    if (!("value" in known)) throw new NotCompiled(`"${name}" comes from outside`);
    this.b.output(`y:${name}`, known.value);
    return { name, value: `y:${name}`, shape: this.b.shape(known.value) };
  }
}

/**
 * A checked model as one graph, for inputs (all float32) of the given shapes: shapes are followed through, what depends
 * on constants alone is computed, everything else becomes operators of the engine. The graph gives the bits that
 * running node by node gives. Where a node has no counterpart the answer names it instead.
 */
export function compileModel(model: CheckedModel, shapes: Readonly<Record<string, Shape>>): CompiledGraph | Obstacle {
  const { graph } = model;
  let at: NodeProto | undefined;
  try {
    const constants = new Map(graph.initializer.map((tensor) => [tensor.name ?? "", decodeTensor(tensor)]));
    const compiler = new Compiler(model, (name) => {
      const constant = constants.get(name);
      return constant === undefined ? undefined : { constant };
    });
    for (const { name = "" } of graph.input) {
      const shape = shapes[name];
      if (shape !== undefined) compiler.take(name, shape);
    }
    for (const node of graph.node) {
      at = node;
      compiler.node(node);
    }
    at = undefined;
    const outputs = graph.output.map(({ name = "" }) => compiler.output(name));
    return { graph: compiler.b.finish(), weights: compiler.weights, outputs, work: compiler.work };
  } catch (error) {
    // What does not fit is found, and named, again where nodes run one by one.
    const known = error instanceof NotCompiled || error instanceof BaseError;
    const why = error instanceof BaseError ? error.shortMessage : known ? error.message : "its operands do not fit it";
    return { node: at?.name ?? "", operator: at?.opType ?? "", why };
  }
}

/** Whether compiling ended in a graph. */
export function isCompiled(compiled: CompiledGraph | Obstacle): compiled is CompiledGraph {
  return "graph" in compiled;
}

/** A compiled model bound to kernels and memory. */
export class CompiledProgram {
  readonly #compiled: CompiledGraph;
  readonly #program: Program;

  /** Throws InvalidInputError when the graph does not fit into memory. */
  constructor(compiled: CompiledGraph, threads = 1) {
    this.#compiled = compiled;
    this.#program = new Program(compiled.graph, { threads });
    const used = new Set(compiled.graph.inputs.map(({ name }) => name));
    for (const [name, values] of compiled.weights) if (used.has(name)) this.#program.write(name, values);
  }

  get work(): number {
    return this.#compiled.work;
  }

  /** The outputs in order. */
  run(feeds: ReadonlyMap<string, OnnxTensor>): OnnxTensor[] {
    for (const [name, { data }] of feeds) this.#program.write(`x:${name}`, data as Float32Array);
    this.#program.run();
    return this.#compiled.outputs.map(({ value, constant, shape }) =>
      value === undefined ? (constant as OnnxTensor) : { dtype: "float32", shape, data: this.#program.read(value) },
    );
  }
}
