import type { Hash } from "@base/bytes/hash.ts";
import { merkleRootOfHashes } from "@base/bytes/merkle.ts";
import { BugError, InvalidInputError } from "@base/errors";
import { canonicalise, fromBits } from "@machines/engine/bits.ts";
import type { DisputeProgram, ProgramValue } from "@machines/engine/commit/disputeProgram.ts";
import { execute } from "@machines/engine/commit/execute.ts";
import { lower } from "@machines/engine/commit/lower.ts";
import { ProgramTree } from "@machines/engine/commit/programRoot.ts";
import { tensorRoot, tensorsRoot } from "@machines/engine/commit/roots.ts";
import { type Graph, sizeOf } from "@machines/engine/graph/ir.ts";
import { Program } from "@machines/engine/graph/program.ts";
import { STREAM, shuffled, uniform } from "@machines/engine/random/philox.ts";
import type { Ensemble } from "@machines/engine/trees/ensemble.ts";
import { type Elements, type Openable, TensorTree } from "./openTensor.ts";
import { EnsembleTree } from "./openTrees.ts";
import { treeProgram, treeValues } from "./treeProgram.ts";
import { initHash, type Job, type JobInit, jobHash } from "./job.ts";

/** First value of a parameter or state, with its elements where they are given. */
export type FirstValue =
  | { readonly kind: "fill"; readonly bits: number }
  | { readonly kind: "uniform"; readonly bits: number; readonly index: number }
  | { readonly kind: "given"; readonly values: Float32Array };

/** Everything that a run is made of: what a job commits to. Sizes in elements, `data` row-major, one per data input. */
export interface Run {
  /** What a step computes; where trees answer, their inputs alone. */
  readonly graph: Graph;
  /** Boosted trees that answer, in place of a network. */
  readonly trees?: Ensemble;
  readonly data: readonly Float32Array[];
  readonly rows: number;
  readonly batch: number;
  readonly steps: number;
  /** 0: the data is taken as it is, once. */
  readonly stepsPerEpoch: number;
  readonly seed: number;
  readonly orderSeed: number;
  /** One per parameter and state, in graph order. */
  readonly first: readonly FirstValue[];
  /** Name of the output that is the result; without it the result is the state after the last step. */
  readonly output?: string;
}

/** The values of one step with the root over them; the last leaf is the state after the step. */
export interface Trace {
  readonly values: readonly Elements[];
  readonly leaves: readonly Hash[];
  readonly root: Hash;
}

/** Bytes of states that a replay keeps, so that any step is a short way from one of them. */
const KEPT_BYTES = 256 * 2 ** 20;

/**
 * A run that can be looked at anywhere: its state 0 is nothing, state 1 what it begins with, state s + 1 what it has after
 * step s. States are computed from the nearest kept one, roots only when they are asked for.
 */
export class Replay {
  readonly run: Run;
  readonly program: DisputeProgram;
  readonly tree: ProgramTree;
  readonly init: readonly JobInit[];
  readonly job: Job;
  readonly jobHash: Hash;
  /** The run's last state. */
  readonly end: number;
  /** Bytes of the elements of one state. */
  readonly stateBytes: number;
  protected readonly states: readonly ProgramValue[];
  /** Distance of the states that are kept in passing. */
  readonly every: number;
  readonly #kept = new Map<number, readonly Float32Array[]>();
  readonly #roots = new Map<number, Hash>();
  #fast: Program | undefined;
  /** State that the fast program holds. */
  #at = 0;
  #stepsRun = 0;
  #trace: { readonly low: number; readonly trace: Trace } | undefined;

  /** Throws InvalidInputError when data, first values and graph do not fit together. */
  constructor(run: Run) {
    this.run = run;
    this.program = run.trees === undefined ? lower(run.graph) : treeProgram(run.trees, rowsOf(run));
    this.tree = new ProgramTree(this.program);
    this.states = this.program.values.filter(({ kind }) => kind === "param" || kind === "state");
    this.init = this.states.map(({ name, shape }, slot) => initRule(run.first[slot], name, sizeOf(shape)));
    this.job = this.#describe();
    this.jobHash = jobHash(this.job);
    this.end = run.steps + 1;
    this.stateBytes = 4 * this.states.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    this.every = Math.max(1, Math.ceil((run.steps * this.stateBytes) / KEPT_BYTES), Math.ceil(run.steps / 256));
  }

  /** Root of state `low`, or the result's for the last one. */
  rootAt(low: number): Hash {
    if (low === 0) return `0x${"0".repeat(64)}`;
    const known = this.#roots.get(low);
    if (known !== undefined) return known;
    const root = this.computeRoot(low);
    this.#roots.set(low, root);
    return root;
  }

  /** The run's result: what a claim says. */
  get result(): Hash {
    return this.rootAt(this.end);
  }

  protected computeRoot(low: number): Hash {
    if (low === this.end && this.run.output !== undefined) {
      const values = this.valuesOf(low - 1)[this.outputIndex()];
      return tensorRoot(values as Float32Array);
    }
    return this.stateRoot(this.stateAt(low));
  }

