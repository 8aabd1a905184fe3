import { BugError, InvalidInputError } from "@base/errors";
import { canonicalise, fromHexBits } from "../bits.ts";
import type { Exports, Place, Stage } from "../ops/op.ts";
import { packWeights } from "../ops/fused.ts";
import { MOST_HELPERS } from "../threads/bell.ts";
import { canShare } from "../threads/pool.ts";
import { Recorder, ranges, TASK, type Tape } from "../threads/tape.ts";
import { Team } from "../threads/team.ts";
import { kernelModule } from "../wasm/kernels.ts";
import type { Graph, Shape } from "./ir.ts";
import { sizeOf } from "./ir.ts";
import { type Plan, planMemory } from "./plan.ts";

const PAGE = 65536;
const MAX_BYTES = 2 ** 31;
/** Tasks per thread: enough that a thread which was held up leaves work to the others. */
const TASKS_PER_THREAD = 8;

/** How a program runs. Nothing here changes a bit of any result. */
export interface ProgramOptions {
  /** Threads at work, the calling one included: 1 (unless said) to 16. Where memory cannot be shared it stays one. */
  readonly threads?: number;
}

/** A graph bound to WebAssembly kernels and one linear memory. It runs synchronously, on one thread unless more are asked for. */
export class Program {
  readonly graph: Graph;
  readonly #memory: WebAssembly.Memory;
  readonly #places: ReadonlyMap<string, Place>;
  readonly #outputs: ReadonlyMap<string, string>;
  readonly #run: () => void;
  readonly #team: Team | undefined;
  /** Per weight that no run changes: how it is packed for products; `#stale` names those that were written since. */
  readonly #packs = new Map<string, Stage>();
  readonly #stale = new Set<string>();

  /** Validates, plans memory and binds the kernels; throws InvalidInputError when the graph is not sound or too large. */
  constructor(graph: Graph, options: ProgramOptions = {}) {
    this.graph = graph;
    const { threads = 1 } = options;
    if (!Number.isSafeInteger(threads) || threads < 1 || threads > MOST_HELPERS + 1)
      throw new InvalidInputError(`A program runs on 1 to ${MOST_HELPERS + 1} threads, not ${threads}.`);
    const shared = threads > 1 && canShare();
    const parts = shared ? threads * TASKS_PER_THREAD : 1;
    const plan = planMemory(graph, parts);
    if (plan.bytes > MAX_BYTES)
      throw new InvalidInputError(`The graph needs ${plan.bytes} bytes; at most ${MAX_BYTES} fit.`);
    this.#places = plan.places;
    const pages = Math.ceil(plan.bytes / PAGE) + 1; // kernels read ahead by less than a page
    this.#memory = new WebAssembly.Memory({ initial: pages, ...(shared ? { maximum: pages, shared } : {}) });
    const instance = new WebAssembly.Instance(kernelModule(shared), { env: { memory: this.#memory } });
    const exports = instance.exports as unknown as Exports;
    for (const { name, bits } of graph.constants) this.write(name, fromHexBits(bits));
    for (const { name, values } of plan.constants) this.write(name, values);
    for (const { name, source, across } of plan.packs) {
      const tasks = packWeights(exports, this.#place(source), this.#place(name), across);
      this.#packs.set(source, [...(this.#packs.get(source) ?? []), ...tasks]);
      this.#stale.add(source);
    }
    this.#outputs = new Map(graph.outputs.map(({ name, value }) => [name, value]));
    const tape = shared ? this.#tape(plan, Object.keys(exports), parts) : undefined;
    // A tape of one task has nothing to share out.
    if (tape !== undefined && tape.tasks.length > TASK) {
      this.#team = new Team(tape, this.#memory, exports, threads - 1);
      this.#run = () => this.#team?.run();
    } else {
      const steps = this.#stages(plan, exports, 1).flat();
      this.#run = () => {
        for (const step of steps) step();
      };
    }
  }

  #tape(plan: Plan, names: readonly string[], parts: number): Tape {
    const recorder = new Recorder(names);
    return recorder.tape(this.#stages(plan, recorder.exports, parts));
  }

  /** Every operator, then the updates. */
  #stages(plan: Plan, exports: Exports, parts: number): Stage[] {
    const stages: Stage[] = [];
    for (const { kernel, inputs, output, attrs } of plan.steps) {
      const places = inputs.map((input) => this.#place(input));
      const to = this.#place(output);
      if (parts > 1 && kernel.split) stages.push(...kernel.split(exports, places, to, attrs, plan.scratch, parts));
      else stages.push([kernel.bind(exports, places, to, attrs, plan.scratch)]);
    }
    const copy = exports.reshape as (...args: number[]) => void;
    for (const { target, value } of plan.updates) {
      const [from, to] = [this.#place(value), this.#place(target)];
      const pieces = ranges(sizeOf(from.shape), parts, 16_384);
      stages.push(
        pieces.map(
          ([start, end]) =>
            () =>
              copy(from.at + start * 4, to.at + start * 4, end - start),
        ),
      );
    }
    return stages;
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
    if (this.#packs.has(name)) this.#stale.add(name);
  }

  /** Runs every operator, then the updates; throws BugError or UnavailableError when a thread fails. */
  run(): void {
    for (const name of this.#stale) for (const task of this.#packs.get(name) ?? []) task();
    this.#stale.clear();
    this.#run();
  }

  /** A graph input or named output where it stands: to read before the next run, never to write. */
  view(name: string): Float32Array {
    return this.#view(this.#place(this.#outputs.get(name) ?? name));
  }

  /** A copy of a graph input or named output. */
  read(name: string): Float32Array {
    return this.view(name).slice();
  }

  /** Resolves when all threads are up; a run before that is done by those that are. Throws UnavailableError when one cannot start. */
  async ready(): Promise<void> {
    await this.#team?.ready();
  }

  /** Tasks that other threads have taken off the calling one so far. */
  get helped(): number {
    return this.#team?.helped ?? 0;
  }
}
