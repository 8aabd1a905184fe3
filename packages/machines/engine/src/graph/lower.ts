import { BIAS_COLUMN, BIAS_ROW, CLAMP } from "../ops/matmul/after.ts";
import { limitsOf } from "../ops/clip/reference.ts";
import { convolutionAfter, packedElements, product } from "../ops/fused.ts";
import type { Kernel } from "../ops/op.ts";
import { findOp } from "../ops/registry.ts";
import type { Attributes, Graph, GraphNode, Shape } from "./ir.ts";
import { sameShape, sizeOf } from "./ir.ts";

/** One kernel to run: an operator of the graph, or several that one kernel does at once. */
export interface Step {
  readonly kernel: Kernel;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attrs: Attributes;
}

/** The right operand of a product, kept as packed panels as long as nobody writes it. */
export interface Pack {
  readonly name: string;
  readonly source: string;
  readonly across: boolean;
  readonly elements: number;
}

/**
 * A graph as kernels run it. Every rewrite keeps the bits of the plain graph: no sum is reordered, every addition and
 * comparison still happens on the same numbers; what changes is only that values stay in registers or in place.
 */
export interface Lowered {
  readonly steps: readonly Step[];
  /** Values that the lowering adds: limits of clamps. */
  readonly constants: readonly { readonly name: string; readonly values: Float32Array }[];
  readonly packs: readonly Pack[];
  /** Values that stand in the place of another: reshapes, and results that are written over what they update. */
  readonly alias: ReadonlyMap<string, string>;
  /** Updates that still are copies. */
  readonly updates: Graph["updates"];
}

/** Elementwise operators: every element of the result depends on the elements at the same index. */
const IN_PLACE = new Set(["add", "sub", "mul", "div", "relu", "gate", "clip", "sqrt", "exp", "log", "sigmoid", "tanh"]);

class Lowering {
  readonly #graph: Graph;
  readonly #shapes: ReadonlyMap<string, Shape>;
  readonly #users = new Map<string, GraphNode[]>();
  readonly #held: ReadonlySet<string>;
  readonly #gone = new Set<GraphNode>();
  readonly #constants = new Map<string, Float32Array>();
  readonly #packs = new Map<string, Pack>();
  readonly #alias = new Map<string, string>();
  readonly #nodes: readonly GraphNode[];

  constructor(graph: Graph, shapes: ReadonlyMap<string, Shape>) {
    this.#graph = graph;
    this.#shapes = shapes;
    this.#held = new Set([...graph.outputs, ...graph.updates].map(({ value }) => value));
    this.#nodes = gatesOnResults(graph.nodes);
    for (const node of this.#nodes)
      for (const input of node.inputs) this.#users.set(input, [...(this.#users.get(input) ?? []), node]);
  }

  #shape(name: string): Shape {
    return this.#shapes.get(name) ?? [];
  }