  protected stateRoot(values: readonly Float32Array[]): Hash {
    return tensorsRoot(
      "assay/state/1",
      this.states.map(({ name, shape }, slot) => ({ name, shape, values: values[slot] as Float32Array })),
    );
  }

  /** Elements of all parameters and states in state `low` (1 or more). */
  stateAt(low: number): readonly Float32Array[] {
    if (low === 1) return this.#keep(1, this.initial());
    const kept = this.#kept.get(low);
    if (kept !== undefined) return kept;
    this.#goTo(low);
    return this.#read();
  }

  /**
   * Runs on towards the end until `enough` says so, asked after each step; whether the end is reached. What follows from the states
   * takes few steps then.
   */
  advance(enough: () => boolean): boolean {
    if (this.run.output !== undefined || this.#roots.has(this.end)) return true;
    this.#goTo(this.end, enough);
    return this.#at === this.end;
  }

  /** Steps that were run to come from one state to another. */
  get stepsRun(): number {
    return this.#stepsRun;
  }

  /** States at hand without a step. */
  keptStates(): ReadonlyMap<number, readonly Float32Array[]> {
    return this.#kept;
  }

  /** Roots computed so far. */
  knownRoots(): ReadonlyMap<number, Hash> {
    return this.#roots;
  }

  /** Takes a state that was kept elsewhere, all its elements in a row; false when it is none, or has another root. */
  restore(low: number, elements: Float32Array, root: Hash): boolean {
    const sizes = this.states.map(({ shape }) => sizeOf(shape));
    if (low < 1 || low > this.end || elements.length * 4 !== this.stateBytes) return false;
    let at = 0;
    const values = sizes.map((size) => {
      at += size;
      return elements.slice(at - size, at);
    });
    if (this.stateRoot(values) !== root) return false;
    this.#kept.set(low, values);
    if (low < this.end || this.run.output === undefined) this.#roots.set(low, root);
    return true;
  }

  /** Takes a root that this player computed before. */
  knowRoot(low: number, root: Hash): void {
    this.#roots.set(low, root);
  }

  /** All values of the step from state `low` to the next; of step 0, the first values. */
  valuesOf(low: number): readonly Elements[] {
    if (low === 0) return this.initial();
    return this.execute(low, { ...this.named(this.stateAt(low)), ...this.batchAt(low) });
  }

  /** The trace of the step from state `low` to the next. */
  trace(low: number): Trace {
    if (this.#trace?.low === low) return this.#trace.trace;
    const values = this.valuesOf(low);
    const leaves = [...values.map((_, k) => this.rootOf(values, k)), this.rootAt(low + 1)];
    const trace = { values, leaves, root: merkleRootOfHashes(leaves) };
    this.#trace = { low, trace };
    return trace;
  }

  /** What a value of a step opens; `values` are all of the step's. */
  openable(values: readonly Elements[], k: number): Openable {
    const { trees } = this.run;
    if (trees !== undefined && this.program.values[k]?.dtype === "trees") return new EnsembleTree(trees);
    return new TensorTree(values[k] as Elements);
  }

  protected rootOf(values: readonly Elements[], k: number): Hash {
    const value = values[k] as Elements;
    if (value instanceof Float32Array && this.run.trees === undefined) return tensorRoot(value);
    return this.program.values[k]?.root ?? this.openable(values, k).root;
  }

  /** Index of the value that is the result, where the run has one. */
  outputIndex(): number {
    const found = this.program.outputs.find(({ name }) => name === this.run.output);
    if (found === undefined) throw new InvalidInputError(`The graph has no output named ${this.run.output}.`);
    return found.value;
  }

  /** First values of all parameters and states. */
  protected initial(): readonly Float32Array[] {
    return this.run.first.map((first, slot) => {
      const count = sizeOf((this.states[slot] as ProgramValue).shape);
      if (first.kind === "given") return canonicalise(first.values.slice());
      if (first.kind === "fill") return new Float32Array(count).fill(fromBits(first.bits));
      return uniform(count, fromBits(first.bits), this.run.seed, STREAM.init, first.index);
    });
  }

  protected execute(_low: number, given: Readonly<Record<string, Float32Array>>): readonly Elements[] {
    const { trees } = this.run;
    return trees === undefined ? execute(this.program, given) : treeValues(trees, given["x"] as Float32Array);
  }

  protected named(values: readonly Float32Array[]): Record<string, Float32Array> {
    return Object.fromEntries(this.states.map(({ name }, slot) => [name, values[slot] as Float32Array]));
  }

  /** What the step from state `low` reads of the data, by the names of the data inputs. */
  batchAt(low: number): Record<string, Float32Array> {
    const { run } = this;
    const inputs = this.program.values.filter(({ kind }) => kind === "data");
    const rows = this.samplesAt(low);
    return Object.fromEntries(
      inputs.map(({ name }, slot) => {
        const all = run.data[slot] as Float32Array;
        if (rows === undefined) return [name, canonicalise(all.slice())];
        const width = all.length / run.rows;
        const batch = new Float32Array(rows.length * width);
        rows.forEach((sample, row) => {
          batch.set(all.subarray(sample * width, (sample + 1) * width), row * width);
        });
        return [name, canonicalise(batch)];
      }),
    );
  }

  /** Samples of the batch, or undefined where the data is taken as it is. */
  protected samplesAt(low: number): number[] | undefined {
    const { rows, batch, stepsPerEpoch, orderSeed } = this.run;
    if (stepsPerEpoch === 0) return undefined;
    const step = low - 1;
    const epoch = Math.floor(step / stepsPerEpoch);
    const place = (step % stepsPerEpoch) * batch;
    return Array.from({ length: batch }, (_, row) => shuffled(rows, orderSeed, STREAM.order, epoch, place + row));
  }

  /** State after the step from `low`, by the kernels; false where the caller has to take `valuesOf`. */
  protected isPlain(_low: number): boolean {
    return true;
  }

  #keep(low: number, values: readonly Float32Array[]): readonly Float32Array[] {
    this.#kept.set(low, values);
    return values;
  }

  #read(): Float32Array[] {
    const program = this.#fast as Program;
    return this.states.map(({ name }) => program.read(name));
  }

