import type { Dtype } from "../dtype.ts";
import { infoOf } from "../dtype.ts";
import { OnnxModelError, UnsupportedOperatorError } from "../errors.ts";
import type { AttributeProto, GraphProto, NodeProto } from "../proto.ts";
import { decodeTensor, isTensor, numbersOf, type OnnxTensor, type OnnxValue } from "../tensor.ts";

/** One call of an operator: its operands, attributes, and the version of the operator set that the model names. */
export class Call {
  readonly node: NodeProto;
  readonly inputs: readonly (OnnxValue | undefined)[];
  /** Version of the node's operator set. */
  readonly opset: number;
  readonly #attributes: ReadonlyMap<string, AttributeProto>;
  readonly #subgraph: (graph: GraphProto, inputs: readonly OnnxValue[]) => OnnxValue[];

  constructor(
    node: NodeProto,
    inputs: readonly (OnnxValue | undefined)[],
    opset: number,
    subgraph: (graph: GraphProto, inputs: readonly OnnxValue[]) => OnnxValue[],
  ) {
    this.node = node;
    this.inputs = inputs;
    this.opset = opset;
    this.#attributes = new Map(node.attribute.map((attribute) => [attribute.name ?? "", attribute]));
    this.#subgraph = subgraph;
  }

  /** How the node is named in errors. */
  get where(): string {
    const { opType, name, output } = this.node;
    return `${opType} (node ${name !== undefined && name !== "" ? `"${name}"` : `that gives "${output[0] ?? ""}"`})`;
  }

  /** The error for a form that is not computed here. */
  unsupported(why: string): UnsupportedOperatorError {
    const { opType = "", domain = "", name = "" } = this.node;
    return new UnsupportedOperatorError(this.where, why, { data: { operator: opType, domain, node: name } });
  }

  /** The error for operands that do not fit. */
  fault(why: string): OnnxModelError {
    return new OnnxModelError(`${this.where}: ${why}.`);
  }

  /** Whether output `index` is asked for. */
  wants(index: number): boolean {
    return (this.node.output[index] ?? "") !== "";
  }

  has(name: string): boolean {
    return this.#attributes.has(name);
  }

  /** Operand `index`, if given. */
  optional(index: number): OnnxTensor | undefined {
    const value = this.inputs[index];
    if (value === undefined) return undefined;
    if (!isTensor(value)) throw this.fault(`operand ${index} is not a tensor`);
    return value;
  }

  /** Operand `index`; throws OnnxModelError when it is missing. */
  tensor(index: number): OnnxTensor {
    const value = this.optional(index);
    if (value === undefined) throw this.fault(`operand ${index} is missing`);
    return value;
  }

  /** Operand `index` as a sequence. */
  sequence(index: number): readonly OnnxValue[] {
    const value = this.inputs[index];
    if (!Array.isArray(value)) throw this.fault(`operand ${index} is not a sequence`);
    return value;
  }

  /** All given operands, which must be tensors. */
  tensors(): OnnxTensor[] {
    return this.inputs.map((_, index) => this.tensor(index));
  }

  /** Operand `index` as whole numbers of a list or scalar, if given. */
  numbers(index: number): number[] | undefined {
    const value = this.optional(index);
    return value === undefined ? undefined : Array.from(numbersOf(value));
  }

  /** Operand `index` as one number. */
  number(index: number, fallback: number): number {
    const list = this.numbers(index);
    if (list === undefined) return fallback;
    if (list.length !== 1) throw this.fault(`operand ${index} must hold one number`);
    return list[0] as number;
  }

  /** An attribute that must be of a kind (AttributeProto.AttributeType), where the file names kinds. */
  #attribute(name: string, kind: number): AttributeProto | undefined {
    const attribute = this.#attributes.get(name);
    const type = attribute?.type ?? 0;
    if (type !== 0 && type !== kind) throw this.fault(`attribute ${name} is of another kind`);
    return attribute;
  }

  /** A single value; writers of proto3 leave out zeros. */
  #single<T>(name: string, kind: number, zero: T, read: (attribute: AttributeProto) => T | undefined, fallback: T): T {
    const attribute = this.#attribute(name, kind);
    if (attribute === undefined) return fallback;
    const value = read(attribute);
    if (value === undefined && attribute.type !== kind) throw this.fault(`attribute ${name} is of another kind`);
    return value ?? zero;
  }

  float(name: string, fallback: number): number {
    return this.#single(name, 1, 0, ({ f }) => f, fallback);
  }

  int(name: string, fallback: number): number {
    return Number(this.#single<bigint | number>(name, 2, 0, ({ i }) => i, fallback));
  }

  ints(name: string): number[] | undefined {
    return this.longs(name)?.map(Number);
  }

  longs(name: string): readonly bigint[] | undefined {
    return this.#attribute(name, 7)?.ints;
  }

  floats(name: string): readonly number[] | undefined {
    return this.#attribute(name, 6)?.floats;
  }

  string(name: string, fallback: string): string {
    const text = new TextDecoder();
    return this.#single(name, 3, "", ({ s }) => (s === undefined ? undefined : text.decode(s)), fallback);
  }

  strings(name: string): string[] | undefined {
    return this.#attribute(name, 8)?.strings.map((bytes) => new TextDecoder().decode(bytes));
  }

  tensorAttribute(name: string): OnnxTensor | undefined {
    const value = this.#attributes.get(name)?.t;
    return value === undefined ? undefined : decodeTensor(value);
  }

  graph(name: string): GraphProto {
    const value = this.#attributes.get(name)?.g;
    if (value === undefined) throw this.fault(`attribute ${name} must hold a graph`);
    return value;
  }

  /** Runs a subgraph in the scope of this node. */
  run(graph: GraphProto, inputs: readonly OnnxValue[]): OnnxValue[] {
    return this.#subgraph(graph, inputs);
  }

  /** An axis in [0, rank), counted from the end when negative. */
  axis(axis: number, rank: number, last = rank - 1): number {
    const result = axis < 0 ? axis + rank : axis;
    if (!Number.isInteger(result) || result < 0 || result > last)
      throw this.fault(`axis ${axis} is not one of ${rank} axes`);
    return result;
  }

  /** Throws unless the element type is one of the kinds. */
  expectKind(tensor: OnnxTensor, ...kinds: readonly string[]): void {
    if (!kinds.includes(infoOf(tensor.dtype).kind)) throw this.fault(`${tensor.dtype} is not taken here`);
  }

  /** Throws unless the types are equal. */
  expectSame(a: OnnxTensor, b: OnnxTensor): Dtype {
    if (a.dtype !== b.dtype) throw this.fault(`element types ${a.dtype} and ${b.dtype} differ`);
    return a.dtype;
  }
}

/** An operator: where it stands in the standard, what it takes, and how it is computed. */
export interface OnnxOp {
  readonly name: string;
  /** "" is ai.onnx. */
  readonly domain: string;
  /** Versions of the operator set that changed it and that are answered here. */
  readonly since: readonly number[];
  /** Attributes that are understood; a node with any other is refused. */
  readonly attributes: readonly string[];
  readonly compute: (call: Call) => (OnnxValue | undefined)[];
}

/** Declares an operator; `attributes` is a list of names separated by spaces. */
export function define(
  name: string,
  since: readonly number[],
  attributes: string,
  compute: (call: Call) => (OnnxValue | undefined)[],
  domain = "",
): OnnxOp {
  return { name, domain, since, attributes: attributes === "" ? [] : attributes.split(" "), compute };
}
