import type { Tree } from "./grow.ts";
import { logistic, ONE, softmax } from "./link.ts";
import type { TreeTask } from "./settings.ts";

/** A boosted ensemble, plain JSON. Every number is an integer but the thresholds, which are binary32. */
export interface Ensemble {
  readonly version: 2;
  readonly task: TreeTask;
  /** Numbers of an input row. */
  readonly features: number;
  /** Scores of a row: 1, or one per class. */
  readonly outputs: number;
  /** Scores and leaf values count units of 2^-shift. */
  readonly shift: number;
  /** First score of each output. */
  readonly start: readonly number[];
  /** Round after round, one tree per output. */
  readonly trees: readonly Tree[];
}

/** Ready to answer: nodes of all trees side by side, three words each (feature, left, threshold or value). */
export class Predictor {
  readonly ensemble: Ensemble;
  readonly #words: Int32Array;
  readonly #reals: Float32Array;
  readonly #missingLeft: Uint8Array;
  readonly #roots: Int32Array;
  readonly #scores: Float64Array;

  constructor(ensemble: Ensemble) {
    this.ensemble = ensemble;
    const count = ensemble.trees.reduce((sum, tree) => sum + tree.feature.length, 0);
    this.#words = new Int32Array(count * 3);
    this.#reals = new Float32Array(this.#words.buffer);
    this.#missingLeft = new Uint8Array(count);
    this.#roots = new Int32Array(ensemble.trees.length);
    this.#scores = new Float64Array(ensemble.outputs);
    let at = 0;
    ensemble.trees.forEach((tree, index) => {
      this.#roots[index] = at * 3;
      tree.feature.forEach((feature, node) => {
        const to = (at + node) * 3;
        this.#words[to] = feature;
        this.#words[to + 1] = (at + (tree.left[node] as number)) * 3;
        if (feature < 0) this.#words[to + 2] = tree.value[node] as number;
        else this.#reals[to + 2] = tree.threshold[node] as number;
        this.#missingLeft[at + node] = tree.missingLeft[node] as number;
      });
      at += tree.feature.length;
    });
  }

  /** Integer scores of a row, in 2^-shift; the array is used again by the next call. */
  scores(x: Float32Array): Float64Array {
    const { outputs, start } = this.ensemble;
    this.#scores.set(start);
    let lacks = false;
    for (let i = 0; i < x.length; i++) if (Number.isNaN(x[i])) lacks = true;
    if (outputs === 1) this.#scores[0] = (start[0] as number) + (lacks ? this.#sum(x, 0, 1) : this.#sumPresent(x));
    else for (let k = 0; k < outputs; k++) this.#scores[k] = (start[k] as number) + this.#sum(x, k, outputs);
    return this.#scores;
  }

  /** The answers for a row, binary32: one number, the probability of 1, or a probability per class. */
  predict(x: Float32Array): Float32Array {
    const scores = this.scores(x);
    return answersOf(this.ensemble, scores);
  }

  #sumPresent(x: Float32Array): number {
    const [words, reals, roots] = [this.#words, this.#reals, this.#roots];
    let sum = 0;
    for (let tree = 0; tree < roots.length; tree++) {
      let node = roots[tree] as number;
      for (let tested = words[node] as number; tested >= 0; tested = words[node] as number) {
        const yes = (x[tested] as number) <= (reals[node + 2] as number);
        node = (words[node + 1] as number) + (yes ? 0 : 3);
      }
      sum += words[node + 2] as number;
    }
    return sum;
  }

  #sum(x: Float32Array, from: number, step: number): number {
    const [words, reals] = [this.#words, this.#reals];
    let sum = 0;
    for (let tree = from; tree < this.#roots.length; tree += step) {
      let node = this.#roots[tree] as number;
      for (let tested = words[node] as number; tested >= 0; tested = words[node] as number) {
        const value = x[tested] as number;
        const yes = Number.isNaN(value) ? this.#missingLeft[node / 3] === 1 : value <= (reals[node + 2] as number);
        node = (words[node + 1] as number) + (yes ? 0 : 3);
      }
      sum += words[node + 2] as number;
    }
    return sum;
  }
}

/** Answers from integer scores, binary32: spec 6. */
export function answersOf(ensemble: Ensemble, scores: Float64Array): Float32Array {
  if (ensemble.task === "regression") return Float32Array.of((scores[0] as number) / 2 ** ensemble.shift);
  if (ensemble.task === "binary") return Float32Array.of(logistic(scores[0] as number) / ONE);
  const p = new Float64Array(ensemble.outputs);
  softmax(scores, ensemble.outputs, p);
  return Float32Array.from(p, (value) => value / ONE);
}

/** The integer score of one row for the first output, in 2^-shift. For many rows keep a {@link Predictor}. */
export function scoreRow(ensemble: Ensemble, x: Float32Array): number {
  return new Predictor(ensemble).scores(x)[0] as number;
}

/** The first answer for one row. For many rows keep a {@link Predictor}. */
export function predictRow(ensemble: Ensemble, x: Float32Array): number {
  return new Predictor(ensemble).predict(x)[0] as number;
}