  #load(low: number, values: readonly Float32Array[]): void {
    this.#fast ??= new Program(this.run.graph);
    for (const [name, held] of Object.entries(this.named(values))) this.#fast.write(name, held);
    this.#at = low;
  }

  /** Brings the fast program to state `low`, from where it is or from the nearest kept state. */
  #goTo(low: number, enough?: () => boolean): void {
    if (low < 1 || low > this.end) throw new BugError(`The run has no state ${low}.`);
    let best = 1;
    for (const at of this.#kept.keys()) if (at <= low && at > best) best = at;
    if (this.#fast === undefined || this.#at > low || this.#at < best)
      this.#load(best, this.#kept.get(best) ?? this.stateAt(1));
    const program = this.#fast as unknown as Program;
    while (this.#at < low) {
      this.#stepsRun++;
      if (this.isPlain(this.#at)) {
        for (const [name, values] of Object.entries(this.batchAt(this.#at))) program.write(name, values);
        program.run();
        this.#at++;
      } else this.#load(this.#at + 1, this.after(this.#at));
      if (this.#at % this.every === 0) this.#keep(this.#at, this.#read());
      if (enough?.()) return;
    }
  }

  /** State after the step from `low`, from its values. */
  protected after(low: number): readonly Float32Array[] {
    const before = this.#kept.get(low) ?? this.#read();
    const values = this.execute(low, { ...this.named(before), ...this.batchAt(low) });
    return this.states.map(
      ({ update }, slot) => (update === undefined ? before[slot] : values[update]) as Float32Array,
    );
  }

  #describe(): Job {
    const { run } = this;
    const inputs = this.program.values.filter(({ kind }) => kind === "data");
    if (inputs.length !== run.data.length)
      throw new InvalidInputError(`The graph has ${inputs.length} data inputs, not ${run.data.length}.`);
    const data = inputs.map(({ name, shape }, slot) => {
      const values = run.data[slot] as Float32Array;
      const width = values.length / run.rows;
      if (!Number.isSafeInteger(width) || width * run.batch !== sizeOf(shape))
        throw new InvalidInputError(`${name} has ${values.length} numbers: not ${run.rows} samples for [${shape}].`);
      return { root: tensorRoot(values), width: BigInt(width) };
    });
    return {
      program: this.tree.root,
      init: initHash(this.init),
      rows: BigInt(run.rows),
      batch: BigInt(run.batch),
      steps: BigInt(run.steps),
      stepsPerEpoch: BigInt(run.stepsPerEpoch),
      seed: BigInt(run.seed),
      orderSeed: BigInt(run.orderSeed),
      output: run.output === undefined ? 0n : BigInt(this.outputIndex() + 1),
      data,
    };
  }
}

/** Rows that are asked at once where trees answer. */
function rowsOf({ graph }: Run): number {
  return graph.inputs.find(({ role }) => role === "data")?.shape[0] ?? 0;
}

const NONE: Hash = `0x${"0".repeat(64)}`;

function initRule(first: FirstValue | undefined, name: string, size: number): JobInit {
  if (first === undefined) throw new InvalidInputError(`The run has no first value for ${name}.`);
  if (first.kind === "fill") return { kind: 0, bits: first.bits, index: 0, root: NONE };
  if (first.kind === "uniform") return { kind: 1, bits: first.bits, index: first.index, root: NONE };
  if (first.values.length !== size)
    throw new InvalidInputError(`${name} takes ${size} numbers, not ${first.values.length}.`);
  return { kind: 2, bits: 0, index: 0, root: tensorRoot(first.values) };
}
