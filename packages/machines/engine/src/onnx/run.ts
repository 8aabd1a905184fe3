import { BaseError } from "@base/errors";
import { canonicalise } from "../bits.ts";
import { type CheckedModel, domainOf, functionKey } from "./check.ts";
import { OnnxError, OnnxLimitError, OnnxModelError } from "./errors.ts";
import { Call } from "./ops/op.ts";
import { refuseTypes } from "./ops/types.ts";
import { findOnnxOp } from "./ops/registry.ts";
import type { AttributeProto, FunctionProto, GraphProto, NodeProto } from "./proto.ts";
import { fits, outerOf, Planner, type Segment } from "./regions.ts";
import { decodeTensor, isMap, isTensor, type OnnxTensor, type OnnxValue } from "./tensor.ts";
import { multiplyAddsOf, workOf } from "./work.ts";

/** Names and what they stand for; subgraphs see the names around them. */
class Scope {
  readonly #values = new Map<string, OnnxValue>();
  readonly #outer: Scope | undefined;

  constructor(outer?: Scope) {
    this.#outer = outer;
  }

  get(name: string): OnnxValue {
    const value = this.#values.get(name);
    if (value !== undefined) return value;
    if (this.#outer === undefined) throw new OnnxModelError(`Nothing gives "${name}".`);
    return this.#outer.get(name);
  }

  /** What stands under a name here, if anything. */
  find(name: string): OnnxValue | undefined {
    return this.#values.get(name);
  }

  set(name: string, value: OnnxValue): void {
    this.#values.set(name, value);
  }
}

/** Nodes that one run may execute, loops included. */
const MAX_STEPS = 1_000_000;
const MAX_CALLS = 64;
/** Elements that all values of one run may hold at a time: 2^29. */
const MAX_HELD = 2 ** 29;

/** Elements of a value, entries of sequences included. */
function heldBy(value: OnnxValue): number {
  if (value === null) return 1;
  if (isTensor(value)) return 1 + value.data.length;
  if (isMap(value)) return 1 + value.keys.data.length + value.values.data.length;
  return value.reduce((sum, entry) => sum + heldBy(entry), 1);
}

/** NaN has one bit pattern at operator borders (contract F32S). */
function clean(value: OnnxValue): OnnxValue {
  if (value !== null && "dtype" in value && value.data instanceof Float32Array) canonicalise(value.data);
  return value;
}

/** What a run may cost, and who wants to know of every operator that ran. */
export interface RunOptions {
  /** Most work of one run in multiply-adds and moved elements, estimated before each operator; 2^40 unless said. */
  readonly budget?: number;
  /** Runs node by node even where the model could run as one program: the same bits, slower. */
  readonly nodes?: boolean;
  /** Told of the operands of every node before it runs. */
  readonly operands?: (node: NodeProto, inputs: readonly (OnnxValue | undefined)[]) => void;
  /** Told of every node of the main graph and of subgraphs: its results and its multiply-adds. */
  readonly watch?: (node: NodeProto, results: readonly (OnnxValue | undefined)[], multiplyAdds: number) => void;
}

/** Work of one run unless said otherwise. */
export const MAX_WORK = 2 ** 40;

/** Runs a checked model; one object serves many runs. */
export class Executor {
  readonly #model: CheckedModel;
  readonly #constants = new WeakMap<GraphProto, ReadonlyMap<string, OnnxTensor>>();
  #steps = 0;
  #held = 0;
  #work = 0;
  #options: RunOptions = {};

  constructor(model: CheckedModel) {
    this.#model = model;
    this.#constantsOf(model.graph);
  }

  #constantsOf(graph: GraphProto): ReadonlyMap<string, OnnxTensor> {
    let known = this.#constants.get(graph);
    if (known === undefined) {
      known = new Map(graph.initializer.map((proto) => [proto.name ?? "", decodeTensor(proto)]));
      this.#constants.set(graph, known);
    }
    return known;
  }

  /** Names with a default: initialisers of the main graph. */
  get defaults(): ReadonlyMap<string, OnnxTensor> {
    return this.#constantsOf(this.#model.graph);
  }

  /** The outputs of the main graph, in order; throws OnnxError. */
  run(feeds: ReadonlyMap<string, OnnxValue>, options: RunOptions = {}): OnnxValue[] {
    const scope = this.#start(feeds, options);
    return this.#body(this.#model.graph, scope, this.#model.opsets, 0);
  }

