import { bump, doWhile, f32x4, v128 } from "../src/wasm/code.ts";
import { type Local, ModuleBuilder } from "../src/wasm/emit.ts";

/** Turns of the probe's loop: about a quarter of a millisecond. */
const TURNS = 32_000;
/** A round is called undisturbed when its slowest probe, over the share of time that the process ran, is at most this many times the shortest. */
const LIMIT = 1.08;

/** Milliseconds of six chains of products and six of sums in registers: they fill the units that kernels use, and wait for no memory. */
function probe(): () => number {
  const module = new ModuleBuilder();
  module.function("probe", ["i32"], (f) => {
    const left = f.param(0);
    const [factor, term] = [f.local("v128"), f.local("v128")];
    const products = Array.from({ length: 6 }, () => f.local("v128"));
    const sums = Array.from({ length: 6 }, () => f.local("v128"));
    const step = products.flatMap((product, index) => {
      const sum = sums[index] as Local;
      return [...product.set(f32x4.mul(product.get, factor.get)), ...sum.set(f32x4.add(sum.get, term.get))];
    });
    f.body(
      factor.set(f32x4.const(1)),
      term.set(f32x4.const(1)),
      doWhile(left.get, new Array<readonly number[]>(8).fill(step).flat(), bump(left, -1)),
      ...[...products, ...sums].map((local) => v128.store([0x41, 0], local.get)),
    );
  });
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory } });
  const loop = exports.probe as (turns: number) => void;
  return () => {
    const start = performance.now();
    loop(TURNS);
    return performance.now() - start;
  };
}

/**
 * Tells rounds that ran alone from those that a neighbour disturbed. A virtual processor is often one half of a real one:
 * while the other half works, code that fills the real one well loses more than code that leaves it half idle, and a
 * comparison says something about the neighbour. What is looked at knows neither side, so it favours none: the probe
 * before, between and after, and how much of the time the process ran, where it was put off the processor against its
 * will. A side that waits by itself is not disturbed: taking its rounds of most work would take its slowest.
 */
export class QuietRounds {
  readonly #probe = probe();
  readonly #worst: number[] = [];
  #shortest = Number.POSITIVE_INFINITY;
  #slowest = 0;
  #share = 1;
  #wall = 0;
  #used = process.resourceUsage();

  constructor() {
    for (let warm = 0; warm < 40; warm++) this.#shortest = Math.min(this.#shortest, this.#probe());
  }

  /** Measures the processor now, for the round under way. */
  look(): void {
    const time = this.#probe();
    this.#shortest = Math.min(this.#shortest, time);
    this.#slowest = Math.max(this.#slowest, time);
  }

  /** A timed piece of the round under way begins. */
  start(): void {
    this.#used = process.resourceUsage();
    this.#wall = performance.now();
  }

  /** It has ended; answers its milliseconds. */
  stop(): number {
    const wall = performance.now() - this.#wall;
    const [before, now] = [this.#used, process.resourceUsage()];
    if (now.involuntaryContextSwitches > before.involuntaryContextSwitches) {
      const ran = now.userCPUTime - before.userCPUTime + (now.systemCPUTime - before.systemCPUTime);
      this.#share = Math.min(this.#share, ran / 1000 / wall);
    }
    return wall;
  }

  /** Ends the round under way; `counts` is false for one that warms up. */
  end(counts: boolean): void {
    if (counts) this.#worst.push(this.#slowest / this.#share);
    [this.#slowest, this.#share] = [0, 1];
  }

  /** Indices of the rounds that nobody disturbed. */
  quiet(): number[] {
    return [...this.#worst.keys()].filter((round) => (this.#worst[round] as number) <= this.#shortest * LIMIT);
  }

  /** The `count` rounds that were disturbed least. */
  least(count: number): number[] {
    return [...this.#worst.keys()]
      .sort((a, b) => (this.#worst[a] as number) - (this.#worst[b] as number))
      .slice(0, count);
  }
}
