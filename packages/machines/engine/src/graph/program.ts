import { BugError, InvalidInputError } from "@base/errors";
import { canonicalise, fromHexBits } from "../bits.ts";
import type { Exports, Place } from "../ops/op.ts";
import { findOp } from "../ops/registry.ts";
import { kernelModule } from "../wasm/kernels.ts";
import type { Graph, Shape } from "./ir.ts";
import { sizeOf } from "./ir.ts";
import { planMemory } from "./plan.ts";

const PAGE = 65536;
const MAX_BYTES = 2 ** 31;

/** A graph bound to WebAssembly kernels and one linear memory; synchronous, single-threaded. */
export class Program {
  readonly graph: Graph;
  readonly #memory: WebAssembly.Memory;
  readonly #steps: (() => void)[] = [];
  readonly #updates: (() => void)[] = [];
  readonly #places: ReadonlyMap<string, Place>;
  readonly #outputs: ReadonlyMap<string, string>;

  /** Validates, plans memory and binds the kernels; throws InvalidInputError when the graph is not sound or too large. */
  constructor(graph: Graph) {
    this.graph = graph;
    const plan = planMemory(graph);
    if (plan.bytes > MAX_BYTES)
      throw new InvalidInputError(`The graph needs ${plan.bytes} bytes; at most ${MAX_BYTES} fit.`);
    this.#places = plan.places;
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil(plan.bytes / PAGE) + 1 });
    const instance = new WebAssembly.Instance(kernelModule(), { env: { memory: this.#memory } });
    const exports = instance.exports as unknown as Exports;
    for (const { name, bits } of graph.constants) this.write(name, fromHexBits(bits));
    for (const node of graph.nodes) {
      const inputs = node.inputs.map((input) => this.#place(input));
      this.#steps.push(
        findOp(node.op).kernel.bind(exports, inputs, this.#place(node.output), node.attrs ?? {}, plan.scratch),
      );
    }
    this.#outputs = new Map(graph.outputs.map(({ name, value }) => [name, value]));
    const bytes = new Uint8Array(this.#memory.buffer);
    for (const { target, value } of graph.updates) {
      const [from, to] = [this.#place(value), this.#place(target)];
      const length = sizeOf(from.shape) * 4;
      this.#updates.push(() => bytes.copyWithin(to.at, from.at, from.at + length));
    }
  }

  #place(name: string): Place {
    const place = this.#places.get(name);
    if (place === undefined) throw new BugError(`The program has no value named ${name}.`);
    return place;
  }

  #view({ at, shape }: { at: number; shape: Shape }): Float32Array {
    return new Float32Array(this.#memory.buffer, at, sizeOf(shape));
  }

  /** Sets a graph input (or constant) by name; NaN becomes canonical. Throws InvalidInputError on a wrong length. */
  write(name: string, values: Float32Array): void {
    const view = this.#view(this.#place(name));
    if (view.length !== values.length)
      throw new InvalidInputError(`${name} takes ${view.length} numbers, not ${values.length}.`);
    view.set(values);
    canonicalise(view);
  }

  /** Runs every operator, then the updates. */
  run(): void {
    for (const step of this.#steps) step();
    for (const update of this.#updates) update();
  }

  /** A copy of a graph input or named output. */
  read(name: string): Float32Array {
    return this.#view(this.#place(this.#outputs.get(name) ?? name)).slice();
  }
}
