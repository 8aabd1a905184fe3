import type { Hash } from "@base/bytes/hash.ts";
import { log32 } from "../ops/log/reference.ts";
import type { Recipe } from "../recipe/recipe.ts";

/** What a run of version 2 has seen of itself: enough to go on from a checkpoint as if it had never stopped. */
export interface History {
  /** Mean loss of the steps of each finished epoch. */
  readonly losses: readonly number[];
  /** Loss on the validation samples after each finished epoch; empty when there are none. */
  readonly validation: readonly number[];
  /** Sum of the losses of the unfinished epoch. */
  readonly sum: number;
  /** With early stopping: where the validation loss was lowest, and the state there. */
  readonly best?: BestEpoch;
}

/** State after the epoch with the lowest validation loss. */
export interface BestEpoch {
  readonly epoch: number;
  readonly step: number;
  readonly root: Hash;
  readonly state: Uint8Array;
}

/** Follows the losses of a run epoch by epoch. */
export class Follower {
  #losses: number[];
  #validation: number[];
  #sum: number;
  #best: BestEpoch | undefined;

  constructor(history?: History) {
    this.#losses = [...(history?.losses ?? [])];
    this.#validation = [...(history?.validation ?? [])];
    this.#sum = history?.sum ?? 0;
    this.#best = history?.best;
  }

  get history(): History {
    const best = this.#best;
    return {
      losses: [...this.#losses],
      validation: [...this.#validation],
      sum: this.#sum,
      ...(best === undefined ? {} : { best }),
    };
  }

  /** Adds the loss of one step. */
  add(loss: number): void {
    this.#sum += loss;
  }

  /** Ends an epoch of `steps` steps; `validation` is its loss on samples kept aside. */
  endEpoch(steps: number, validation?: number): void {
    this.#losses.push(this.#sum / steps);
    this.#sum = 0;
    if (validation !== undefined) this.#validation.push(validation);
  }

  /** Whether the last epoch is the best one yet, by more than `minDelta`. */
  improved(minDelta = 0): boolean {
    const last = this.#validation.at(-1) as number;
    const best = this.#best === undefined ? undefined : (this.#validation[this.#best.epoch - 1] as number);
    return best === undefined || last < best - minDelta;
  }

  /** Keeps a state as the best one. */
  keep(best: BestEpoch): void {
    this.#best = best;
  }

  /** Epochs since the best one. */
  get waited(): number {
    return this.#losses.length - (this.#best?.epoch ?? 0);
  }
}

/** Mean log loss of classes, or mean squared error, in binary64, samples ascending. */
export function meanLoss({ task }: Recipe, answers: Float32Array, targets: ArrayLike<number>): number {
  const outputs = answers.length / targets.length;
  const logLoss = (likely: number) => -log32(Math.fround(Math.max(likely, 2 ** -24)));
  let sum = 0;
  for (let row = 0; row < targets.length; row++) {
    const target = targets[row] as number;
    if (task === "multiclass") sum += logLoss(answers[row * outputs + target] as number);
    else {
      const answer = answers[row] as number;
      sum += task === "binary" ? logLoss(target === 1 ? answer : 1 - answer) : (answer - target) * (answer - target);
    }
  }
  return sum / targets.length;
}
