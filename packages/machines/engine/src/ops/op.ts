import { InvalidInputError } from "@base/errors";
import type { Builder } from "../graph/build.ts";
import type { Attributes, GraphNode, Shape } from "../graph/ir.ts";
import type { ModuleBuilder } from "../wasm/emit.ts";

/** A tensor of the reference: row-major binary32. */
export interface Tensor {
  readonly shape: Shape;
  readonly values: Float32Array;
}

/** The obvious form of an operator: its shape rule and its arithmetic in `Math.fround`. */
export interface Reference {
  /** Shape of the result; throws InvalidInputError when the operands do not fit. */
  shape(inputs: readonly Shape[], attrs: Attributes): Shape;
  /** The result, row-major; NaN need not be canonical (the caller sees to it). */
  compute(inputs: readonly Tensor[], attrs: Attributes): Float32Array;
}

/** Exported functions of the kernel module. */
export type Exports = Readonly<Record<string, (...args: number[]) => void>>;

/** One operand or result in linear memory. */
export interface Place {
  readonly shape: Shape;
  /** Byte address, a multiple of 16, followed by at least 16 spare bytes after the data. */
  readonly at: number;
}

/** Tasks that may run at the same time, in any order: none reads or writes a place that another one writes. */
export type Stage = readonly (() => void)[];

/** The fast form: WebAssembly functions and how to call them for given shapes. */
export interface Kernel {
  /** Adds the functions this operator needs; names begin with the operator's name. */
  emit(module: ModuleBuilder): void;
  /** Bytes of scratch memory wanted for these shapes; `parts` is 1 unless {@link Kernel.split} gets more. */
  scratch?(inputs: readonly Shape[], attrs: Attributes, parts: number): number;
  /** Binds the call once; the answer runs it. */
  bind(exports: Exports, inputs: readonly Place[], output: Place, attrs: Attributes, scratch: number): () => void;
  /**
   * The same work cut into about `parts` tasks; the same bits, since no sum is cut. Calls and their arguments depend
   * on shapes alone, so that they can be written down and played by another thread.
   */
  split?(
    exports: Exports,
    inputs: readonly Place[],
    output: Place,
    attrs: Attributes,
    scratch: number,
    parts: number,
  ): readonly Stage[];
}

/** Reverse-mode rule: given the gradient of the result, adds nodes and returns one gradient per input. */
export type Gradient = (b: Builder, node: GraphNode, upstream: string) => readonly (string | null)[];

/** All forms of one operator. */
export interface Op {
  readonly name: string;
  readonly reference: Reference;
  readonly kernel: Kernel;
  readonly gradient: Gradient;
}

/** Throws unless `count` operands were given. */
export function arity(name: string, inputs: readonly unknown[], count: number): void {
  if (inputs.length !== count) throw new InvalidInputError(`${name} takes ${count} operands, not ${inputs.length}.`);
}
