import type { Hash } from "@base/bytes/hash.ts";
import type { Attributes, Shape } from "../graph/ir.ts";
import type { DTYPES, OpName } from "./opcodes.ts";

/** One value of a dispute program: an input, a constant, or the result of an operator on earlier values. */
export interface ProgramValue {
  readonly kind: "data" | "param" | "state" | "constant" | "node";
  readonly name: string;
  readonly shape: Shape;
  /** Place among the data inputs, or among parameters and states (the order of the state's root); 0 for others. */
  readonly slot: number;
  /** Of a node. */
  readonly op?: OpName;
  /** Indices of the operands. */
  readonly inputs: readonly number[];
  /** What the referee takes besides shapes. */
  readonly attrs: readonly number[];
  /** The same as the engine's operator takes it. */
  readonly attributes: Attributes;
  /** Type of the elements; binary32 unless said. `trees` is an ensemble, committed by its own root. */
  readonly dtype?: keyof typeof DTYPES;
  /** Elements of a constant, row-major. */
  readonly constant?: Float32Array;
  /** Of a constant whose elements are not at hand here: its root. */
  readonly root?: Hash;
  /** For a parameter or state: the value that it has after the step; none when it stays. */
  readonly update?: number;
}

/** A graph in which every element of every value can be refereed with few leaves. Values stand in topological order. */
export interface DisputeProgram {
  readonly values: readonly ProgramValue[];
  readonly outputs: readonly { readonly name: string; readonly value: number }[];
}