  /** The only reader of a value that nobody outside sees. */
  #onlyUser(value: string): GraphNode | undefined {
    const users = this.#users.get(value) ?? [];
    return users.length === 1 && !this.#held.has(value) ? users[0] : undefined;
  }

  /** Whether `bias` is one number per row (channel) or per column of a result of this shape. */
  #biasKind(op: string, shape: Shape, bias: string): number {
    const own = this.#shape(bias);
    const axis = op === "conv2d" ? 1 : shape.length - 1;
    const extent = shape[axis] as number;
    const padded = [...new Array<number>(Math.max(0, shape.length - own.length)).fill(1), ...own];
    const fits = padded.length === shape.length && padded.every((size, i) => size === (i === axis ? extent : 1));
    if (!fits) return 0;
    return op === "conv2d" ? BIAS_ROW : BIAS_COLUMN;
  }

  /** A product or convolution together with the bias and the clamp that follow it. */
  #chain(node: GraphNode): { last: GraphNode; kinds: number; operands: string[] } {
    const chain = { last: node, kinds: 0, operands: [] as string[] };
    const add = this.#onlyUser(node.output);
    if (add?.op === "add" && add.inputs[0] !== add.inputs[1]) {
      const bias = (add.inputs[0] === node.output ? add.inputs[1] : add.inputs[0]) as string;
      const shape = this.#shape(node.output);
      const kind = sameShape(this.#shape(add.output), shape) ? this.#biasKind(node.op, shape, bias) : 0;
      if (kind > 0) {
        chain.last = add;
        chain.kinds = kind;
        chain.operands.push(bias);
      }
    }
    const clamp = this.#onlyUser(chain.last.output);
    if (clamp?.op === "relu" || clamp?.op === "clip") {
      const [low, high] = clamp.op === "relu" ? [0, Number.POSITIVE_INFINITY] : limitsOf(clamp.attrs ?? {});
      const name = `limits:${low}:${high}`;
      this.#constants.set(name, Float32Array.of(low, high));
      chain.last = clamp;
      chain.kinds |= CLAMP;
      chain.operands.push(name);
    }
    return chain;
  }

  /** The operand of a transpose, when its transpose is what the product reads. */
  #transposed(name: string): string | undefined {
    const node = this.#nodes.find((candidate) => candidate.output === name);
    return node?.op === "transpose" ? node.inputs[0] : undefined;
  }

  #pack(source: string, across: boolean): string | undefined {
    const input = this.#graph.inputs.find(({ name }) => name === source);
    const fixed = input ? input.role !== "data" : this.#graph.constants.some(({ name }) => name === source);
    if (!fixed || this.#graph.updates.some(({ target }) => target === source)) return undefined;
    const name = `packed:${across ? "t" : "n"}:${source}`;
    this.#packs.set(name, { name, source, across, elements: packedElements(this.#shape(source), across) });
    return name;
  }

  #product(node: GraphNode): { step: Step; last: GraphNode } {
    const { last, kinds, operands } = this.#chain(node);
    const [left, right] = node.inputs as [string, string];
    const under = this.#transposed(right);
    const across = under !== undefined;
    const packed = this.#pack(under ?? right, across);
    const inputs = [left, under ?? right, ...operands, ...(packed === undefined ? [] : [packed])];
    const attrs = { kinds, across: across ? 1 : 0, packed: packed === undefined ? 0 : 1 };
    return { step: { kernel: product, inputs, output: last.output, attrs }, last };
  }

  run(): Lowered {
    const placed = new Map<GraphNode, Step>();
    for (const node of this.#nodes) {
      if (node.op !== "matmul" && node.op !== "conv2d") continue;
      if (node.op === "matmul") {
        const { step, last } = this.#product(node);
        placed.set(last, step);
        this.#drop(node, last);
        continue;
      }
      const { last, kinds, operands } = this.#chain(node);
      if (last === node) continue;
      const attrs = { ...node.attrs, kinds };
      placed.set(last, { kernel: convolutionAfter, inputs: [...node.inputs, ...operands], output: last.output, attrs });
      this.#drop(node, last);
    }
    const read = new Set([...placed.values()].flatMap(({ inputs }) => inputs));
    const steps: Step[] = [];
    for (const node of this.#nodes) {
      const step = placed.get(node);
      if (step !== undefined) steps.push(step);
      else if (!this.#gone.has(node) && !this.#skips(node, read)) steps.push(plainStep(node));
    }
    const updates = this.#updates(steps);
    const constants = [...this.#constants].map(([name, values]) => ({ name, values }));
    return { steps, constants, packs: [...this.#packs.values()], alias: this.#alias, updates };
  }

  /** Everything from `node` up to the step that does it all, without that step itself. */
  #drop(node: GraphNode, last: GraphNode): void {
    for (let at: GraphNode | undefined = node; at !== undefined && at !== last; at = this.#onlyUser(at.output))
      this.#gone.add(at);
  }

  /** Transposes that only products read, and reshapes, need no step of their own. */
  #skips(node: GraphNode, read: ReadonlySet<string>): boolean {
    if (node.op === "transpose") {
      const users = this.#users.get(node.output) ?? [];
      return !this.#held.has(node.output) && !read.has(node.output) && users.every(({ op }) => op === "matmul");
    }
    if (node.op !== "reshape") return false;
    const source = node.inputs[0] as string;
    const root = this.#alias.get(source) ?? source;
    const outside = !this.#nodes.some(({ output }) => output === root);
    if (outside && this.#held.has(node.output)) return false;
    this.#alias.set(node.output, root);
    return true;
  }

  /** Lets a parameter's new value be written over the old one where nobody reads the old one afterwards. */
  #updates(steps: readonly Step[]): Graph["updates"] {
    const root = (name: string): string => this.#alias.get(name) ?? name;
    const values = this.#graph.updates.map(({ value }) => value);
    return this.#graph.updates.filter(({ target, value }) => {
      const at = steps.findIndex(({ output }) => output === value);
      const step = steps[at];
      const once = values.filter((other) => other === value).length === 1;
      const shared = [...this.#alias.values()].includes(value);
      if (step === undefined || !once || shared || this.#alias.has(value)) return true;
      const later = steps.slice(at + 1).some(({ inputs }) => inputs.some((input) => root(input) === target));
      if (later || this.#held.has(target)) return true;
      const reads = step.inputs.some((input) => root(input) === target);
      const node = this.#nodes.find(({ output }) => output === value);
      const safe = node !== undefined && step.kernel === findOp(node.op).kernel && IN_PLACE.has(node.op);
      const same = step.inputs.every(
        (input) => root(input) !== target || sameSize(this.#shape(input), this.#shape(value)),
      );
      if (reads && !(safe && same)) return true;
      this.#alias.set(value, target);
      return false;
    });
  }
}

function sameSize(a: Shape, b: Shape): boolean {
  return sizeOf(a) === sizeOf(b);
}

function plainStep({ op, inputs, output, attrs = {} }: GraphNode): Step {
  return { kernel: findOp(op).kernel, inputs, output, attrs };
}

/**
 * `gate(g, x)` asks whether x > 0, and x > 0 exactly where relu(x) > 0: it may read the relu instead, so that x itself
 * need not be kept.
 */
function gatesOnResults(nodes: readonly GraphNode[]): readonly GraphNode[] {
  const relus = new Map<string, string>();
  return nodes.map((node) => {
    if (node.op === "relu") relus.set(node.inputs[0] as string, node.output);
    const relu = node.op === "gate" ? relus.get(node.inputs[1] as string) : undefined;
    return relu === undefined ? node : { ...node, inputs: [node.inputs[0] as string, relu] };
  });
}

/** Prepares a sound graph for kernels; `shapes` are those of {@link graphShapes}. */
export function lower(graph: Graph, shapes: ReadonlyMap<string, Shape>): Lowered {
  return new Lowering(graph, shapes).run();
}
