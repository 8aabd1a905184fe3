import { BugError, InvalidInputError } from "@base/errors";
import { toHexBits } from "../bits.ts";
import { findOp } from "../ops/registry.ts";
import type { Attributes, Graph, GraphConstant, GraphInput, GraphNode, Shape } from "./ir.ts";
import { sizeOf } from "./ir.ts";

/** Writes a graph value by value; shapes are inferred as it goes, constants are shared. */
export class Builder {
  readonly #inputs: GraphInput[] = [];
  readonly #constants = new Map<string, GraphConstant>();
  readonly #nodes: GraphNode[] = [];
  readonly #outputs: { name: string; value: string }[] = [];
  readonly #updates: { target: string; value: string }[] = [];
  readonly #shapes = new Map<string, Shape>();

  /** Declares a value that comes from outside. */
  input(name: string, shape: Shape, role: GraphInput["role"]): string {
    if (this.#shapes.has(name)) throw new BugError(`The graph already has a value named ${name}.`);
    this.#inputs.push({ name, shape: [...shape], role });
    this.#shapes.set(name, shape);
    return name;
  }

  /** A constant tensor, row-major. */
  constant(values: Float32Array, shape: Shape): string {
    if (values.length !== sizeOf(shape))
      throw new BugError(`A constant of shape [${shape}] needs ${sizeOf(shape)} values.`);
    const bits = toHexBits(values);
    const key = `${shape.join("x")}:${bits}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known.name;
    const name = `c${this.#constants.size}`;
    this.#constants.set(key, { name, shape: [...shape], bits });
    this.#shapes.set(name, shape);
    return name;
  }

  /** A scalar constant, rounded to binary32. */
  scalar(value: number): string {
    return this.constant(Float32Array.of(value), []);
  }

  /** A constant of +0 that stretches to `shape` at no cost in the graph's text. */
  zeros(shape: Shape): string {
    return this.#emit("fill", [], { shape: [...shape], value: 0 });
  }

  /** Adds an operator and returns the name of its result; throws InvalidInputError when shapes do not fit. */
  op(op: string, inputs: readonly string[], attrs?: Attributes): string {
    return this.#emit(op, inputs, attrs);
  }

  #emit(op: string, inputs: readonly string[], attrs?: Attributes): string {
    const shape = findOp(op).reference.shape(
      inputs.map((input) => this.shape(input)),
      attrs ?? {},
    );
    const output = `v${this.#nodes.length}`;
    this.#nodes.push({ op, inputs: [...inputs], output, ...(attrs === undefined ? {} : { attrs }) });
    this.#shapes.set(output, shape);
    return output;
  }

  /** Shape of a value. */
  shape(value: string): Shape {
    const shape = this.#shapes.get(value);
    if (shape === undefined) throw new InvalidInputError(`The graph has no value named ${value}.`);
    return shape;
  }

  /** Operators so far, oldest first. */
  get nodes(): readonly GraphNode[] {
    return this.#nodes;
  }

  /** Names a value for callers. */
  output(name: string, value: string): void {
    this.#outputs.push({ name, value });
  }

  /** After the last operator, `target` (a parameter or state) takes this value. */
  update(target: string, value: string): void {
    this.#updates.push({ target, value });
  }

  /** The finished graph without operators that nothing uses. */
  finish(): Graph {
    const used = new Set([...this.#outputs, ...this.#updates].map((entry) => entry.value));
    const nodes: GraphNode[] = [];
    for (const node of [...this.#nodes].reverse()) {
      if (!used.has(node.output)) continue;
      nodes.unshift(node);
      for (const input of node.inputs) used.add(input);
    }
    return {
      version: 1,
      inputs: this.#inputs,
      constants: [...this.#constants.values()].filter((constant) => used.has(constant.name)),
      nodes,
      outputs: this.#outputs,
      updates: this.#updates,
    };
  }
}