  /**
   * As {@link run}, with programs for the regions of nodes that have counterparts in the engine's graph. Without a plan
   * one is made while running. Answers undefined where a value has other extents than the plan was made for.
   */
  runPlanned(
    feeds: ReadonlyMap<string, OnnxValue>,
    options: RunOptions,
    plan: readonly Segment[] | undefined,
  ): { readonly results: OnnxValue[]; readonly plan: readonly Segment[] } | undefined {
    const scope = this.#start(feeds, options);
    const { graph } = this.#model;
    const done = plan ?? this.#planning(feeds, scope);
    if (plan !== undefined && !plan.every((segment) => this.#segment(segment, scope))) return undefined;
    return { results: graph.output.map(({ name = "" }) => scope.get(name)), plan: done };
  }

  #planning(feeds: ReadonlyMap<string, OnnxValue>, scope: Scope): readonly Segment[] {
    const { graph, opsets } = this.#model;
    const constants = [...this.#constantsOf(graph)].filter(([name]) => !feeds.has(name));
    const planner = new Planner(this.#model, new Map(constants));
    for (let at = 0; at < graph.node.length; ) {
      const region = planner.region(at, (name) => scope.find(name));
      if (region !== undefined) {
        planner.segments.push({ region });
        this.#segment({ region }, scope);
        at += region.nodes.length;
      } else {
        const node = graph.node[at++] as NodeProto;
        this.#node(node, scope, opsets, 0);
        planner.segments.push({ node, results: node.output.map((name) => outerOf(name, scope.find(name))) });
      }
    }
    return planner.segments;
  }

  /** Whether the segment could run: its operands, or a node's results, have the extents of the plan. */
  #segment(segment: Segment, scope: Scope): boolean {
    const { opsets } = this.#model;
    if ("node" in segment) {
      this.#node(segment.node, scope, opsets, 0);
      return segment.node.output.every((name, i) => {
        const result = segment.results[i];
        return name === "" || (result === undefined ? !isTensor(scope.find(name)) : fits(result, scope.find(name)));
      });
    }
    const { nodes, inputs, outputs, constants, program, work } = segment.region;
    if (!inputs.every((outer) => fits(outer, scope.find(outer.name)))) return false;
    if (this.#work + work > (this.#options.budget ?? MAX_WORK)) {
      for (const node of nodes) this.#node(node, scope, opsets, 0);
      return true;
    }
    this.#work += work;
    this.#steps += nodes.length;
    for (const [name, tensor] of constants) {
      this.#held += heldBy(tensor);
      scope.set(name, tensor);
    }
    const results = program?.run(new Map(inputs.map(({ name }) => [name, scope.get(name) as OnnxTensor]))) ?? [];
    outputs.forEach((name, i) => {
      const value = results[i] as OnnxTensor;
      this.#held += heldBy(value);
      if (this.#held > MAX_HELD) throw new OnnxLimitError(`The run holds more than ${MAX_HELD} elements at a time.`);
      scope.set(name, value);
    });
    return true;
  }

  #start(feeds: ReadonlyMap<string, OnnxValue>, options: RunOptions): Scope {
    this.#steps = 0;
    this.#held = 0;
    this.#work = 0;
    this.#options = options;
    const scope = new Scope();
    for (const [name, tensor] of this.defaults) scope.set(name, tensor);
    for (const [name, value] of feeds) scope.set(name, value);
    return scope;
  }

  #body(graph: GraphProto, scope: Scope, opsets: ReadonlyMap<string, number>, depth: number): OnnxValue[] {
    for (const node of graph.node) this.#node(node, scope, opsets, depth);
    return graph.output.map(({ name = "" }) => scope.get(name));
  }

  #subgraph(
    graph: GraphProto,
    inputs: readonly OnnxValue[],
    outer: Scope,
    opsets: ReadonlyMap<string, number>,
    depth: number,
  ): OnnxValue[] {
    const scope = new Scope(outer);
    for (const [name, tensor] of this.#constantsOf(graph)) scope.set(name, tensor);
    graph.input.forEach(({ name = "" }, index) => {
      if (inputs[index] !== undefined) scope.set(name, inputs[index]);
    });
    const before = this.#held;
    const results = this.#body(graph, scope, opsets, depth + 1);
    this.#held = before + results.reduce((sum, value) => sum + heldBy(value), 0);
    return results;
  }

  #node(node: NodeProto, scope: Scope, opsets: ReadonlyMap<string, number>, depth: number): void {
    if (++this.#steps > MAX_STEPS) throw new OnnxLimitError(`The run takes more than ${MAX_STEPS} operators.`);
    if (depth > MAX_CALLS) throw new OnnxLimitError(`Calls are nested deeper than ${MAX_CALLS}.`);
    const inputs = node.input.map((name) => (name === "" ? undefined : scope.get(name)));
    const domain = domainOf(node.domain);
    const own = this.#model.functions.get(functionKey(domain, node.opType, node.overload));
    const results =
      own === undefined ? this.#builtIn(node, inputs, scope, opsets, depth) : this.#own(own, node, inputs, depth);
    node.output.forEach((name, index) => {
      if (name === "") return;
      const value = results[index];
      if (value === undefined)
        throw new OnnxModelError(`Node ${node.name ?? ""} (${node.opType}) does not give output ${index}.`);
      this.#held += heldBy(value);
      if (this.#held > MAX_HELD) throw new OnnxLimitError(`The run holds more than ${MAX_HELD} elements at a time.`);
      scope.set(name, clean(value));
    });
  }

  #builtIn(
    node: NodeProto,
    inputs: readonly (OnnxValue | undefined)[],
    scope: Scope,
    opsets: ReadonlyMap<string, number>,
    depth: number,
  ): (OnnxValue | undefined)[] {
    const domain = domainOf(node.domain);
    const op = findOnnxOp(domain, node.opType ?? "");
    if (op === undefined) throw new OnnxModelError(`There is no operator ${node.opType}.`);
    const call = new Call(node, inputs, opsets.get(domain) ?? 1, (graph, values) =>
      this.#subgraph(graph, values, scope, opsets, depth),
    );
    try {
      refuseTypes(call);
      this.#charge(call);
      this.#options.operands?.(node, inputs);
      const results = op.compute(call);
      this.#options.watch?.(node, results, multiplyAddsOf(call));
      return results;
    } catch (cause) {
      throw located(call, cause);
    }
  }

  #charge(call: Call): void {
    this.#work += workOf(call);
    const { budget = MAX_WORK } = this.#options;
    if (this.#work > budget)
      throw new OnnxLimitError(`${call.where}: the run would cost more than ${budget} operations.`);
  }

  #own(
    fn: FunctionProto,
    node: NodeProto,
    inputs: readonly (OnnxValue | undefined)[],
    depth: number,
  ): (OnnxValue | undefined)[] {
    const scope = new Scope();
    fn.input.forEach((name, index) => {
      if (inputs[index] !== undefined) scope.set(name, inputs[index]);
    });
    const given = new Map<string, AttributeProto>();
    for (const attribute of [...fn.attributeProto, ...node.attribute]) given.set(attribute.name ?? "", attribute);
    const opsets = new Map(fn.opsetImport.map(({ domain, version }) => [domainOf(domain), Number(version ?? 0n)]));
    for (const inner of fn.node)
      this.#node({ ...inner, attribute: bindAttributes(inner, given) }, scope, opsets, depth + 1);
    return fn.output.map((name) => scope.get(name));
  }
}

/** An error that names operator and node; what names them already stays as it is. */
function located(call: Call, cause: unknown): OnnxError {
  const why = cause instanceof BaseError ? cause.shortMessage : "its operands do not fit it.";
  if (cause instanceof OnnxError && /\((node|operator) /.test(why)) return cause;
  const text = `${call.where}: ${why}`;
  return cause instanceof OnnxLimitError ? new OnnxLimitError(text, { cause }) : new OnnxModelError(text, { cause });
}

/** Attributes of a node inside a function, references replaced by what the call gives. */
function bindAttributes(node: NodeProto, given: ReadonlyMap<string, AttributeProto>): AttributeProto[] {
  return node.attribute.flatMap((attribute) => {
    if (attribute.refAttrName === undefined || attribute.refAttrName === "") return [attribute];
    const value = given.get(attribute.refAttrName);
    return value === undefined ? [] : [{ ...value, name: attribute.name ?? "" }];
  });
}
