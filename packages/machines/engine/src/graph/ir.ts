/** Extents of a tensor, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** A value that comes from outside: data of the step, a trained parameter, or optimiser state. */
export interface GraphInput {
  readonly name: string;
  readonly shape: Shape;
  readonly role: "data" | "param" | "state";
}

/** A value fixed in the graph; `bits` holds 8 hexadecimal digits per element. */
export interface GraphConstant {
  readonly name: string;
  readonly shape: Shape;
  readonly bits: string;
}

export type Attributes = Readonly<Record<string, number | string | readonly number[]>>;

/** One operator: reads earlier values, writes one new value. */
export interface GraphNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attrs?: Attributes;
}

/**
 * A program in topological order, plain JSON. `outputs` names what a caller may read; `updates` says
 * which parameter or state takes which value after the last node, so a training step is one graph.
 */
export interface Graph {
  readonly version: 1;
  readonly inputs: readonly GraphInput[];
  readonly constants: readonly GraphConstant[];
  readonly nodes: readonly GraphNode[];
  readonly outputs: readonly { readonly name: string; readonly value: string }[];
  readonly updates: readonly { readonly target: string; readonly value: string }[];
}

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Whether two shapes are equal. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}
